"""Prepare with near-duplicates: turned away once, not read again, and the same on every run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts.data.check import check
from dimts.data.filters import Limits
from dimts.data.manifest import Dataset
from dimts.data.review import Decision, append
from tests.unit.data.recordings import ALONE, run, table
from tests.unit.data.test_near import VOICES, encoded


def voices(folder: Path, *names: str) -> Path:
    """Write voices, as WAV; a name that ends in -mp3 is a copy that went through MP3."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        audio = VOICES[int(name.split("-")[0])]
        if name.endswith("-mp3"):
            audio = encoded(audio, "MP3", "MPEG_LAYER_III")
        soundfile.write(folder / f"{name}.wav", audio.samples, audio.rate_hz)
    return table(folder, *(f"{name}|these are the words of number {name.split('-')[0]}" for name in names))


@pytest.fixture
def material(tmp_path: Path) -> Path:
    one, two, three = (VOICES[number].samples for number in (0, 1, 2))
    whole = {"a": [one, three], "b": [one, two], "c": [two]}
    (tmp_path / "source").mkdir()
    for name, parts in whole.items():
        soundfile.write(tmp_path / "source" / f"{name}.wav", np.concatenate(parts), VOICES[0].rate_hz)
    words = "these are the same words"
    return table(tmp_path / "source", f"a|{words}", f"b|{words}", "c|other words than those")


def reasons(dataset: Dataset) -> dict[str, str]:
    return {rejection.id: rejection.reason for rejection in dataset.rejected}


def test_a_copy_is_turned_away_and_not_read_again(tmp_path: Path, readings: list[str]) -> None:
    source = voices(tmp_path / "source", "0", "1", "1-mp3", "2")
    first = run(tmp_path / "out", source)
    assert reasons(first) == {"1-mp3": "near-duplicate"} and first.rejected[0].measured == "1"
    assert float(first.rejected[0].limit) > 0.15 and check(tmp_path / "out") == []
    readings.clear()
    assert run(tmp_path / "out", source) == first and readings == []


def test_a_newcomer_never_displaces_a_clip(tmp_path: Path) -> None:
    first = run(tmp_path / "out", voices(tmp_path / "source", "1", "2"))
    again = run(tmp_path / "out", voices(tmp_path / "source", "1-mp3", "1", "2"))
    table_lines = {"1": 2, "2": 3}
    moved = (replace(c, source=f"{tmp_path}/source/metadata.csv:{table_lines[c.id]}") for c in first.clips)
    assert again.clips == tuple(moved)
    assert reasons(again) == {"1-mp3": "near-duplicate"}
    other = run(tmp_path / "out", voices(tmp_path / "other", "2-mp3", "3"))
    assert reasons(other) == {"1-mp3": "near-duplicate", "2-mp3": "near-duplicate"} and len(other.clips) == 3
    (tmp_path / "out" / "read.jsonl").unlink()
    assert run(tmp_path / "out", tmp_path / "other") == other


def test_which_clip_is_copied_does_not_go_with_what_came_later(tmp_path: Path, material: Path) -> None:
    """The second piece holds half of the first and all of the third: only the first was known when it came."""
    first = run(tmp_path / "out", material)
    assert {clip.id for clip in first.clips} == {"a", "c"}
    assert [(each.id, each.measured) for each in first.rejected] == [("b", "a")]
    assert run(tmp_path / "out", material) == first


def test_other_limits_judge_anew(tmp_path: Path) -> None:
    source = voices(tmp_path / "source", "1", "1-mp3", "2")
    loose = replace(ALONE, limits=Limits(same_marks=1.1))
    assert len(run(tmp_path / "out", source, options=loose).clips) == 3
    assert reasons(run(tmp_path / "out", source)) == {"1-mp3": "near-duplicate"}
    assert len(run(tmp_path / "out", source, options=loose).clips) == 3


def test_a_copy_comes_back_when_its_original_goes_or_a_person_says_keep(tmp_path: Path) -> None:
    run(tmp_path / "out", voices(tmp_path / "source", "1", "1-mp3", "2"))
    append(tmp_path / "out", Decision("1-mp3", "keep"))
    assert len(run(tmp_path / "out", tmp_path / "source").clips) == 3
    (tmp_path / "out" / "review.jsonl").unlink()
    table(tmp_path / "source", "1-mp3|these are the words of number 1", "2|these are the words of number 2")
    after = run(tmp_path / "out", tmp_path / "source")
    assert {clip.id for clip in after.clips} == {"1-mp3", "2"} and check(tmp_path / "out") == []
