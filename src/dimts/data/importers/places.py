"""Places: where the files lie that sources name, and what their names say."""

import os
import unicodedata
from pathlib import Path

from dimts.data.manifest import Rejection

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".webm", ".aiff", ".wma") + (
    ".aif", ".oga", ".w64", ".caf", ".au", ".amr", ".mka")  # fmt: skip
VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".m4v", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv", ".3gp")
MEDIA_SUFFIXES = AUDIO_SUFFIXES + VIDEO_SUFFIXES  # best first, where a name has several
AUDIO_FOLDERS = ("", "wavs", "clips", "audio")  # beside a table; Common Voice uses clips/
SHOWN = 80  # characters of a cell or name that stand for it in the ledger


def is_media(path: Path) -> bool:
    """Whether a name is one of a recording or a video."""
    return path.suffix.lower() in MEDIA_SUFFIXES


def locate(root: Path, name: str) -> Path | None:
    """The recording that a cell names, absolute or beside the table, with or without suffix; None where there is none.

    Never by file name alone: a recording of the same name elsewhere may be of other words.
    """
    if not name:
        return None
    forms = (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name), name.replace("\\", "/"))
    for spelled in dict.fromkeys(forms):
        for folder in AUDIO_FOLDERS:
            for suffix in ("", *MEDIA_SUFFIXES):
                candidate = os.path.join(root, folder, spelled + suffix)
                if os.path.isfile(candidate):
                    return Path(candidate)
    return None


def missing(root: Path, name: str, source: str, text: str = "") -> Rejection:
    """Turn away what leads to no recording, with the places that were searched."""
    places = ", ".join(str(root / folder) for folder in AUDIO_FOLDERS)
    limit = printable(f"looked in {places}, as it is and with {' '.join(MEDIA_SUFFIXES)}")
    return turned_away(Path(name).stem, "missing", name, limit, source, text)


def turned_away(name: str, reason: str, measured: float | str, limit: str, source: str, text: str = "") -> Rejection:
    """Turn away a find, before anything of it is read."""
    return Rejection(printable(name)[:SHOWN], "read", reason, measured, limit, source, text)


def printable(text: str) -> str:
    """A path as text that every file can hold: bytes that are no UTF-8 are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def within(root: Path, path: Path, line: int | None = None) -> str:
    """Name a file as a place in a folder, without another colon: `FOLDER:sub/talk.srt 12`."""
    name = str(path.relative_to(root)).replace(":", "%3A")
    return printable(f"{root}:{name}" if line is None else f"{root}:{name} {line}")


def key(name: str) -> str:
    """A file name for comparing: composed letters, whatever the file system made of them."""
    return unicodedata.normalize("NFC", name)
