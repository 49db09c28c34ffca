"""A gradient that is not finite moves no weight; the clips behind it are named; three in a row end the run."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import Tensor

from dimts import log
from dimts.checkpoint import store
from dimts.data.codes import Cache
from dimts.data.dataset import Example
from dimts.data.manifest import Clip
from dimts.errors import TrainingError
from dimts.train.display import Display
from dimts.train.interrupt import Stop
from dimts.train.trainer import Trainer
from tests.flow.material import Material


@dataclass
class Poisoned(Cache):
    """A cache whose mels of some clips hold an infinity, as a damaged disk may give them."""

    sound: Cache
    ids: frozenset[str]

    def read(self, clip: Clip) -> tuple[Tensor, Tensor]:
        codes_A, mel_MF = self.sound.read(clip)
        return codes_A, mel_MF / 0 if clip.id in self.ids else mel_MF


def poison(examples: Sequence[Example], *ids: str) -> tuple[Example, ...]:
    return tuple(replace(example, cache=Poisoned(example.cache, frozenset(ids))) for example in examples)


def trainer_of(material: Material, out: Path, ids: Sequence[str], *settings: str) -> Trainer:
    trainer = material.trainer(material.run(out, "evaluate.at_start=false", *settings))
    trainer.engine.heard = poison(trainer.pair.train, *ids)
    return trainer


def fit(trainer: Trainer) -> str:
    """Train, and return what the console says."""
    written = io.StringIO()
    trainer.fit(Stop(), Display(1, 0, trainer.total_updates, Console(file=written, width=200)))
    return written.getvalue()


def weights(trainer: Trainer) -> Tensor:
    return torch.cat([parameter.detach().flatten().clone() for parameter in trainer.gpt.parameters()])


def test_a_poisoned_update_is_skipped_and_its_clip_is_named(material: Material, tmp_path: Path) -> None:
    trainer = trainer_of(material, tmp_path, [], "train.max_updates=3", "save.every_updates=1", "train.ema=0.5")
    second, third = ({d.index for draws in trainer.plan.update(n).micro_batches for d in draws} for n in (1, 2))
    bad = trainer.pair.train[min(second - third)].clip.id
    trainer.engine.heard = poison(trainer.pair.train, bad)
    moments: list[tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]] = []
    real = trainer._look_after

    def remember(*given: object) -> None:
        average = trainer.state.average
        assert average is not None
        averaged = {name: tensor.clone() for name, tensor in average.state().items()}
        optimizer = {name: tensor.clone() for name, tensor in trainer.state.optimizer.state().items()}
        moments.append((weights(trainer), optimizer, averaged))
        real(*given)  # type: ignore[arg-type]

    trainer._look_after = remember  # type: ignore[method-assign, assignment]
    said = fit(trainer)
    before, after, last = moments
    assert torch.equal(before[0], after[0]) and not torch.equal(after[0], last[0])
    assert all(torch.equal(before[1][name], after[1][name]) for name in before[1])
    assert all(torch.equal(before[2][name], after[2][name]) for name in before[2])
    assert bool(torch.isfinite(last[0]).all())
    assert f"update 2 is skipped: the loss of {bad} is not finite\n" in said
    lines = {line["update"]: line for line in log.read(tmp_path) if line["kind"] == "update"}
    assert [lines[n]["skipped"] for n in (1, 2, 3)] == [False, True, False]
    assert lines[2]["loss"] is None and lines[2]["grad_norm"] is None and lines[3]["loss"] > 0
    assert trainer.state.skipped == 0


def test_three_in_a_row_end_the_run(material: Material, tmp_path: Path) -> None:
    everyone = [f"clip{n}" for n in range(10)]
    trainer = trainer_of(material, tmp_path, [], "train.epochs=9", "save.every_updates=2")
    sound, real = trainer.pair, trainer.engine.do

    def step(update: object, *rest: object) -> object:
        number = trainer.state.update
        trainer.engine.heard = poison(sound.train, *everyone) if number >= 5 else sound.train
        return real(update, *rest)  # type: ignore[arg-type]

    trainer.engine.do = step  # type: ignore[method-assign, assignment]
    with pytest.raises(TrainingError) as raised:
        fit(trainer)
    (line,) = raised.value.problems
    named = {f"clip{n}" for n in range(10) if f"clip{n}" in line}
    batch = {trainer.pair.train[d.index].clip.id for m in trainer.plan.update(7).micro_batches for d in m}
    assert line.startswith("update 8: the gradient was not finite 3 times in a row (clips: ") and named == batch
    assert "what was learned before is saved: check these clips" in line
    newest = store.newest(tmp_path)
    assert newest == store.place(tmp_path, 7)  # updates 6 and 7 moved nothing, so this is all that was learned
    five, seven = (store.load(store.place(tmp_path, update)).tensors for update in (6, 7))
    assert all(torch.equal(five["weights"][name], tensor) for name, tensor in seven["weights"].items())
    assert all(bool(tensor.isfinite().all()) for state in seven.values() for tensor in state.values())


def test_the_count_survives_a_resume(material: Material, tmp_path: Path) -> None:
    """Stopped after two bad updates, the third ends the run as it would have."""
    everyone = [f"clip{n}" for n in range(10)]
    trainer = trainer_of(material, tmp_path, everyone, "train.max_updates=2", "train.epochs=9")
    trainer.eval_set = replace(trainer.eval_set, examples=material.trainer(trainer.run).pair.eval)
    fit(trainer)
    again = trainer_of(material, tmp_path, everyone, "train.max_updates=3", "train.epochs=9")
    assert again.resume(tmp_path) == ["going on after update 2"] and again.state.skipped == 2
    with pytest.raises(TrainingError, match="update 3: .* 3 times in a row"):
        fit(again)


def test_two_bad_and_a_good_one_start_the_count_again(material: Material, tmp_path: Path) -> None:
    trainer = trainer_of(material, tmp_path, [], "train.max_updates=8", "train.epochs=9")
    sound, real = trainer.pair, trainer.engine.do

    def step(update: object, *rest: object) -> object:
        bad = trainer.state.update % 3 < 2
        trainer.engine.heard = poison(sound.train, *[f"clip{n}" for n in range(10)]) if bad else sound.train
        return real(update, *rest)  # type: ignore[arg-type]

    trainer.engine.do = step  # type: ignore[method-assign, assignment]
    assert fit(trainer).count("is skipped") == 6


def test_a_gradient_that_overflows_though_every_loss_is_finite(material: Material, tmp_path: Path) -> None:
    trainer = trainer_of(material, tmp_path, [], "train.max_updates=1")
    before = weights(trainer)
    trainer.gpt.mel_head.bias.register_hook(lambda gradient: gradient / 0)  # type: ignore[no-untyped-call]
    said = fit(trainer)
    assert torch.equal(weights(trainer), before) and "update 1 is skipped: the gradient is not finite" in said


def test_evaluation_names_clips_without_a_score(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path, "batch.eval_clips=1"))
    bad = trainer.pair.eval[1].clip.id
    trainer.eval_set = replace(trainer.eval_set, examples=poison(trainer.pair.eval, bad))
    with pytest.raises(TrainingError) as raised:
        fit(trainer)
    assert str(raised.value) == f"evaluation: the loss is not finite (clips: {bad}); look at these clips"
