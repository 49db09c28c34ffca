"""What must not get through: paths outside the roots, foreign or oversized uploads, an open door."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts.app.ui import safety
from dimts.app.ui.safety import Roots
from dimts.errors import ConfigError, DataError


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    (tmp_path / "projects").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.wav").write_bytes(b"RIFF\0\0\0\0")
    (tmp_path / "projects" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "projects" / "a.srt").write_text("1")
    return Roots.of([tmp_path / "projects"])


def test_paths_inside_pass(roots: Roots, tmp_path: Path) -> None:
    assert roots.inside(tmp_path / "projects" / "new" / "x.wav") == tmp_path / "projects" / "new" / "x.wav"
    assert roots.source(f" {tmp_path / 'projects' / 'a.srt'} ") == str(tmp_path / "projects" / "a.srt")
    assert roots.source("hf:google/fleurs:am_et:train") == "hf:google/fleurs:am_et:train"
    assert roots.source("https://example.org/watch?v=1") == "https://example.org/watch?v=1"


@pytest.mark.parametrize(
    "path",
    ["{0}/outside/secret.wav", "{0}/projects/../outside/secret.wav", "{0}/projects/link/secret.wav", "/etc/passwd", "",
     "\0", "{0}/projects-2", "~root/x", "{0}/projects/a.srt={0}/outside/secret.wav", "hf:../../x", "https://", "--out"],
)  # fmt: skip
def test_paths_that_lead_out_are_refused(roots: Roots, tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError):
        roots.source(path.format(tmp_path))


def test_what_is_no_folder_is_no_root(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        Roots.of([tmp_path / "missing"])


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ("clip 1.WAV", "clip 1.wav"),
        ("../../etc/passwd.wav", "passwd.wav"),
        ("..\\..\\x.wav", "x.wav"),
        ("ድምፅ።.mp3", "ድምፅ_.mp3"),
        ("<b>.wav", "_b_.wav"),
        (".hidden.wav", "hidden.wav"),
        ("-rf.wav", "rf.wav"),
        ("a\n;b$(c).wav", "a__b__c_.wav"),
        ("x" * 300 + ".flac", "x" * 80 + ".flac"),
        ("...", "file."),
    ],
)
def test_uploads_get_names_of_ours(given: str, ours: str) -> None:
    assert safety.own_name(given) == ours


def sound(path: Path) -> Path:
    soundfile.write(path, np.zeros(800, np.float32), 8000)
    return path


def test_uploads_are_moved_and_never_replace(tmp_path: Path) -> None:
    (tmp_path / "came").mkdir()
    stored = [safety.accept(sound(tmp_path / "came" / "a.wav"), tmp_path / "recordings") for _ in range(3)]
    assert [path.name for path in stored] == ["a.wav", "a-2.wav", "a-3.wav"] and not (
        tmp_path / "came" / "a.wav"
    ).exists()
    (tmp_path / "came" / "metadata.csv").write_text("a.wav|ሰላም\n", encoding="utf-16")
    assert safety.accept(tmp_path / "came" / "metadata.csv", tmp_path / "recordings").name == "metadata.csv"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("page.html", b"<html>", "kind of file"),
        ("run.exe", b"MZ\0\0", "kind of file"),
        ("page.wav", b"<!DOCTYPE html><script>alert(1)</script>", "is not a recording"),
        ("words.wav", "ሰላም ለዓለም።".encode() * 400, "is not a recording"),
        ("program.mp3", b"\x7fELF\x02\x01\0\0", "is not a recording"),
        ("table.csv", b"\0\1\2\3", "is not text"),
        ("table.csv", b"PK\x03\x04 sheet", "is not text"),
        ("empty.wav", b"", "is empty"),
        ("long.wav", b"RIFF\0" + b"\1" * 2000, "are more than"),
    ],
)
def test_wrong_uploads_are_refused(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=why):
        safety.accept(tmp_path / name, tmp_path / "recordings", most_bytes=1 << 20 if len(content) != 2005 else 1000)
    assert not (tmp_path / "recordings").exists()


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("a file where a folder should be")
    with pytest.raises(DataError, match="cannot be stored"):
        safety.accept(sound(tmp_path / "a.wav"), tmp_path / "recordings")


def test_the_door_is_open_only_with_a_password() -> None:
    safety.refuse_open_door("127.0.0.1", None, None)
    safety.refuse_open_door("0.0.0.0", "me", "word")
    for host, user, password in (("0.0.0.0", None, None), ("192.168.1.2", "me", None), ("127.0.0.1", None, "word")):
        with pytest.raises(ConfigError, match="password"):
            safety.refuse_open_door(host, user, password)
