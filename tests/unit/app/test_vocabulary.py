"""`dimts vocab` as a user runs it: ids that never move, a table that tells, one line for every error."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dimts.data import manifest
from dimts.data.manifest import Clip, Dataset
from dimts.text import base
from dimts.text.bpe import Tokenizer
from dimts.text.front import Front
from tests.unit.app.command import run

Capture = pytest.CaptureFixture[str]
AMHARIC = ("ሰላም ለዓለም። 5 ብር", "ኢትዮጵያ ውብ ሀገር ናት፣ ሰላም ነው።", "አበበ በሶ በላ።") * 10
MORE = (*AMHARIC, *("ትምህርት ቤት ተማሪዎች ፈተና",) * 40)
PLAIN = Front()
TIGRINYA = ("ከመይ ኣሎኻ ሓወይ", "ከመይ ኣለኺ") * 20


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a base's vocabulary, where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "vocab.json").write_text(base.vocabulary(), encoding="utf-8")
    return tmp_path


def dataset(name: str, texts: tuple[str, ...] = AMHARIC, language: str = "am", front: Front = PLAIN) -> Path:
    """Write a dataset of these texts, 2 s each, without its recordings."""
    clips = [
        Clip(f"c{n}", f"audio/c{n}.flac", 32_000, 16_000, "", text, front.spoken(text, language), language, "s",
             f"m.csv:{n}", "train", str(n))
        for n, text in enumerate(texts)
    ]  # fmt: skip
    manifest.write(Dataset(Path(name), language, front.identity, tuple(clips)))
    return Path(name)


def extended(capsys: Capture, *words: object) -> dict[str, Any]:
    """Run `dimts vocab --base base --json` and return what it prints."""
    done = run(capsys, "vocab", "--base", "base", *words, "--json")
    assert done.code == 0, done
    facts: dict[str, Any] = json.loads(done.out)
    return facts


def vocabulary(path: str = "vocab.json") -> dict[str, int]:
    return Tokenizer.read(Path(path)).vocabulary


def test_a_vocabulary_and_its_report(capsys: Capture) -> None:
    facts = extended(capsys, dataset("am"))
    found = facts["languages"]["am"]
    assert facts["rows"] - facts["rows_before"] == facts["new"] == facts["added_now"] == found["new_tokens"] > 450
    assert Tokenizer.read(Path("vocab.json")).rows == facts["rows"]
    assert (found["unknown"], found["coverage"], found["unreachable"], found["missing"]) == (0, 1, 0, "")
    assert found["unknown_before"] > 0.5
    assert found["tokens_per_character"] < found["tokens_per_character_before"]
    assert found["fertility"] < found["fertility_before"]
    counted = sum(
        len(Tokenizer.read(Path("vocab.json")).encode_spoken(clip.spoken, "am")) - 1
        for clip in manifest.read(Path("am")).clips
    )
    assert found["tokens_per_s"] == pytest.approx(counted / (2.0 * len(AMHARIC)))
    assert (found["texts"], found["over_limit_before"], found["over_limit"]) == (len(AMHARIC), 0, 0)
    assert facts["normaliser"] == Front().identity


def test_a_table_for_people(capsys: Capture) -> None:
    done = run(capsys, "vocab", dataset("am", ("ሰላም " * 500, *AMHARIC)), "--base", "base")
    assert done.code == 0
    for words in ("rows", "am, 31 texts", "before", "after", "unknown tokens", "tokens a word", "a second of audio"):
        assert words in done.out
    over = next(line for line in done.out.splitlines() if "clips over 402 tokens" in line)
    assert over.split()[-2:] == ["1", "1"]
    assert max(map(len, done.out.splitlines())) <= 80


def test_size_bounds_what_a_language_gets(capsys: Capture) -> None:
    assert extended(capsys, dataset("am"), "--size", 495)["new"] == 495
    assert extended(capsys, dataset("am"), "--size", 495)["added_now"] == 0
    assert extended(capsys, dataset("am"), "--size", 505)["added_now"] == 10


def test_running_again_moves_no_id(capsys: Capture) -> None:
    extended(capsys, dataset("am"))
    first, text = vocabulary(), Path("vocab.json").read_bytes()
    assert extended(capsys, dataset("am"))["added_now"] == 0
    assert Path("vocab.json").read_bytes() == text
    assert extended(capsys, dataset("am", MORE))["added_now"] > 0
    assert first.items() < vocabulary().items()
    assert "ትምህርት" in vocabulary()


def test_going_on_from_another_file(capsys: Capture) -> None:
    extended(capsys, dataset("am"))
    extended(capsys, dataset("more", MORE), "--extend", "vocab.json", "--out", "deep/er.json")
    assert vocabulary().items() < vocabulary("deep/er.json").items()


def test_a_bundle_as_base(capsys: Capture) -> None:
    extended(capsys, dataset("am"), "--out", "base/vocab.json", "--size", 510)
    facts = extended(capsys, dataset("more", MORE))
    assert facts["rows_before"] == Tokenizer.from_json(base.vocabulary()).rows + 510
    assert vocabulary("base/vocab.json").items() < vocabulary().items()


def test_several_languages(capsys: Capture) -> None:
    facts = extended(capsys, dataset("ti", TIGRINYA, "ti"), dataset("am"))
    assert set(facts["languages"]) == {"am", "ti"}
    assert {"[am]", "[ti]", "ከመይ"} <= vocabulary().keys()
    assert all(found["unknown"] == 0 for found in facts["languages"].values())


def test_ipa_gets_its_own_letters_and_no_others(capsys: Capture) -> None:
    facts = extended(capsys, dataset("g2p", front=Front("rules")))
    assert facts["languages"]["am"]["unknown"] == 0
    assert facts["new"] < 150
    assert {"ə", "ʔ", "ʒ", "ː", "[am]"} <= vocabulary().keys()  # no text has ʒ: every phone comes
    assert "ሰ" not in vocabulary()


def test_a_stopped_run_leaves_the_old_file(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    extended(capsys, dataset("am"))
    before = Path("vocab.json").read_bytes()

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    more = dataset("more", MORE)
    with monkeypatch.context() as disk:
        disk.setattr(os, "replace", full)
        done = run(capsys, "vocab", more, "--base", "base")
    assert done.code == 1
    assert "vocab.json: cannot be written (No space left on device)" in done.err
    assert Path("vocab.json").read_bytes() == before


def foreign_extension() -> None:
    document = json.loads(base.vocabulary())
    ids = document["model"]["vocab"]
    ids["q"], ids["z"] = ids["z"], ids["q"]
    Path("vocab.json").write_text(json.dumps(document), encoding="utf-8")


def test_what_is_there_and_no_extension_stays(capsys: Capture) -> None:
    foreign_extension()
    before = Path("vocab.json").read_bytes()
    done = run(capsys, "vocab", dataset("am"), "--base", "base")
    assert done.code == 1
    assert done.err == (
        "dimts: vocab.json: does not extend this base's vocabulary: 2 base tokens have another id, first 'q'; "
        "remove it, or choose another --out\n"
    )
    assert Path("vocab.json").read_bytes() == before


def other_normaliser() -> None:
    head = json.loads(Path("am/dataset.json").read_text(encoding="utf-8"))
    Path("am/dataset.json").write_text(json.dumps({**head, "normaliser": "dimts-0"}), encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("am", "--base", "none"), "none/vocab.json: there is no such file"),
        (("am", "--base", "empty"), "empty/vocab.json: there is no such file"),
        (
            ("am", "--base", "base", "--out", "empty"),
            "empty: is a folder; give the name of a file, such as empty/vocab",
        ),
        (("am", "--base", "base", "--out", "am/clips.jsonl/x"), "cannot be written"),
        (("none", "--base", "base"), "none: no such folder; give a dataset folder"),
        (("old", "--base", "base"), "old: texts were normalised by dimts-0, this is "),
        (("am", "g2p", "--base", "base"), "g2p: texts were read by dimts-1+ipa-rules-1, those of am by dimts-1"),
        (("am", "--base", "base", "--extend", "none.json"), "none.json: there is no such file"),
    ],
)
def test_errors_are_one_line(words: tuple[str, ...], problem: str, capsys: Capture) -> None:
    dataset("am")
    other_normaliser()
    Path("am").rename("old")
    dataset("am")
    dataset("g2p", front=Front("rules"))
    Path("empty").mkdir()
    done = run(capsys, "vocab", *words)
    assert (done.code, done.out) == (1, "")
    assert problem in done.err
    assert done.err.count("\n") == 1
