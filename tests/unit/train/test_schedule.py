"""Learning rates over updates, not epochs."""

import math
from pathlib import Path

import pytest

from dimts import log
from dimts.config import Schedule
from dimts.train import schedule
from dimts.train.interrupt import Stop
from tests.flow.material import Material, quiet_display


def test_a_hundred_thousand_updates_halve_the_rate_once() -> None:
    factors = [schedule.factor(Schedule(), update, 100_000) for update in range(100_000)]
    assert factors == [1.0] * 50_000 + [0.5] * 50_000


def test_three_milestones() -> None:
    factors = [schedule.factor(Schedule(), update, 400_000) for update in range(400_000)]
    assert factors == [1.0] * 50_000 + [0.5] * 100_000 + [0.25] * 150_000 + [0.125] * 100_000


def test_warm_up_rises_to_the_rate() -> None:
    rising = Schedule(warmup_updates=4, milestones=[2, 6])
    factors = [schedule.factor(rising, update, 10) for update in range(8)]
    assert factors == [0.25, 0.5, 0.75, 1.0, 0.5, 0.5, 0.25, 0.25]  # milestones count updates from the very first


def test_constant() -> None:
    assert {schedule.factor(Schedule(kind="constant"), update, 10**6) for update in range(0, 10**6, 1000)} == {1.0}


@pytest.mark.parametrize("warmup", [0, 10])
def test_linear_and_cosine_fall_from_the_rate_towards_zero(warmup: int) -> None:
    for kind in ("linear", "cosine"):
        settings = Schedule.model_validate({"kind": kind, "warmup_updates": warmup})
        factors = [schedule.factor(settings, update, 110) for update in range(warmup, 110)]
        assert factors[0] == 1.0 and 0 < factors[-1] < 0.02
        assert all(before > after for before, after in zip(factors, factors[1:], strict=False))
        half = factors[(110 - warmup) // 2]
        assert math.isclose(half, 0.5, abs_tol=1e-12)
        quarter = schedule.factor(settings, warmup + (110 - warmup) // 4, 110)
        done = (110 - warmup) // 4 / (110 - warmup)
        expected = 1 - done if kind == "linear" else (1 + math.cos(math.pi * done)) / 2
        assert math.isclose(quarter, expected)
        assert schedule.factor(settings, 10**6, 110) == 0.0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "200 updates in all; the first milestone, 50,000, is not reached: LR stays 5e-6"),
        ({"milestones": [200]}, "200 updates in all; the first milestone, 200, is not reached: LR stays 5e-6"),
        ({"milestones": [50, 199, 300]}, "200 updates in all: LR starts at 5e-6; 2.5e-6 at 50, 1.25e-6 at 199"),
        ({"milestones": []}, "200 updates in all, no milestones: LR stays 5e-6"),
        (
            {"milestones": [100], "gamma": 0.1, "warmup_updates": 20},
            "200 updates in all: LR rises from 0 over the first 20, then starts at 5e-6; 5e-7 at 100",
        ),
        ({"kind": "constant"}, "200 updates in all: LR stays 5e-6"),
        ({"kind": "cosine"}, "200 updates in all: LR falls from 5e-6 to 0 (cosine)"),
        (
            {"kind": "linear", "warmup_updates": 199},
            "200 updates in all: LR rises from 0 over the first 199, then falls from 5e-6 to 0 (linear)",
        ),
        ({"warmup_updates": 1000}, "200 updates in all, none after the warm-up: LR only rises, from 0 to 1e-6"),
    ],
)
def test_in_words(settings: dict[str, object], words: str) -> None:
    assert schedule.in_words(Schedule.model_validate(settings), 200, 5e-6) == words


def test_words_tell_what_happens() -> None:
    """A milestone is told as reached exactly when some update of the run sees it."""
    settings = Schedule(milestones=[5])
    for total in (4, 5, 6):
        falls = any(schedule.factor(settings, update, total) < 1 for update in range(total))
        assert ("not reached" not in schedule.in_words(settings, total, 1.0)) == falls


@pytest.mark.parametrize(("kind", "expected"), [
    ("constant", [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ("linear", [0.25, 0.5, 0.75, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
    ("cosine", [0.25, 0.5, 0.75, 1, 1, 0.9619397662556434, 0.8535533905932737, 0.6913417161825449, 0.5,
                0.3086582838174551, 0.1464466094067262, 0.03806023374435663]),
    ("multistep", [0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]),
])  # fmt: skip
def test_exact_factors(kind: str, expected: list[float]) -> None:
    """Twelve updates, of which four warm up; half a cosine is (1 + cos(pi k / 8)) / 2."""
    settings = Schedule.model_validate({"kind": kind, "warmup_updates": 4, "milestones": [6, 10]})
    assert [schedule.factor(settings, update, 12) for update in range(12)] == pytest.approx(expected, abs=1e-15)


SHORT = ("schedule.milestones=[2, 4, 7]", "schedule.warmup_updates=1", "train.max_updates=8", "train.trainable=[ln_f]",
         "evaluate.at_start=false", "evaluate.every_updates=99", "batch.clips=1")  # fmt: skip
RATES = [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 2.5e-4, 1.25e-4]  # of eight updates, however large they are


def told(out: Path) -> list[float]:
    """The learning rates that a run's metrics tell of."""
    return [line["lr"] for line in log.read(out) if line["kind"] == "update"]


@pytest.mark.parametrize("accumulation", [1, 128])
def test_accumulation_does_not_matter(material: Material, tmp_path: Path, accumulation: int) -> None:
    """Seven clips are seven updates an epoch, or one."""
    run = material.run(tmp_path, *SHORT, f"batch.accumulation={accumulation}", "train.epochs=8")
    trainer = material.trainer(run)
    assert trainer.plan.updates_per_epoch == {1: 7, 128: 1}[accumulation]
    trainer.fit(Stop(), quiet_display(trainer))
    assert told(tmp_path) == pytest.approx(RATES)


def test_going_on_does_not_matter(material: Material, tmp_path: Path) -> None:
    """Stopped before, at and after a milestone."""
    for updates in (1, 2, 5, 8):
        trainer = material.trainer(material.run(tmp_path, *SHORT, "train.epochs=8", f"train.max_updates={updates}"))
        trainer.resume(tmp_path)
        trainer.fit(Stop(), quiet_display(trainer))
    assert told(tmp_path) == pytest.approx(RATES)


def test_a_run_follows_its_schedule(material: Material, tmp_path: Path) -> None:
    """Five updates of two an epoch: milestones are at updates, whatever the epochs."""
    settings = ("train.max_updates=5", "schedule.milestones=[1, 3]", "schedule.gamma=0.1", "evaluate.at_start=false")
    run = material.run(tmp_path, *settings)
    trainer = material.trainer(run)
    trainer.fit(Stop(), quiet_display(trainer))
    assert told(tmp_path) == pytest.approx([1e-3, 1e-4, 1e-4, 1e-5, 1e-5])
    assert [group["lr"] for group in trainer.state.optimizer.adamw.param_groups][-1] in (
        pytest.approx(1e-5), pytest.approx(1e-4))  # fmt: skip
