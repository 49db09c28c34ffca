"""Memory: what is kept for the way back, what a run will take, updates that start over when it does not suffice."""

import gc
import io
import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

from dimts.checkpoint import store
from dimts.data.batching import Update
from dimts.data.prompting import Draw
from dimts.errors import TrainingError
from dimts.train import forecast, memory
from dimts.train.display import Display
from dimts.train.engine import Engine, MovedInPart
from dimts.train.interrupt import Stop
from dimts.train.memory import Estimate, Growth
from dimts.train.optim import Optimizer
from dimts.train.trainer import Trainer
from tests.flow.material import Material, quiet_display

DRY = ("train.dropout=0", "evaluate.at_start=false")


def fit(trainer: Trainer) -> str:
    """Train, and return what the console says."""
    written = io.StringIO()
    trainer.fit(Stop(), Display(1, 0, trainer.total_updates, Console(file=written, width=200)))
    return written.getvalue()


def narrow(monkeypatch: pytest.MonkeyPatch, most_rows: int, error: type[RuntimeError] | str) -> list[int]:
    """Let micro-batches of more rows run out of memory, halfway through: after their gradients were added."""
    real, tried = Engine.micro_batch, []

    def micro_batch(self: Engine, update: Update, number: int, draws: Sequence[Draw], tally: object) -> None:
        tried.append(update.rows_of(draws))
        real(self, update, number, draws, tally)  # type: ignore[arg-type]
        if tried[-1] > most_rows:
            raise RuntimeError(error) if isinstance(error, str) else error("CUDA out of memory")

    monkeypatch.setattr(Engine, "micro_batch", micro_batch)
    return tried


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, "[enforce fail] DefaultCPUAllocator: can't allocate memory"])
def test_what_does_not_fit_starts_over_smaller_and_learns_the_same(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[RuntimeError] | str
) -> None:
    settings = (*DRY, "batch.clips=4", "batch.accumulation=1", "train.max_updates=2", "optimizer.eps=1e-4")
    whole = material.trainer(material.run(tmp_path / "whole", *settings))
    fit(whole)
    trainer = material.trainer(material.run(tmp_path / "short", *settings))
    most = sum(trainer.plan.update(0).rows) // 2
    tried = narrow(monkeypatch, most, error)
    said = fit(trainer)
    assert tried[0] > most and "update 1 does not fit in memory: from here on micro-batches of at most" in said
    assert trainer.state.budget is not None and trainer.state.budget <= most
    assert store.latest(tmp_path / "short")[0].facts["budget"] == trainer.state.budget  # type: ignore[union-attr]
    for one, two in zip(whole.gpt.parameters(), trainer.gpt.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=1e-5)


def test_a_single_clip_that_does_not_fit_ends_the_run(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = material.trainer(material.run(tmp_path, *DRY, "save.every_updates=1"))
    narrow(monkeypatch, 1, torch.OutOfMemoryError)
    with pytest.raises(TrainingError, match=r"update 1: out of memory with a single clip of \d+ rows; set train.check"):
        fit(trainer)


def test_other_errors_are_no_lack_of_memory(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, 1, "shapes do not match")
    with pytest.raises(RuntimeError, match="shapes do not match"):
        fit(material.trainer(material.run(tmp_path, *DRY)))


def test_averages_that_do_not_fit_end_the_run_and_save_nothing(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = material.trainer(material.run(tmp_path, *DRY))

    def step(self: Optimizer) -> None:
        self.views[0].add_(1)
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Optimizer, "step", step)
    with pytest.raises(MovedInPart, match="update 1: out of memory for the optimizer's averages; keep them elsewhere"):
        fit(trainer)
    assert not store.all_of(tmp_path)


def test_kept_bytes_are_those_of_saved_tensors() -> None:
    layer = nn.Linear(8, 4)
    x = torch.randn(16, 8)

    def score() -> Tensor:
        return layer(x).relu().square().sum()  # type: ignore[no-any-return]

    # the input for the weight's gradient, and what relu gave, for relu itself and for the square
    assert memory.kept_bytes(layer, score) == x.nbytes + 16 * 4 * 4
    with torch.no_grad():
        assert memory.kept_bytes(layer, score) == 0


def test_growth_tells_rows_from_clips() -> None:
    truth = Growth(fixed=1000.0, row=30.0, clip=500.0)
    one = (100, int(truth.of(100, 1)))
    assert memory.growth(one, (40, int(truth.of(40, 1))), (190, int(truth.of(190, 2)))) == truth
    alike = memory.growth(one, one, (200, int(truth.of(200, 2))))
    assert alike.of(400, 4) == truth.of(400, 4)


def test_growth_foretells_larger_micro_batches(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path, "batch.clips=7", "prompt.pad_prompts=true"))
    update = trainer.plan.update(0)
    grown = forecast.growth(trainer.engine, update)
    assert grown.row > 0 and grown.clip > 0
    trainer.gpt.train()
    for draws in (update.draws, update.draws[:3]):
        measured = memory.kept_bytes(trainer.network, partial(trainer.engine.share, update, draws))
        assert grown.of(update.rows_of(draws), len(draws)) == pytest.approx(measured, rel=0.03)


def test_checkpointing_and_frozen_parts_keep_less(material: Material, tmp_path: Path) -> None:
    kept: dict[tuple[str, ...], float] = {}
    for settings in ((), ("train.checkpointing=true",), ("train.trainable=[code_head]",)):
        trainer = material.trainer(material.run(tmp_path / str(len(kept)), *settings))
        update = trainer.plan.update(0)
        kept[settings] = forecast.growth(trainer.engine, update).of(1000, 4)
    everything, checkpointed, frozen = kept.values()
    assert checkpointed < 0.6 * everything and frozen < 0.3 * everything


@pytest.mark.parametrize(
    ("settings", "each"), [((), 8), (("optimizer.state=8bit",), 2 + 8 / 256), (("train.trainable=last-2",), 8)]
)
def test_averages_are_counted(material: Material, tmp_path: Path, settings: tuple[str, ...], each: float) -> None:
    trainer = material.trainer(material.run(tmp_path, *DRY, *settings, "train.max_updates=1"))
    expected = forecast.average_bytes(trainer.engine)
    trainer.fit(Stop(), quiet_display(trainer))
    kept = sum(value.nbytes for value in trainer.state.optimizer.state().values())
    values = sum(piece.tensor.numel() for piece in trainer.state.pieces)
    assert expected == values * each and kept == pytest.approx(expected, rel=0.25 if each < 8 else 0.01)


def test_auto_fills_what_is_free(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = material.trainer(material.run(tmp_path, *DRY, "batch.by=auto", "batch.clips=7", "train.max_updates=1"))
    update = trainer.plan.update(0)
    grown = forecast.growth(trainer.engine, update)
    taken = forecast.gradient_bytes(trainer.engine) + forecast.average_bytes(trainer.engine)
    wanted = grown.of(update.rows_of(update.draws[:3]), 3)
    monkeypatch.setattr(memory, "free_bytes", lambda _: (taken + wanted) / memory.SPARE_CPU)
    said = fit(trainer)
    budget = trainer.state.budget
    assert budget is not None and max(update.rows) <= budget < sum(update.rows)
    assert f"micro-batches of at most {budget:,} rows fit in memory" in said
    laid = update.within(budget)
    assert max(grown.of(laid.rows_of(draws), len(draws)) for draws in laid.micro_batches) <= wanted
    monkeypatch.setattr(memory, "free_bytes", lambda _: taken)
    with pytest.raises(TrainingError, match="batch.by: auto: .* train fewer parts"):
        forecast.largest_micro_batch(trainer.engine, update)


def test_a_forecast_says_it_in_words(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = material.trainer(material.run(tmp_path))
    found = forecast.of(trainer)
    first, second = found.lines()
    assert found.fits and first.startswith("memory: about ") and first.endswith(" GB free")
    assert second.startswith("time: about ") and " in all" in second
    assert all(piece.parameter.grad is None for piece in trainer.state.pieces)
    monkeypatch.setattr(memory, "free_bytes", lambda _: 10.0)
    tight = forecast.of(trainer)
    assert not tight.fits and tight.update_s is None and "that does not fit; what takes less" in tight.lines()[1]
    assert tight.facts()["fits"] is False


def test_gradients_take_the_place_of_what_a_lone_micro_batch_kept() -> None:
    parts = {"loaded": 1.0, "gradients": 3.0, "averages": 2.0, "micro_batch": 5.0}
    assert Estimate(**parts, grows=True).total == 11 and Estimate(**parts, grows=False).total == 8


def test_what_was_measured_is_forgotten(material: Material, tmp_path: Path) -> None:
    """A graph that keeps the tensors that keep it lives for ever, and the network with it."""
    trainer = material.trainer(material.run(tmp_path))
    forecast.of(trainer)
    weights = weakref.ref(trainer.gpt.mel_head.weight)
    del trainer
    gc.collect()
    assert weights() is None
