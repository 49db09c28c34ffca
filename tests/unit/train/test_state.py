"""A run that was stopped goes on exactly: weights, optimizer, averages, best, metrics, bit for bit."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dimts.checkpoint import store
from dimts.errors import CheckpointError
from dimts.train import validate
from dimts.train.choosing import Best
from dimts.train.dist import ALONE
from dimts.train.interrupt import Stop
from dimts.train.trainer import Interrupted, Trainer
from tests.flow.material import Material, left, quiet_display

EVERYTHING = (  # that has state: 3 epochs of 2 updates, the second of each smaller
    "train.ema=0.8",
    "train.dropout=0.1",
    "schedule.kind=cosine",
    "schedule.warmup_updates=2",
    "evaluate.every_updates=2",
    "save.every_updates=4",
    "save.keep=1",
)


class StopAfter(Stop):
    """A stop that is asked for at the n-th look, as a signal may come at any moment."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def asked(self) -> bool:  # type: ignore[override]
        self.looks -= 1
        return self.looks < 0


def fit(trainer: Trainer, stop: Stop | None = None) -> None:
    trainer.fit(stop or Stop(), quiet_display(trainer))


def whole(material: Material, out: Path, *settings: str) -> Trainer:
    """A run that nothing stopped."""
    trainer = material.trainer(material.run(out, *settings))
    fit(trainer)
    return trainer


def stopped(material: Material, out: Path, looks: int, *settings: str) -> int:
    """The same run, stopped every so many micro-batches; return how often."""
    for times in range(99):
        trainer = material.trainer(material.run(out, *settings))
        trainer.resume(out)
        try:
            fit(trainer, StopAfter(looks))
        except Interrupted:
            continue
        return times
    raise AssertionError("the run does not come to its end")


@pytest.fixture(scope="module")
def reference(material: Material, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("whole")
    whole(material, out, *EVERYTHING)
    return left(out)


@pytest.mark.parametrize("looks", [3, 8])
def test_stopped_at_any_moment(material: Material, tmp_path: Path, reference: dict[str, Any], looks: int) -> None:
    assert stopped(material, tmp_path, looks, *EVERYTHING) == {3: 5, 8: 1}[looks]
    assert left(tmp_path) == reference
    assert {line["update"] for line in reference["metrics"]} == set(range(7))


def test_the_reference_has_what_it_must_show(reference: dict[str, Any]) -> None:
    assert reference["last"]["files"].keys() == {
        "ema.safetensors", "optimizer.safetensors", "weights.safetensors"}  # fmt: skip
    kinds = [(line["kind"], line["update"]) for line in reference["metrics"]]
    updates, evals = [("update", n) for n in range(1, 7)], [("eval", n) for n in (0, 2, 4, 6)]
    assert sorted(kinds) == sorted(updates + evals)
    assert {line.get("clips") for line in reference["metrics"]} == {None, 4, 3}
    assert len({line["lr"] for line in reference["metrics"] if line["kind"] == "update"}) == 4


def test_stopped_before_the_first_update_was_done(
    material: Material, tmp_path: Path, reference: dict[str, Any]
) -> None:
    """The baseline is evaluated again, and stands in the metrics once."""
    trainer = material.trainer(material.run(tmp_path, *EVERYTHING))
    with pytest.raises(Interrupted):
        fit(trainer, StopAfter(1))
    assert [path.name for path in store.all_of(tmp_path)] == ["update-000000"]
    again = material.trainer(trainer.run)
    assert again.resume(tmp_path) == ["going on after update 0"]
    fit(again)
    assert left(tmp_path) == reference


@pytest.mark.parametrize("settings", [("train.precision=fp16",), ("batch.layout=padded",)])
def test_other_kinds_of_runs(material: Material, tmp_path: Path, settings: tuple[str, ...]) -> None:
    settings = ("train.max_updates=3", "evaluate.at_start=false", "save.keep=1", *settings)
    whole(material, tmp_path / "whole", *settings)
    assert stopped(material, tmp_path / "stopped", 3, *settings) == 2
    assert left(tmp_path / "stopped") == left(tmp_path / "whole")
    scale = left(tmp_path / "whole")["last"]["facts"]["scale"]
    assert scale["enabled"] == ("train.precision=fp16" in settings)


def test_more_epochs_go_on_from_the_end(material: Material, tmp_path: Path) -> None:
    """With a rate that knows no end, 1 epoch and 2 more are as good as 3."""
    settings = ("train.ema=0.8", "evaluate.every_updates=2", "save.keep=1")
    whole(material, tmp_path / "whole", *settings)
    whole(material, tmp_path / "grown", *settings, "train.epochs=1")
    more = material.trainer(material.run(tmp_path / "grown", *settings))
    assert more.resume(tmp_path / "grown") == ["going on after update 2"]
    fit(more)
    assert left(tmp_path / "grown") == left(tmp_path / "whole")


def test_when_it_saves_and_evaluates_changes_no_weight(material: Material, tmp_path: Path) -> None:
    one = whole(material, tmp_path / "one", "evaluate.at_start=false", "evaluate.every_updates=99")
    two = whole(material, tmp_path / "two", "evaluate.every_updates=1", "save.every_updates=1", "save.keep=9")
    files = [left(trainer.run.out)["last"]["files"] for trainer in (one, two)]
    assert files[0] == files[1]


def test_a_stop_does_not_save_again_what_is_saved(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path, "save.every_updates=1"))
    with pytest.raises(Interrupted):
        fit(trainer, StopAfter(3))
    (saved,) = store.all_of(tmp_path)
    inode = saved.stat().st_ino
    again = material.trainer(trainer.run)
    again.resume(tmp_path)
    with pytest.raises(Interrupted):
        fit(again, StopAfter(0))
    assert saved.stat().st_ino == inode


def test_the_newest_is_damaged(material: Material, tmp_path: Path) -> None:
    settings = (*EVERYTHING, "save.every_updates=1", "save.keep=2", "evaluate.every_updates=3")
    whole(material, tmp_path / "whole", *settings)
    trainer = material.trainer(material.run(tmp_path / "out", *settings))
    with pytest.raises(Interrupted):
        fit(trainer, StopAfter(10))
    four, five = store.all_of(tmp_path / "out")[-2:]
    (five / "optimizer.safetensors").write_bytes(b"\0" * 100)
    again = material.trainer(trainer.run)
    told = again.resume(tmp_path / "out")
    damage = f"{five / 'optimizer.safetensors'}: missing or changed since it was saved"
    assert told == [damage, "going on after update 4"]
    assert four.name == "update-000004"
    fit(again)
    assert left(tmp_path / "out") == left(tmp_path / "whole")


def test_the_best_is_gone(material: Material, tmp_path: Path) -> None:
    """A best that cannot be exported is forgotten, and told of; the run ends with one that can."""
    trainer = whole(material, tmp_path, "save.keep=1", "evaluate.every_updates=2")
    best = store.place(tmp_path, 2)
    trainer.state.best = Best(2, 0.1)
    trainer.state.save(tmp_path, 1, ALONE)
    assert not best.exists()
    again = material.trainer(trainer.run)
    told = again.resume(tmp_path)
    assert told == [
        f"{best}: no manifest: the checkpoint is incomplete",
        "that was the best checkpoint: the best of those to come takes its place",
        "going on after update 6",
    ]
    fit(again)
    assert again.state.best is not None and again.state.best.update == 6
    assert json.loads((tmp_path / "best.json").read_text())["update"] == 6
    assert again.best() is again.network


def test_the_best_is_saved_kept_and_exported_when_nothing_better_follows(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter(
        [0.1, 0.5, 0.3, 0.4, 0.4, 0.9]
    )  # of the untrained network, which is no checkpoint, and of updates 1..5
    scores = validate.Scores(0.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr(validate, "evaluate", lambda *given: replace(scores, code_loss=next(values)))
    often = ("evaluate.every_updates=1", "save.every_updates=99", "save.keep=1", "train.max_updates=5")
    trainer = whole(material, tmp_path, *often)
    assert [store.update_of(path) for path in store.all_of(tmp_path)] == [2, 5]
    assert json.loads((tmp_path / "best.json").read_text())["update"] == 2
    two = store.load(store.place(tmp_path, 2)).tensors["weights"]
    now = dict(trainer.best().gpt.named_parameters())
    assert all(torch.equal(now[name], tensor) for name, tensor in two.items())


def test_only_damaged_checkpoints_are_left(material: Material, tmp_path: Path) -> None:
    trainer = whole(material, tmp_path, "save.keep=1", "train.max_updates=1")
    (store.place(tmp_path, 1) / "weights.safetensors").unlink()
    with pytest.raises(CheckpointError, match="no checkpoint is complete; remove the folder to start over"):
        material.trainer(trainer.run).resume(tmp_path)


@pytest.mark.parametrize(("what", "keep", "found"), [("save.keep", 1, [2, 6]), ("save.keep", 3, [2, 4, 5, 6])])
def test_retention(material: Material, tmp_path: Path, what: str, keep: int, found: list[int]) -> None:
    settings = ("save.every_updates=1", "evaluate.every_updates=99", f"{what}={keep}")
    trainer = material.trainer(material.run(tmp_path, *settings, "train.max_updates=2"))
    fit(trainer)
    again = material.trainer(material.run(tmp_path, *settings))
    again.resume(tmp_path)
    assert again.state.best is not None
    again.state.best = Best(2, 0.0)  # nothing to come is better
    fit(again)
    assert [store.update_of(path) for path in store.all_of(tmp_path)] == found


@pytest.mark.parametrize("other", ["base", "vocabulary", "dataset"])
def test_a_checkpoint_of_another_run_is_refused(material: Material, tmp_path: Path, other: str) -> None:
    trainer = whole(material, tmp_path, "train.max_updates=1")
    again = material.trainer(trainer.run)
    again.state.identity = {**again.state.identity, other: "0"}
    with pytest.raises(CheckpointError) as raised:
        again.resume(tmp_path)
    assert str(raised.value).startswith(f"{store.place(tmp_path, 1)}: was trained on another {other}; go on with ")
    assert trainer.state.identity.keys() == {"base", "vocabulary", "dataset"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("train.trainable=[ln_f]",), "the checkpoint holds other weights than this run trains"),
        (("train.ema=0.9",), "holds other parts than this run keeps"),
        (("limits.text_tokens=500",), "the checkpoint holds other weights than this run trains"),
        (("train.trainable=new-rows",), "the checkpoint's optimizer state is of other trainable parts|other weights"),
    ],
)
def test_a_checkpoint_that_does_not_fit_the_settings(
    material: Material, tmp_path: Path, settings: tuple[str, ...], message: str
) -> None:
    """As when run.yaml was removed: one line, whatever does not fit."""
    whole(material, tmp_path, "train.max_updates=1")
    again = material.trainer(material.run(tmp_path, *settings))
    with pytest.raises(CheckpointError, match=message):
        again.resume(tmp_path)


def test_no_audio_is_read_while_training(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = material.trainer(material.run(tmp_path, "train.max_updates=2"))

    def refuse(*given: object) -> None:
        raise AssertionError("audio was read")

    monkeypatch.setattr("dimts.audio.io.read", refuse)
    monkeypatch.setattr("soundfile.read", refuse)
    monkeypatch.setattr("soundfile.SoundFile", refuse)
    fit(trainer)
    shutil.rmtree(tmp_path)
