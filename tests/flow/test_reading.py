"""Run, dataset, bundle and speech read text in one way, IPA with a user's words here, or stop in one line."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from dimts.checkpoint import export
from dimts.data import manifest
from dimts.infer import speak
from dimts.text.bpe import Tokenizer
from dimts.text.front import STORED, Front
from tests.flow.material import SETTINGS, recordings
from tests.unit.app.command import Done, run

Capture = pytest.CaptureFixture[str]
SMALL = {**SETTINGS, "train": {"max_updates": 1, "trainable": "all"}, "evaluate": {"at_start": False}}
SENTENCE = "ገና 5 ብር አለ።"
SAID = "ɡːəna ʔamsɨt bɨr ʔalə."


def ok(capsys: Capture, *words: object) -> Done:
    done = run(capsys, *words)
    assert done.code == 0, done
    return done


def refused(capsys: Capture, *words: object) -> str:
    """The one line of a command that stops with exit code 1."""
    done = run(capsys, *words)
    lines = [line for line in done.err.splitlines() if line.startswith("dimts: ")]
    assert done.code == 1 and len(lines) == 1 and "Traceback" not in done.err, done
    return lines[0]


def run_file(name: str, **changes: object) -> Path:
    """Write the run file of a small run; its datasets, base and vocabulary may be changed."""
    paths = {"base": "base", "vocab": "ipa.json", "out": name, "data": {"datasets": ["ipa"]}}
    content = {**paths, **SMALL, **changes}
    path = Path(f"{name}.yaml")
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten recordings and a lexicon."""
    folder = tmp_path_factory.mktemp("reading")
    recordings(folder / "source")
    (folder / "words.tsv").write_text("ገና\tገ፟ና\n", encoding="utf-8")
    return folder


@pytest.fixture
def here(workshop: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workshop with a base, two datasets of the same clips, a vocabulary and a trained voice in IPA; made once."""
    monkeypatch.chdir(workshop)
    if Path("run/voice").is_dir():
        return workshop
    ok(capsys, "base", "init", "base", "--size", "tiny")
    ok(capsys, "prepare", "source", "--out", "letters", "--eval-share", 0.2)
    ok(capsys, "prepare", "source", "--out", "ipa", "--eval-share", 0.2, "--mode", "g2p", "--lexicon", "words.tsv")
    ok(capsys, "vocab", "letters", "--base", "base", "--out", "letters.json")
    ok(capsys, "vocab", "ipa", "--base", "base", "--out", "ipa.json")
    Path("words.tsv").unlink()  # what is needed is in the dataset by now
    ok(capsys, "train", run_file("run", samples={"texts": [SENTENCE], "max_codes": 10}))
    return workshop


def test_the_bundle_says_and_holds_how_it_reads(here: Path) -> None:
    dataset, voice = manifest.read(Path("ipa")), Path("run/voice")
    described = export.read_description(voice)
    assert described["normaliser"] == dataset.normaliser == Front.like(dataset.normaliser, voice).identity
    assert [name for name in described["files"] if STORED.fullmatch(name)] == [
        f"{dataset.normaliser.rpartition('+')[2]}.tsv"
    ]


def test_speech_reads_as_training_did(here: Path, capsys: Capture) -> None:
    speaker = speak.load("run/voice")
    tokenizer = Tokenizer.read(Path("ipa.json"))
    assert speaker.pieces(SENTENCE, "am") == [tokenizer.encode_spoken(SAID, "am")]
    assert speaker.pieces("Mr. 5", "en") == [tokenizer.encode("Mr. 5", "en")]  # as the base learned it
    ok(capsys, "speak", "run/voice", SENTENCE, "--out", "said.wav", "--max-codes", 5, "--device", "cpu")
    assert Path("said.wav").is_file()


def test_long_text_is_split_before_it_is_pronounced(here: Path) -> None:
    speaker = speak.load("run/voice")
    pieces = speaker.pieces(f"{SENTENCE} " * 20, "am")
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= speaker.longest_text_tokens
    joined = " ".join(speaker.tokenizer.decode(piece) for piece in pieces)
    assert joined == " ".join([SAID] * 20)


def test_a_copied_bundle_reads_alike(here: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree("run/voice", tmp_path / "voice"))
    assert speak.load(moved).pieces(SENTENCE, "am") == speak.load("run/voice").pieces(SENTENCE, "am")


def test_a_bundle_without_its_words_is_refused(here: Path, capsys: Capture, tmp_path: Path) -> None:
    moved = Path(shutil.copytree("run/voice", tmp_path / "voice"))
    words = next(path for path in moved.iterdir() if STORED.fullmatch(path.name))
    words.write_text("ገና\tጌና\n", encoding="utf-8")
    assert "was trained on texts of normaliser" in refused(capsys, "speak", moved, "ሰላም")
    words.unlink()
    assert f"{words}: is missing" in refused(capsys, "speak", moved, "ሰላም")


def test_a_bundle_of_another_normaliser_is_refused(here: Path, capsys: Capture, tmp_path: Path) -> None:
    moved = Path(shutil.copytree("run/voice", tmp_path / "voice"))
    described = json.loads((moved / "bundle.json").read_text(encoding="utf-8"))
    (moved / "bundle.json").write_text(json.dumps({**described, "normaliser": "dimts-0"}), encoding="utf-8")
    line = refused(capsys, "speak", moved, "ሰላም")
    assert "was trained on texts of normaliser dimts-0, this is dimts-1; use that version" in line


def test_a_dataset_of_another_normaliser_is_refused(here: Path, capsys: Capture, tmp_path: Path) -> None:
    moved = Path(shutil.copytree("letters", tmp_path / "letters"))
    head = json.loads((moved / "dataset.json").read_text(encoding="utf-8"))
    (moved / "dataset.json").write_text(json.dumps({**head, "normaliser": "dimts-0"}), encoding="utf-8")
    file = run_file("other", vocab="letters.json", data={"datasets": [str(moved)]})
    for command in (("train", file), ("plan", file), ("vocab", moved, "--base", "base", "--out", "x.json")):
        assert "texts were normalised by dimts-0, this is dimts-1" in refused(capsys, *command)
    assert "texts were normalised by dimts-0" in refused(capsys, "check", moved)


def test_datasets_read_in_two_ways_are_refused(here: Path, capsys: Capture) -> None:
    file = run_file("both", data={"datasets": ["ipa", "letters"]})
    assert "letters: texts were read by dimts-1, those of " in refused(capsys, "train", file)


def test_a_vocabulary_of_the_other_mode_is_refused(here: Path, capsys: Capture) -> None:
    for vocab, dataset in (("letters.json", "ipa"), ("ipa.json", "letters")):
        file = run_file("wrong", vocab=vocab, data={"datasets": [dataset]})
        assert "unknown tokens: " in refused(capsys, "train", file)


def test_a_vocabulary_without_the_tag_is_refused(here: Path, capsys: Capture) -> None:
    file = run_file("untagged", vocab=None)
    assert "the vocabulary has no tag [am]" in refused(capsys, "train", file)
    assert "the vocabulary has no tag [am]" in refused(
        capsys, "speak", "base", "ሰላም", "--reference", "source/wavs/clip9.wav"
    )


def test_a_bundle_of_one_mode_does_not_learn_on_from_the_other(here: Path, capsys: Capture) -> None:
    ok(capsys, "vocab", "letters", "--base", "run/voice", "--out", "on.json")
    file = run_file("on", base="run/voice", vocab="on.json", data={"datasets": ["letters"]})
    assert "learned from IPA by rules, the datasets hold letters" in refused(capsys, "train", file)


def test_a_bundle_learns_on_in_its_mode(here: Path, capsys: Capture) -> None:
    ok(capsys, "train", run_file("further", base="run/voice", vocab=None))
    assert speak.load("further/voice").pieces(SENTENCE, "am") == speak.load("run/voice").pieces(SENTENCE, "am")


def test_a_run_whose_dataset_was_read_anew_stops(here: Path, capsys: Capture, tmp_path: Path) -> None:
    moved = Path(shutil.copytree("ipa", tmp_path / "ipa"))
    out = tmp_path / "run"
    file = run_file("again", data={"datasets": [str(moved)]}, out=str(out))
    ok(capsys, "train", file)
    (tmp_path / "words.tsv").write_text("ድምፅ\tድ፟ምፅ\n", encoding="utf-8")
    ok(capsys, "prepare", "source", "--out", moved, "--eval-share", 0.2, "--lexicon", tmp_path / "words.tsv")
    assert "was trained on another dataset;" in refused(capsys, "train", file)


def test_an_unknown_language_is_refused(here: Path, capsys: Capture) -> None:
    assert "language 'klingon': not a language code" in refused(
        capsys, "prepare", "source", "--out", "no", "--language", "klingon"
    )
    assert "language 'klingon': not a language code" in refused(
        capsys, "speak", "run/voice", "ሰላም", "--language", "klingon"
    )
    assert not Path("no").exists()
