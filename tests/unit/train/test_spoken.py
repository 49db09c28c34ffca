"""The rank as the score that decides in a run: what is spoken is heard, and the best by ear is kept."""

import math
from pathlib import Path

import pytest

from dimts import config, log
from dimts.errors import ConfigError
from dimts.evaluate import evaluating, select
from dimts.evaluate.evaluating import Evaluation, Plan
from dimts.evaluate.scorers import phones
from dimts.train import preflight
from dimts.train.spoken import UNFIT_BEHIND, Spoken
from tests.flow.material import Material
from tests.unit.evaluate.takes import evaluation
from tests.unit.train.test_choosing import best_of, trained

pytestmark = pytest.mark.usefixtures("one_thread")
RANKED = ("evaluate.metric=rank", "train.max_updates=3", "limits.text_tokens=100")


def test_the_rank_decides_and_ends_a_run(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = {1: 0.2, 2: 0.4, 3: 0.3, 4: -99.0}
    monkeypatch.setattr(Spoken, "rank", lambda self, update: ranks[update])
    trainer = trained(material, tmp_path, "evaluate.metric=rank", "evaluate.patience=2")
    assert (trainer.state.update, best_of(tmp_path)["update"], best_of(tmp_path)["metric"]) == (4, 2, "rank")
    assert best_of(tmp_path)["why"] == "highest rank of what is spoken on the evaluation clips"
    assert [line["rank"] for line in log.read(tmp_path) if line["kind"] == "eval"] == [*ranks.values()]


def test_held_back_sentences_are_spoken_and_heard(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as asked for, at each evaluation; training goes on as if nothing had been said."""
    heard: list[Evaluation] = []
    evaluate = evaluating.evaluate

    def kept(*given: object, **named: bool) -> Evaluation:
        heard.append(evaluate(*given, **named))  # type: ignore[arg-type]
        return heard[-1]

    monkeypatch.setattr(evaluating, "evaluate", kept)
    trained(material, tmp_path / "rank", *RANKED, "evaluate.sentences=2")
    trained(material, tmp_path / "loss", *RANKED, "evaluate.metric=code_loss")
    assert len(heard) == 3
    for each in heard:
        (judged,) = each.subjects
        assert len(judged.rows) == 2 and {row.take.line.sentence.language for row in judged.rows} == {"am"}
        assert {"code_loss", "run_on"} < judged.rows[0].values.keys()
    own, other = ([line for line in log.read(tmp_path / name)] for name in ("rank", "loss"))
    assert all(math.isfinite(line["rank"]) for line in own if line["kind"] == "eval")
    assert [line["loss"] for line in own if line["kind"] == "update"] == [
        line["loss"] for line in other if line["kind"] == "update"
    ]


def test_what_is_endless_comes_behind(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = material.trainer(material.run(tmp_path, *RANKED))
    assert trainer.spoken

    def found(run_on: float) -> float:
        judged = evaluation({"now": {"run_on": [run_on] * 3, "nearest": [1.0] * 3}}, tmp_path)
        monkeypatch.setattr(evaluating, "evaluate", lambda *given, **named: judged)
        assert trainer.spoken
        return trainer.spoken.rank(1)

    assert found(0.0) == 1.0 and found(1.0) == -UNFIT_BEHIND
    monkeypatch.setattr(select, "WEIGHTS", {})
    monkeypatch.setattr(evaluating, "evaluate", lambda *given, **named: evaluation({"now": {"else": [1.0]}}, tmp_path))
    assert math.isnan(trainer.spoken.rank(1))


def test_what_cannot_be_ranked_is_refused_before_training(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "missing_ear", lambda: "hama")
    with pytest.raises(ConfigError, match="evaluate.metric: rank, which hears what is said, needs hama: pip install"):
        preflight.check(material.run(tmp_path, *RANKED))
    preflight.check(material.run(tmp_path))

    def no_sentences(*given: object) -> Plan:
        raise ConfigError("language sw: no sentences for it")

    monkeypatch.setattr("dimts.evaluate.planning.plan", no_sentences)
    with pytest.raises(ConfigError, match="evaluate.metric: rank: language sw: no sentences .*; or choose code_loss"):
        material.trainer(material.run(tmp_path, *RANKED))
    assert config.Evaluate().sentences == 12
