"""The rank: known orders are found, what is unfit comes last, and doubt is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dimts.errors import ConfigError
from dimts.evaluate import means, record, select
from tests.unit.evaluate.takes import evaluation

GOOD = [1.0] * 20


def shares(count: int) -> list[float]:
    return [1.0] * count + [0.0] * (20 - count)


def test_the_better_of_two_is_found_in_19_of_20_seeds() -> None:
    right = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        values: dict[str, Any] = {
            name: {
                "nearest": (random.random(24) < likely).astype(float).tolist(),
                "phone_distance": random.normal(distance, 0.15, 24).tolist(),
            }
            for name, likely, distance in (("early", 0.45, 0.8), ("late", 0.75, 0.65))
        }
        right += select.rank(evaluation(values)).order[0].judged.name == "late"
    assert right >= 19


def test_why_says_how_sure_it_is() -> None:
    sure = select.rank(evaluation({"a": {"nearest": shares(19)}, "b": {"nearest": shares(2)}}))
    assert sure.order[0].first > 0.99
    assert sure.why() == "highest rank 0.950 of 2: nearest 0.95; first in 100% of draws of its sentences"
    random = np.random.default_rng(0)
    close = select.rank(
        evaluation({name: {"nearest": (random.random(20) < 0.5).astype(float).tolist()} for name in "abc"})
    )
    assert "not surely better than" in close.why()
    assert sum(each.first for each in close.order) == pytest.approx(1)
    assert close.order[0].value.low < close.order[0].value.mean < close.order[0].value.high


def test_what_is_endless_silent_or_cut_off_comes_last_whatever_its_sum() -> None:
    poor: dict[str, Any] = {"nearest": shares(3), "run_on": shares(0), "unsaid": shares(0), "cut_off": shares(0)}
    for column, word in (("run_on", "endless"), ("unsaid", "silent"), ("cut_off", "cut off")):
        ranking = select.rank(evaluation({"bad": {**poor, "nearest": GOOD, column: shares(10)}, "good": poor}))
        assert [each.judged.name for each in ranking.order] == ["good", "bad"]
        assert ranking.order[1].verdicts == (word,) and ranking.order[1].unfit
        assert ranking.order[0].first == 1.0
    both = select.rank(evaluation({"bad": {**poor, "run_on": GOOD}, "worse": {**poor, "run_on": GOOD}}))
    assert "but it is endless" in both.why()


def test_what_nobody_understands_is_called_so() -> None:
    guessing = evaluation({"guess": {"nearest": shares(1)}, "fair": {"nearest": shares(8)}})
    assert [means.verdicts(guessing, judged) for judged in guessing.subjects] == [["not understood"], []]


def test_a_column_that_a_fit_candidate_lacks_is_left_out_for_all() -> None:
    values: dict[str, Any] = {
        "a": {"nearest": shares(12), "mos": [None] * 20},
        "b": {"nearest": shares(10), "mos": [5.0] * 20},
    }
    ranking = select.rank(evaluation(values), {"nearest": 1.0, "mos": 1.0})
    assert ranking.weights == {"nearest": 1.0} and ranking.left_out == ("mos",)
    assert ranking.order[0].judged.name == "a"
    silent: dict[str, Any] = {
        "a": {"nearest": shares(1), "unsaid": GOOD},
        "b": {"nearest": shares(9), "code_loss": [3.0] * 20},
    }
    assert set(select.rank(evaluation(silent)).weights) == {"nearest", "code_loss"}


def test_weights_are_the_user_s() -> None:
    values: dict[str, Any] = {
        "clear": {"nearest": shares(15), "voice": [0.1] * 20},
        "alike": {"nearest": shares(5), "voice": GOOD},
    }
    judged = evaluation(values)
    assert select.rank(judged, select.weights_of("voice=2, nearest=1")).order[0].judged.name == "alike"
    assert select.rank(judged, select.weights_of("voice=0.1,nearest=1")).order[0].judged.name == "clear"
    assert select.weights_of(None) == select.WEIGHTS
    for wrong in ("voice", "voice=much", "voice=nan", "=1,"):
        with pytest.raises(ConfigError, match="is no column=weight"):
            select.weights_of(wrong)
    with pytest.raises(ConfigError, match="there is no column 'loudness'"):
        select.refuse_unknown({"loudness": 1.0}, judged.plan)
    select.refuse_unknown(select.WEIGHTS, judged.plan)
    with pytest.raises(ConfigError, match="nothing to rank by"):
        select.rank(judged, {"cer": 1.0})


def test_the_choice_is_written_with_its_reasons(tmp_path: Path) -> None:
    ranking = select.rank(evaluation({"update 0": {"nearest": shares(2)}, "update 1": {"nearest": shares(18)}}))
    assert record.choose(tmp_path, ranking)
    best = json.loads((tmp_path / "best.json").read_text())
    assert (best["update"], best["metric"], best["value"]) == (1, "rank", 0.9)
    assert best["why"] == ranking.why() and best["order"] == ["update 1", "update 0"]
    unfit = select.rank(evaluation({"update 0": {"run_on": GOOD}, "update 1": {"run_on": GOOD}}))
    assert record.choose(tmp_path / "other", unfit) is None
    assert not (tmp_path / "other").exists()
