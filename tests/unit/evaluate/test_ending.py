"""How speech ends: run on, cut off, silent, or as it should."""

from pathlib import Path

import numpy as np
import pytest

from dimts.evaluate.pace import USUAL_LETTERS_S, Paces
from dimts.evaluate.scorers.ending import Ending
from dimts.evaluate.speaking import Take
from tests.unit.evaluate.takes import hum, silence, take

EXPECTED_S = 19 / USUAL_LETTERS_S  # of "Good morning, everyone."
ENDING = Ending(Paces())


def scored(one: Take) -> dict[str, float | None]:
    return dict(ENDING.score([one])[0])


def test_speech_of_the_right_length_is_as_it_should_be(tmp_path: Path) -> None:
    found = scored(take(tmp_path, np.concatenate([silence(0.2), hum(EXPECTED_S), silence(0.3)])))
    assert (found["unsaid"], found["run_on"], found["cut_off"]) == (0, 0, 0)
    assert found["tail_s"] == pytest.approx(0.3, abs=0.02)
    assert found["letters_s"] == pytest.approx(USUAL_LETTERS_S, rel=0.02)
    assert found["pace"] == pytest.approx(1, rel=0.02)


def test_a_dataset_s_pace_is_what_counts(tmp_path: Path) -> None:
    one = take(tmp_path, hum(2 * EXPECTED_S))
    assert Ending(Paces({"en": USUAL_LETTERS_S / 5})).score([one])[0]["cut_off"] == 1
    assert Ending(Paces({"en": USUAL_LETTERS_S * 5})).score([one])[0]["run_on"] == 1


def test_what_does_not_end_runs_on(tmp_path: Path) -> None:
    assert scored(take(tmp_path, hum(EXPECTED_S), ended=False))["run_on"] == 1
    assert scored(take(tmp_path, hum(3 * EXPECTED_S)))["run_on"] == 1
    assert scored(take(tmp_path, np.concatenate([hum(EXPECTED_S), silence(3)])))["run_on"] == 1
    assert scored(take(tmp_path, hum(1.5 * EXPECTED_S)))["run_on"] == 0


def test_what_ends_too_soon_is_cut_off(tmp_path: Path) -> None:
    assert scored(take(tmp_path, hum(0.4 * EXPECTED_S)))["cut_off"] == 1
    assert scored(take(tmp_path, np.concatenate([hum(0.4 * EXPECTED_S), silence(1)])))["cut_off"] == 1
    assert scored(take(tmp_path, hum(0.6 * EXPECTED_S)))["cut_off"] == 0


def test_silence_is_nothing_said(tmp_path: Path) -> None:
    for samples in (silence(1), hum(1, 0.001), silence(0.005)):
        found = scored(take(tmp_path, samples))
        assert found["unsaid"] == 1 and "tail_s" not in found
    refused = Take("subject", take(tmp_path, silence(1)).line, "", None, {"codes": 0, "ended": False, "refused": "no"})
    assert scored(refused) == {"unsaid": 1, "run_on": 0}
