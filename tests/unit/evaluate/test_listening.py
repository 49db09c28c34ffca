"""Blind listening: pairs without names, answers counted for the right one, an interval; refusals in one line."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dimts.audio import io
from dimts.audio.io import Audio
from dimts.errors import ConfigError
from dimts.evaluate import listening
from dimts.evaluate.listening import Pair
from tests.unit.evaluate.takes import hum

TEXTS = [f"Sentence <b>{number}</b>." for number in range(6)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An evaluation of three voices: c lacks a sentence."""
    lines = []
    for name in "abc":
        for number, text in enumerate(TEXTS[: 6 - (name == "c")]):
            audio = tmp_path / "takes" / f"{name}{number}.flac"
            io.write(audio, Audio(hum(0.3, 0.1 + number / 20), 24_000))
            place = str(audio.relative_to(tmp_path))
            lines.append({"subject": name, "text": text, "voice": "v", "seed": 0, "audio": place})
    (tmp_path / "takes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    order: list[dict[str, Any]] = [{"name": name} for name in "abc"]
    (tmp_path / "evaluation.json").write_text(json.dumps({"rank": {"order": order}}))
    return tmp_path


def answered(folder: Path, pairs: list[Pair], *choices: str) -> Path:
    """Save answers: to each pair the name that is preferred, or `same`."""
    answers = {
        pair.id: {pair.a: "a", pair.b: "b"}.get(choice, choice) for pair, choice in zip(pairs, choices, strict=False)
    }
    path = folder / f"answers{len(list(folder.glob('answers*')))}.json"
    path.write_text(json.dumps({"mark": "x", "answers": answers}))
    return path


def test_the_page_has_all_pairs_and_no_name(folder: Path) -> None:
    page, pairs = listening.write(folder, None, None, 0)
    html = page.read_text()
    found = json.loads(re.findall(r'<script type="application/json" id="content">(.*?)</script>', html, re.S)[0])
    assert [each["id"] for each in found["pairs"]] == [pair.id for pair in pairs] and len(pairs) == 6
    assert {each["text"] for each in found["pairs"]} == set(TEXTS) and "<b>0" not in html
    assert set(found["pairs"][0]) == {"id", "text", "sounds"} and "takes/" not in html
    assert not re.search(r"(src|href)=.?https?:", html)
    assert {(pair.a, pair.b) for pair in pairs} == {("a", "b"), ("b", "a")}
    assert pairs == listening.write(folder, None, None, 0)[1] != listening.write(folder, None, None, 1)[1]


def test_who_said_nothing_is_not_compared(folder: Path) -> None:
    takes = [json.loads(line) for line in (folder / "takes.jsonl").read_text().splitlines()]
    kept = [{**take, "audio": None if take["subject"] == "b" else take["audio"]} for take in takes]
    (folder / "takes.jsonl").write_text("".join(json.dumps(take) + "\n" for take in kept))
    _, pairs = listening.write(folder, None, None, 0)
    assert {pair.a for pair in pairs} == {"a", "c"}
    with pytest.raises(ConfigError, match="a and b said nothing in common"):
        listening.write(folder, None, "b", 0)


def test_answers_count_for_who_was_heard(folder: Path) -> None:
    _, pairs = listening.write(folder, "b", "c", 3)
    assert len(pairs) == 5
    first = answered(folder, pairs, "b", "b", "b", "c", "same")
    found = listening.preference(folder, [first])
    assert (found.one, found.other, found.won, found.lost, found.same) == ("b", "c", 3, 1, 1)
    assert "b was preferred to c in 3 of 4 answers (75%" in found.in_words() and "no sure" in found.in_words()
    both = listening.preference(folder, [first, answered(folder, pairs, *"bbbbb")])
    assert (both.won, both.lost) == (8, 1) and "no sure" not in both.in_words()
    nobody = listening.preference(folder, [answered(folder, pairs, "same")])
    assert "no answer prefers" in nobody.in_words()


def test_the_interval_is_wilson_s() -> None:
    assert listening.wilson(0, 0) == (0.5, 0.0, 1.0)
    share, low, high = listening.wilson(8, 10)  # 0.4902 to 0.9433 by R's prop.test without correction
    assert (share, round(low, 4), round(high, 4)) == (0.8, 0.4902, 0.9433)


def test_what_cannot_be_compared_or_counted_is_refused(folder: Path) -> None:
    for one, other, words in (("d", None, "judged no 'd'"), ("a", "a", "two different voices")):
        with pytest.raises(ConfigError, match=words):
            listening.write(folder, one, other, 0)
    _, pairs = listening.write(folder, None, None, 0)
    for content in ("{", "[]", '{"answers": {"nobody": "a"}}', json.dumps({"answers": {pairs[0].id: "c"}})):
        (folder / "wrong.json").write_text(content)
        with pytest.raises(ConfigError, match="no answers to this folder's page"):
            listening.preference(folder, [folder / "wrong.json"])
    with pytest.raises(ConfigError, match="cannot be read"):
        listening.preference(folder, [folder / "missing.json"])
