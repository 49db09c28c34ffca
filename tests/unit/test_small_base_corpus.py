"""The corpus of benchmarks/small_base: many texts, never those held out, of known characters, spoken the same again."""

import csv
import itertools
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from dimts.audio.io import read
from dimts.data.words import group_of
from dimts.text.bpe import Tokenizer
from dimts.text.languages import OFFICIAL
from dimts.text.normalise import normalise

FOLDER = Path(__file__).parents[2] / "benchmarks" / "small_base"
LANGUAGES = ("en", "es", "it", "de", "pl")
MANY = 1500


@pytest.fixture
def sentences(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    return import_module("sentences")


@pytest.fixture
def tokenizer(monkeypatch: pytest.MonkeyPatch) -> Tokenizer:
    monkeypatch.syspath_prepend(str(FOLDER))
    return Tokenizer.from_json(import_module("vocab").vocabulary())


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_many_different_and_ruled_by_the_seed(sentences: Any, language: str) -> None:
    texts, same, others = (list(itertools.islice(sentences.training(language, seed), MANY)) for seed in (0, 0, 1))
    assert texts == same and len(set(map(group_of, texts))) == MANY
    assert len(set(texts) & set(others)) < 0.15 * MANY
    lengths = [len(text) for text in texts]
    assert 0.08 * MANY < sum(len(text.split()) <= 3 for text in texts) < 0.2 * MANY
    assert 40 < median(lengths) < 70 and max(lengths) <= 160
    assert all(any(text.endswith(mark) for text in texts) for mark in ".?!")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_training_holds_a_sentence_held_out(sentences: Any, language: str) -> None:
    held_out = sentences.held_out(language)
    assert len(held_out) == len(set(held_out)) == 60 and all(len(text) > 17 for text in held_out)
    assert sentences.listening(language) == held_out[:24]
    kept_back = [f" {group_of(text)} " for text in held_out]
    for text in itertools.islice(sentences.training(language, 0), MANY):
        for part in re.split(r"(?<=[.!?]) ", text):
            assert f" {group_of(part)} " not in kept_back, text


def test_a_sentence_held_out_is_left_out_alone_and_within_a_longer_one(
    sentences: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter(["A red hat.", "Kept back!", "Kept back! A red hat.", "A blue hat."])
    monkeypatch.setattr(sentences, "held_out", lambda _: ("Kept back.",))
    monkeypatch.setattr(sentences.Writer, "any", lambda _: next(said))
    assert list(itertools.islice(sentences.training("en", 0), 2)) == ["A red hat.", "A blue hat."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_of_the_vocabulary_and_clean(sentences: Any, tokenizer: Tokenizer, language: str) -> None:
    texts = [*itertools.islice(sentences.training(language, 0), MANY), *sentences.held_out(language)]
    spoken = [normalise(text, language) for text in texts]
    for text, ids in zip(spoken, tokenizer.encode_spoken_batch(spoken, language), strict=True):
        assert tokenizer.unknown_id not in ids, text
    for text in texts:
        assert text == " ".join(text.split()) and text[-1] in ".?!" and not set(text) & set("{}|@")


def test_the_vocabulary_is_small_and_has_every_tag(tokenizer: Tokenizer) -> None:
    assert 110 <= tokenizer.rows <= 160 and not tokenizer.merges
    assert set(tokenizer.languages) == {"zh-cn" if code == "zh" else code for code in OFFICIAL}


def test_pseudo_words_follow_the_letters_of_the_words(sentences: Any) -> None:
    assert sentences.chain(["ab", "ac"]) == {"^^": ["a", "a"], "^a": ["b", "c"], "ab": ["$"], "ac": ["$"]}
    words = {word for text in itertools.islice(sentences.training("it", 0), 500) for word in group_of(text).split()}
    known = {word for line in (FOLDER / "texts" / "it.txt").open(encoding="utf-8") for word in group_of(line).split()}
    assert len([word for word in words - known if word.isalpha()]) > 50


def test_the_corpus_is_spoken_the_same_on_any_number_of_workers(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="the demo extra is not installed")
    made = [build(tmp_path / str(workers), workers) for workers in (1, 2)]
    assert contents(made[0]) == contents(made[1])
    with (made[0] / "es" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    assert len(rows) > 20 and len({row["speaker_name"] for row in rows}) >= 6
    assert "m6" not in {row["speaker_name"] for row in rows}
    lengths = [read(made[0] / "es" / row["audio_file"]).duration_s for row in rows]
    assert all(1.0 <= length <= 10.0 for length in lengths) and 2.5 < median(lengths) < 5.5
    assert 0.75 * 144 < sum(lengths) < 1.25 * 144
    stamps = {file: file.stat().st_mtime_ns for file in (made[0] / "es").rglob("*.wav")}
    build(made[0], 1)
    assert {file: file.stat().st_mtime_ns for file in (made[0] / "es").rglob("*.wav")} == stamps


def build(out: Path, workers: int) -> Path:
    command = [sys.executable, FOLDER / "corpus.py", out, "--hours", "0.04", "--languages", "es"]
    subprocess.run([*map(str, command), "--workers", str(workers)], check=True, stdout=subprocess.PIPE)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
