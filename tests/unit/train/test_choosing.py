"""The best checkpoint by a score of one's choice; patience that ends a run and is kept when it goes on."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest

from dimts import log
from dimts.checkpoint import store
from dimts.config import Evaluate
from dimts.train import choosing, validate
from dimts.train.choosing import Patience
from dimts.train.interrupt import Stop
from dimts.train.trainer import Interrupted, Trainer
from tests.flow.material import Material, left, quiet_display
from tests.unit.train.test_state import StopAfter

SCORES = validate.Scores(9.0, 9.0, 9.0, 0.0)
OFTEN = ("evaluate.every_updates=1", "evaluate.at_start=false", "save.every_updates=99", "train.epochs=5")


@pytest.fixture
def scores(monkeypatch: pytest.MonkeyPatch) -> dict[int, validate.Scores]:
    """What evaluation finds, by how often it was asked before; to be filled."""
    given: dict[int, validate.Scores] = {}
    numbers = iter(range(99))
    monkeypatch.setattr(validate, "evaluate", lambda *ignored: given[next(numbers)])
    return given


def losses(*values: float) -> dict[int, validate.Scores]:
    return {number: replace(SCORES, code_loss=value) for number, value in enumerate(values)}


def trained(material: Material, out: Path, *settings: str, stop: Stop | None = None) -> Trainer:
    """Train in a folder, or go on there."""
    trainer = material.trainer(material.run(out, *OFTEN, *settings))
    trainer.resume(out)
    trainer.fit(stop or Stop(), quiet_display(trainer))
    return trainer


def best_of(out: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((out / "best.json").read_text())
    return found


def test_every_score_may_decide() -> None:
    names = {field.name for field in fields(validate.Scores)}
    assert set(get_args(Evaluate.model_fields["metric"].annotation)) == names | {"rank"} == choosing.NAMES.keys()


@pytest.mark.parametrize(
    ("metric", "found"),
    [("code_loss", 2), ("code_loss_unmasked", 3), ("text_loss", 1), ("code_accuracy", 4)],
)
def test_the_metric_decides(
    material: Material, tmp_path: Path, scores: dict[int, validate.Scores], metric: str, found: int
) -> None:
    """Each score has its best at another update; accuracy is the better the higher."""
    rows = ((4.0, 4.0, 1.0, 0.1), (1.0, 2.0, 2.0, 0.2), (2.0, 1.0, 3.0, 0.2), (3.0, 3.0, 4.0, 0.4))
    scores |= {number: validate.Scores(*row) for number, row in enumerate(rows)}
    trained(material, tmp_path, f"evaluate.metric={metric}", "train.max_updates=4")
    best = best_of(tmp_path)
    assert (best["update"], best["metric"], best["stopped"]) == (found, metric, None)
    assert best["value"] == getattr(scores[found - 1], metric)
    assert best["why"] == choosing.best(0, 0, metric).why and choosing.NAMES[metric] in str(best["why"])


def test_a_run_stops_when_nothing_gets_better(
    material: Material, tmp_path: Path, scores: dict[int, validate.Scores]
) -> None:
    scores |= losses(5, 4, 4.5, 4.2, 4.1, 1)
    trainer = trained(material, tmp_path, "evaluate.patience=3")
    why = "the masked code loss was not better than 4.0000 for 3 evaluations"
    assert trainer.state.update == 5 and trainer.total_updates == 10
    assert list(log.read(tmp_path))[-1] == {"kind": "stop", "update": 5, "why": why}
    assert best_of(tmp_path) == {
        "update": 2, "value": 4, "metric": "code_loss", "why": "lowest masked code loss on the evaluation clips",
        "stopped": why,
    }  # fmt: skip
    assert [store.update_of(path) for path in store.all_of(tmp_path)] == [2, 5]


@pytest.mark.parametrize(("patience", "delta", "updates"), [(0, 0.0, 10), (3, 0.0, 10), (3, 0.6, 9), (9, 0.6, 10)])
def test_patience_and_min_delta_are_live(
    material: Material, tmp_path: Path, scores: dict[int, validate.Scores], patience: int, delta: float, updates: int
) -> None:
    """Small steps add up to the one that is asked for, or do not; the best is the lowest all the same."""
    scores |= losses(9, 8, 7.5, 7, 6.5, 6.25, 6, 5.9, 5.8, 5.7)
    trainer = trained(material, tmp_path, f"evaluate.patience={patience}", f"evaluate.min_delta={delta}")
    assert trainer.state.update == updates
    assert trainer.state.best is not None and trainer.state.best.update == updates
    if updates == 9:
        why = "the masked code loss was not better than 6.2500 by more than 0.6 for 3 evaluations"
        assert trainer.state.stopped == why


def test_more_patience_goes_on(material: Material, tmp_path: Path, scores: dict[int, validate.Scores]) -> None:
    scores |= losses(5, 6, 6, 6, 4, *[3] * 5)
    trained(material, tmp_path, "evaluate.patience=2")
    again = trained(material, tmp_path, "evaluate.patience=2")  # goes on to nothing, and tells it once
    assert again.state.update == 3 and again.state.stopped == best_of(tmp_path)["stopped"]
    assert [line["kind"] for line in log.read(tmp_path)].count("stop") == 1
    longer = trained(material, tmp_path, "evaluate.patience=5")
    assert longer.state.update == 10 and longer.state.stopped is None
    assert best_of(tmp_path)["update"] == 6 and best_of(tmp_path)["stopped"] is None
    assert [line["update"] for line in log.read(tmp_path) if line["kind"] == "eval"] == list(range(1, 11))


def test_waiting_is_kept_when_a_run_goes_on(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped again and again, a run ends early at the same update, with the same files."""
    values = (5, 4, 4.5, 4.6, 4.7, 1)

    def evaluate(out: Path) -> None:
        done = iter(values)
        monkeypatch.setattr(validate, "evaluate", lambda *given: replace(SCORES, code_loss=next(done)))

    evaluate(tmp_path)
    trained(material, tmp_path / "whole", "evaluate.patience=3")
    evaluate(tmp_path)
    for _ in range(9):
        try:
            trained(material, tmp_path / "cut", "evaluate.patience=3", stop=StopAfter(3))
        except Interrupted:
            continue
        break
    whole, cut = left(tmp_path / "whole"), left(tmp_path / "cut")
    assert (
        whole["last"] == cut["last"] and whole["best.json"] == cut["best.json"] and whole["metrics"] == cut["metrics"]
    )
    assert whole["last"]["facts"]["patience"] == {"mark": 4, "waited": 3}


def test_another_metric_chooses_anew(material: Material, tmp_path: Path, scores: dict[int, validate.Scores]) -> None:
    scores |= losses(1, 2, 3, 4)
    trained(material, tmp_path, "train.max_updates=2")
    settings = ("evaluate.metric=text_loss", "train.max_updates=4", "evaluate.patience=3")
    trainer = material.trainer(material.run(tmp_path, *OFTEN, *settings))
    assert trainer.resume(tmp_path) == [
        "the best was chosen by code_loss, from now on text_loss decides, among the checkpoints to come",
        "going on after update 2",
    ]
    assert trainer.state.patience == Patience()
    trainer.fit(Stop(), quiet_display(trainer))
    assert (best_of(tmp_path)["update"], best_of(tmp_path)["metric"]) == (3, "text_loss")


def test_whatever_is_finite_is_better_than_nothing() -> None:
    assert choosing.better(9.0, None, "code_loss") and not choosing.better(float("nan"), None, "code_loss")
    assert not choosing.better(float("inf"), 9.0, "code_accuracy") and not choosing.better(1.0, 1.0, "code_loss")
