"""What a run will take: memory at its peak, time an update, and the largest micro-batch that fits.

Measured on the run's own clips: the bytes that some of them keep for the way back, the seconds of a micro-batch.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from dimts.data.batching import Update
from dimts.data.prompting import Draw
from dimts.errors import TrainingError
from dimts.train import memory
from dimts.train.engine import Engine, Tally
from dimts.train.memory import Estimate, Growth

if TYPE_CHECKING:
    from dimts.train.trainer import Trainer

GB = 1e9
STEP = 0.9  # between budgets that are tried
LOOKED_AT = 50  # updates among which the largest micro-batch is looked for


@dataclass(frozen=True)
class Forecast:
    """Bytes at the peak and what is free, seconds an update (None where it would not fit) and in all."""

    memory: Estimate
    largest_rows: int  # of a micro-batch
    free_bytes: float
    update_s: float | None
    updates: int

    @property
    def fits(self) -> bool:
        return self.memory.total - self.memory.loaded < self.free_bytes

    def facts(self) -> dict[str, object]:
        """Return it for programs."""
        by = {f"{name}_gb": round(value / GB, 3) for name, value in asdict(self.memory).items() if name != "grows"}
        sizes = {"peak_gb": round(self.memory.total / GB, 3), "free_gb": round(self.free_bytes / GB, 3)}
        return {"memory": {**sizes, **by}, "largest_rows": self.largest_rows, "fits": self.fits,
                "update_s": self.update_s and round(self.update_s, 3)}  # fmt: skip

    def lines(self) -> list[str]:
        """Say it in words."""
        m = self.memory
        parts = f"loaded {m.loaded / GB:.1f}, gradients {m.gradients / GB:.1f}, averages {m.averages / GB:.1f}"
        fill = f"a micro-batch of {self.largest_rows:,} rows {m.micro_batch / GB:.1f}"
        said = [
            f"memory: about {m.total / GB:.1f} GB at the peak ({parts}, {fill}); {self.free_bytes / GB:.1f} GB free"
        ]
        if self.update_s is None:
            advice = "batch.by: auto, train.checkpointing, train.trainable: lora, optimizer.state: 8bit"
            return [*said, f"warning: that does not fit; what takes less: {advice}"]
        return [*said, f"time: about {_shown(self.update_s)} an update, {_shown(self.update_s * self.updates)} in all"]


def of(trainer: "Trainer") -> Forecast:
    """Measure: the largest micro-batch is that of the first updates, the first of all is timed."""
    engine, total = trainer.engine, trainer.total_updates
    updates = [trainer.plan.update(number) for number in range(min(total, LOOKED_AT))]
    grown = growth(engine, updates[0])
    batches = [(update.rows_of(draws), len(draws)) for update in updates for draws in update.micro_batches]
    rows, clips = max(batches, key=lambda batch: grown.of(*batch))
    several = any(len(update.micro_batches) > engine.world.size for update in updates)
    loaded = memory.taken_bytes(engine.world.device)
    estimate = Estimate(loaded, gradient_bytes(engine), average_bytes(engine), grown.of(rows, clips), several)
    found = Forecast(estimate, rows, memory.free_bytes(engine.world.device), None, total)
    return replace(found, update_s=update_seconds(engine, updates[0])) if found.fits else found


def growth(engine: Engine, update: Update) -> Growth:
    """Measure what a micro-batch keeps for the way back, by an update's longest clips and its shortest."""
    by_rows = sorted(update.draws, key=lambda draw: -update.rows_of([draw]))
    groups = by_rows[:1], by_rows[-1:], [by_rows[0], by_rows[min(1, len(by_rows) - 1)]]
    was_training = engine.network.gpt.training
    engine.network.gpt.train()
    found = [(sum(update.rows_of([draw]) for draw in draws), _kept(engine, update, draws)) for draws in groups]
    engine.network.gpt.train(was_training)
    return memory.growth(*found)


def largest_micro_batch(engine: Engine, update: Update) -> int:
    """Return the most rows of a micro-batch that fit beside gradients and averages, at most a whole update's.

    TrainingError when not even the longest clip does.
    """
    device, taken = engine.world.device, gradient_bytes(engine) + average_bytes(engine)
    grown, room = growth(engine, update), memory.room(taken, device)
    budget, least = sum(update.rows), max(update.rows)
    while budget > least and _most(grown, update.within(budget)) > room:
        budget = max(least, int(budget * STEP))
    if _most(grown, update.within(budget)) > room:
        raise TrainingError(
            f"batch.by: auto: {memory.free_bytes(device) / GB:.1f} GB are free on {device}; gradients, averages take "
            f"{taken / GB:.1f}, and one clip {grown.of(least, 1) / GB:.1f}; train fewer parts (train.trainable: lora), "
            "set train.checkpointing, or keep the averages elsewhere (optimizer.place: cpu)"
        )
    return budget


def _most(grown: Growth, update: Update) -> float:
    """Return the bytes of an update's largest micro-batch."""
    return max(grown.of(update.rows_of(draws), len(draws)) for draws in update.micro_batches)


def gradient_bytes(engine: Engine) -> float:
    """Return what gradients take: those of a tensor's old rows are computed beside its new ones."""
    learning = {id(piece.parameter): piece.parameter for piece in engine.state.pieces}
    return float(sum(parameter.numel() * parameter.element_size() for parameter in learning.values()))


def average_bytes(engine: Engine) -> float:
    """Return what AdamW's averages will take on the device; EMA's are loaded already."""
    settings = engine.run.optimizer
    if settings.place == "cpu" and engine.world.device.type != "cpu":
        return 0.0
    each = 2 + 8 / 256 if settings.state == "8bit" else 8
    kept = sum(piece.tensor.numel() for piece in engine.state.pieces) * each
    return kept / engine.world.size if settings.shard else kept


def update_seconds(engine: Engine, update: Update) -> float:
    """Time one micro-batch forward and back, and scale to the rows of an update; on GPUs after one to warm up."""
    draws, device = update.micro_batches[0], engine.world.device
    engine.network.gpt.train()
    for _ in range(3 if device.type == "cuda" else 1):
        began = time.perf_counter()
        engine.micro_batch(update, 0, draws, Tally())
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds = time.perf_counter() - began
    engine.state.optimizer.zero_grad()
    return seconds * sum(update.rows) / sum(update.rows_of([draw]) for draw in draws) / engine.world.size


def _kept(engine: Engine, update: Update, draws: Sequence[Draw]) -> int:
    """Return what some clips keep for the way back, and with checkpointing the most that is computed again at once."""
    kept = partial(memory.kept_bytes, engine.network)
    score = partial(engine.share, update, draws)
    gpt = engine.network.gpt
    if not gpt.mode.checkpointing:
        return kept(score)
    found, mode = kept(score), gpt.mode
    gpt.mode = replace(mode, checkpointing=False)
    whole, prompts = kept(score), kept(partial(engine.latents, draws))
    gpt.mode = mode
    return found + max(prompts, (whole - prompts) // gpt.shape.layers)


def _shown(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"
