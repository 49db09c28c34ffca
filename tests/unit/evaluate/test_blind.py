"""Blind listening: pairs of one sentence, judgements that add up, whatever the order of hearing."""

import json
import random
from pathlib import Path

import pytest

from dimts.errors import DataError
from dimts.evaluate import blind
from dimts.evaluate.blind import Pair, Take, Tally


def take(subject: str, text: str = "ሰላም።", seed: int = 0) -> Take:
    return Take(subject, text, "voice", seed, Path(f"{subject}.flac"))


def test_takes_of_an_evaluation_are_read(tmp_path: Path) -> None:
    line = {"subject": "base", "text": "ሰላም።", "voice": "a", "seed": 1, "audio": "takes/x.flac"}
    lines = [line, {**line, "subject": "update 5", "audio": None}]
    assert blind.takes(tmp_path) == []
    (tmp_path / blind.TAKES).write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    assert blind.takes(tmp_path) == [Take("base", "ሰላም።", "a", 1, tmp_path / "takes/x.flac")]


def test_a_pair_is_one_sentence_by_two_subjects_in_any_order() -> None:
    known = [take("a"), take("b"), take("a", "ሌላ።"), take("c", "ሰላም።", seed=1)]
    chance, seen = random.Random(0), set()
    for _ in range(50):
        pair = blind.draw(known, chance)
        assert pair is not None
        seen.add((pair.a.subject, pair.b.subject))
    assert seen == {("a", "b"), ("b", "a")}
    assert blind.draw(known, chance, ["a", "c"]) is None and blind.draw([take("a"), take("a")], chance) is None


def test_judgements_add_up(tmp_path: Path) -> None:
    ab, ba = Pair(take("a"), take("b")), Pair(take("b"), take("a"))
    for pair, choice in ((ab, "a"), (ba, "b"), (ba, "a"), (ab, "same")):
        blind.vote(tmp_path, pair, choice)
    with (tmp_path / blind.VOTES).open("a") as file:
        file.write("torn")
    assert blind.tallies(tmp_path) == [Tally("a", "b", 2, 1, 1)]
    with pytest.raises(DataError, match="choose from"):
        blind.vote(tmp_path, ab, "both")
    with pytest.raises(DataError, match="cannot be written"):
        blind.vote(tmp_path / "missing", ab, "a")


def test_few_judgements_prove_little() -> None:
    assert Tally("a", "b", 0, 0, 3).share == (0.5, 0.0, 1.0)
    share, low, high = Tally("a", "b", 9, 1, 0).share
    assert share == 0.9 and abs(low - 0.596) < 1e-3 and abs(high - 0.982) < 1e-3  # as tables of Wilson's interval
