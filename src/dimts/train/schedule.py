"""The learning rate as a factor, a pure function of the number of updates done."""

import math

from dimts.config import Schedule


def factor(schedule: Schedule, update: int, total_updates: int) -> float:
    """Return what the learning rate is multiplied by in update number `update`, counted from 0."""
    warmup = schedule.warmup_updates
    if update < warmup:
        return (update + 1) / warmup
    if schedule.kind == "multistep":
        return schedule.gamma ** sum(milestone <= update for milestone in schedule.milestones)
    if schedule.kind == "constant":
        return 1.0
    done = min(1.0, (update - warmup) / max(1, total_updates - warmup))
    return 1.0 - done if schedule.kind == "linear" else 0.5 + 0.5 * math.cos(math.pi * done)


def in_words(schedule: Schedule, total_updates: int, lr: float) -> str:
    """Say what will happen to the learning rate in a run of so many updates."""
    if schedule.warmup_updates >= total_updates:
        last = lr * total_updates / schedule.warmup_updates
        return f"{total_updates:,} updates in all, none after the warm-up: LR only rises, from 0 to {shown(last)}"
    warmup = f"rises from 0 over the first {schedule.warmup_updates:,}, then " if schedule.warmup_updates else ""
    if schedule.kind == "constant":
        return f"{total_updates:,} updates in all: LR {warmup}stays {shown(lr)}"
    if schedule.kind in {"cosine", "linear"}:
        return f"{total_updates:,} updates in all: LR {warmup}falls from {shown(lr)} to 0 ({schedule.kind})"
    reached = [milestone for milestone in schedule.milestones if milestone < total_updates]
    if reached:
        steps = ", ".join(f"{shown(lr * schedule.gamma ** (i + 1))} at {at:,}" for i, at in enumerate(reached))
        return f"{total_updates:,} updates in all: LR {warmup}starts at {shown(lr)}; {steps}"
    if not schedule.milestones:
        return f"{total_updates:,} updates in all, no milestones: LR {warmup}stays {shown(lr)}"
    milestone = f"the first milestone, {schedule.milestones[0]:,}, is not reached"
    return f"{total_updates:,} updates in all; {milestone}: LR {warmup}stays {shown(lr)}"


def shown(rate: float, digits: int = 6) -> str:
    """Write a learning rate as people do: 5e-6, not 5e-06 or 0.000005."""
    if rate == 0 or rate >= 1e-3:
        return f"{rate:.{digits}g}"
    number, exponent = f"{rate:.{digits - 1}e}".split("e")
    return f"{float(number):g}e{int(exponent)}"
