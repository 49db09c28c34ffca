"""Folders of recordings: what lies beside them, who speaks, and what leads nowhere."""

import os
import subprocess
import unicodedata
from pathlib import Path

import pytest

from dimts.data import importers
from dimts.data.importers import Found, Utterance
from dimts.data.manifest import Rejection
from dimts.errors import DataError


def lay(root: Path, *names: str) -> None:
    """Make files, `name` or `name=content`; recordings stay empty, for an importer decodes nothing."""
    for name in names:
        path, _, text = name.partition("=")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def found(root: Path, language: str | None = None) -> dict[str, Found]:
    """What is found, by name below the root: recordings by their own, the rest by what it is about."""
    finds = list(importers.read(root, language))
    named = {str(each.audio.relative_to(root)) if isinstance(each, Utterance) else each.id: each for each in finds}
    assert len(named) == len(finds)
    return named


def said(root: Path) -> dict[str, tuple[str, str | None]]:
    return {name: (each.text, getattr(each, "speaker", "-")) for name, each in found(root).items()}


def test_texts_beside_recordings(tmp_path: Path) -> None:
    lay(tmp_path, "a.wav", "a.txt=One\n", "b.FLAC", "b.lab=Two", "c.mp3", "d.mp4", "d.mp4.txt=Four", "e.wav", "e.txt=")
    texts = {name: text for name, (text, _) in said(tmp_path).items()}
    assert texts == {"a.wav": "One", "b.FLAC": "Two", "c.mp3": "", "d.mp4": "Four", "e.wav": ""}
    assert found(tmp_path)["a.wav"].source == f"{tmp_path}:a.txt"
    assert found(tmp_path)["c.mp3"].source == f"{tmp_path}:c.mp3"
    assert importers.listing(tmp_path) == tmp_path


def test_libri_tts(tmp_path: Path) -> None:
    for subset, speaker in (("train-clean-100", "19"), ("dev-clean", "84")):
        name = f"LibriTTS/{subset}/{speaker}/198/{speaker}_198_000"
        lay(tmp_path, f"{name}.wav", f"{name}.normalized.txt=Doctor No", f"{name}.original.txt=Dr. No")
    lay(tmp_path, "LibriTTS/dev-clean/84/198/84_198.trans.tsv=84_198_000\tDr. No\tDoctor No")
    assert sorted(said(tmp_path).values()) == [("Doctor No", "19"), ("Doctor No", "84")]


def test_vctk(tmp_path: Path) -> None:
    for speaker in ("p225", "p226"):
        for microphone in ("mic1", "mic2"):
            lay(tmp_path, f"wav48/{speaker}/{speaker}_001_{microphone}.flac")
        lay(tmp_path, f"txt/{speaker}/{speaker}_001.txt=Please call Stella.")
    lay(tmp_path, "txt/p225/p225_002.txt=Never recorded.")
    finds = said(tmp_path)
    assert finds["wav48/p226/p226_001_mic2.flac"] == ("Please call Stella.", "p226")
    assert len(finds) == 5 and finds["p225_002"] == ("Never recorded.", "-")


def test_libri_speech(tmp_path: Path) -> None:
    lay(tmp_path, "84/1/84-1-0000.flac", "84/1/84-1-0001.flac", "84/1/84-1.trans.txt=84-1-0000 ONE\n84-1-0002 THREE\n")
    finds = found(tmp_path)
    assert {name: each.text for name, each in finds.items()} == {
        "84/1/84-1-0000.flac": "ONE", "84/1/84-1-0001.flac": "", "84-1.trans": "THREE"
    }  # fmt: skip
    assert finds["84-1.trans"].source == f"{tmp_path}:84/1/84-1.trans.txt 2"


def test_speakers_are_folders_that_differ(tmp_path: Path) -> None:
    lay(tmp_path, "corpus/wavs/a.wav", "corpus/wavs/b.wav")
    assert {speaker for _, speaker in said(tmp_path).values()} == {None}
    lay(tmp_path, "corpus/wavs/Abebe/c.wav")
    assert {speaker for _, speaker in said(tmp_path).values()} == {None}
    lay(tmp_path, "corpus/wavs/ከበደ/session 1/d.wav", "corpus/wavs/ከበደ/session 2/e.wav")
    speakers = {Path(name).stem: speaker for name, (_, speaker) in said(tmp_path).items()}
    assert speakers == {"a": None, "b": None, "c": "Abebe", "d": "ከበደ", "e": "ከበደ"}


def test_subsets_and_kinds_are_no_speakers(tmp_path: Path) -> None:
    lay(tmp_path, "train/a.wav", "test/b.wav", "dev-other/c.wav", "clips/d.mp3")
    assert {speaker for _, speaker in said(tmp_path).values()} == {None}


@pytest.mark.parametrize(
    "name", ["with space", "new\nline", "ሰላም ለዓለም", "a.b.c", "-dash", "comma, quote'", "#1", "10:30"]
)
def test_names(tmp_path: Path, name: str) -> None:
    lay(tmp_path, f"{name}.wav", f"{name}.txt=One")
    assert said(tmp_path) == {f"{name}.wav": ("One", None)}
    (one,) = importers.read(tmp_path)
    assert one.source.rpartition(":")[0] == str(importers.listing(tmp_path))


@pytest.mark.parametrize(("audio", "text"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_composed_and_decomposed_names_are_one(tmp_path: Path, audio: str, text: str) -> None:
    forms = {form: unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD")}
    (tmp_path / f"{forms[audio]}.wav").touch()
    (tmp_path / f"{forms[text]}.txt").write_text("One")
    (one,) = importers.read(tmp_path)
    assert isinstance(one, Utterance) and one.text == "One"


def test_names_that_are_no_unicode(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.wav", "wb"), open(os.fsencode(tmp_path) + b"/\xff.txt", "wb") as file:
        file.write(b"One")
    (one,) = importers.read(tmp_path)
    assert isinstance(one, Utterance) and one.text == "One" and one.source.encode()


def test_hidden_and_foreign_files_are_no_recordings(tmp_path: Path) -> None:
    lay(tmp_path, "a.wav", "._a.wav", ".git/b.wav", "Thumbs.db", "cover.jpg", "notes.pdf", "data.json={}")
    assert list(found(tmp_path)) == ["a.wav"]


def test_words_without_a_recording_are_turned_away(tmp_path: Path) -> None:
    lay(tmp_path, "a.wav", "b.txt=Two", "c.lab=Three", "d.srt=1\n00:00:00,000 --> 00:00:01,000\nFour\n")
    finds = found(tmp_path)
    assert [finds[name].text for name in "bcd"] == ["Two", "Three", ""]
    assert {each.reason for each in finds.values() if isinstance(each, Rejection)} == {"missing"}


@pytest.mark.parametrize(
    ("content", "words"),
    [("Zoë".encode("latin-1"), "line 1 is not UTF-8"), (b"0 1200000 ah\n1200000 2500000 b\n", "labels with times")],
)
def test_words_in_no_known_form(tmp_path: Path, content: bytes, words: str) -> None:
    lay(tmp_path, "a.wav", "b.wav")
    (tmp_path / "a.lab").write_bytes(content)
    bad, good = importers.read(tmp_path)
    assert isinstance(bad, Rejection) and bad.reason == "bad text" and words in str(bad.measured)
    assert isinstance(good, Utterance)


def test_utf_16_and_byte_order_marks(tmp_path: Path) -> None:
    lay(tmp_path, "a.wav", "b.wav", "b.txt=\ufeffTwo\r\n")
    (tmp_path / "a.txt").write_bytes("ሰላም\r\n".encode("utf-16"))
    assert said(tmp_path) == {"a.wav": ("ሰላም", None), "b.wav": ("Two", None)}


def test_links_round_in_circles(tmp_path: Path) -> None:
    lay(tmp_path, "a/one.wav", "b/c/two.wav")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    (tmp_path / "aa").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "round.wav").symlink_to(tmp_path / "round.wav")
    finds = found(tmp_path)
    reasons = {name: each.reason for name, each in finds.items() if isinstance(each, Rejection)}
    assert reasons == {"gone": "missing", "round": "missing", "up": "folder again", "aa": "folder again"}
    assert {name for name in finds if name not in reasons} == {"a/one.wav", "b/c/two.wav"}


def test_linked_folders_are_entered_once(tmp_path: Path) -> None:
    lay(tmp_path, "outside/a.wav")
    (tmp_path / "in").mkdir()
    for name in ("x", "y"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "outside", target_is_directory=True)
    first, again = importers.read(tmp_path / "in")
    assert isinstance(first, Utterance) and first.audio == tmp_path / "in" / "x" / "a.wav"
    assert isinstance(again, Rejection) and again.id == "y"


def test_folders_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "a.wav", "closed/b.wav")
    real = Path.iterdir

    def iterdir(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    good, closed = importers.read(tmp_path)
    assert isinstance(good, Utterance)
    assert isinstance(closed, Rejection)
    assert (closed.id, closed.reason, closed.measured) == ("closed", "no permission", "Permission denied")


def test_deep_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deeper than Python may recurse."""
    monkeypatch.chdir(tmp_path)
    for _ in range(1100):
        os.mkdir("d")
        os.chdir("d")
    Path("a.wav").touch()
    os.chdir(tmp_path)
    found = list(importers.read(tmp_path))
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # what pytest cannot
    assert len(found) == 1


def test_tables_are_not_overlooked(tmp_path: Path) -> None:
    lay(tmp_path, "wavs/a.wav", "train.csv=a|One\n", "metadata.txt=a|One\n", "README.txt=Recordings.")
    with pytest.raises(DataError, match=r"name the table: metadata\.txt, train\.csv$"):
        importers.read(tmp_path)
    lay(tmp_path, "wavs/a.txt=One")
    assert found(tmp_path)["wavs/a.wav"].text == "One"


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    lay(tmp_path, "notes.pdf")
    with pytest.raises(DataError, match="holds no recording"):
        importers.read(tmp_path)


@pytest.mark.parametrize("name", ["talk.wav", "talk.mp4", "ንግግር.m4a"])
def test_one_recording(tmp_path: Path, name: str) -> None:
    lay(tmp_path, name, "other.wav", "other.txt=Two", "bad.trans.csv")
    (alone,) = importers.read(tmp_path / name)
    assert alone == Utterance(tmp_path / name, "", None, f"{tmp_path / name}:1")
    transcript = "A long one.\n\nOver many lines."
    lay(tmp_path, f"{Path(name).stem}.txt={transcript}\n")
    (one,) = importers.read(tmp_path / name)
    assert isinstance(one, Utterance) and one.text == transcript and one.source == f"{tmp_path / name}:1"


def test_one_recording_with_words_in_no_known_form(tmp_path: Path) -> None:
    lay(tmp_path, "talk.wav")
    (tmp_path / "talk.txt").write_bytes(b"\xff\xff\xff")
    with pytest.raises(DataError, match=r"talk\.txt: line 1 is not UTF-8"):
        list(importers.read(tmp_path / "talk.wav"))


def test_subtitles_beside_recordings(tmp_path: Path) -> None:
    cue = "1\n00:00:00,000 --> 00:00:01,000\nHello\n"
    lay(tmp_path, "a/talk.mp4", f"a/talk.am.srt={cue}", f"a/talk.en.srt={cue}", "b/song.wav", f"b/song.srt={cue}")
    finds = list(importers.read(tmp_path, "am"))
    assert [(each.source.removeprefix(f"{tmp_path}:"), each.text) for each in finds] == [
        ("a/talk.am.srt 2", "Hello"), ("b/song.srt 2", "Hello")
    ]  # fmt: skip
    assert [each.speaker for each in finds if isinstance(each, Utterance)] == ["a", "b"]
    (doubt, _) = importers.read(tmp_path)
    assert isinstance(doubt, Rejection) and doubt.reason == "bad text" and "talk.en.srt" in str(doubt.measured)
