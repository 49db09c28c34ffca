"""Walking: what lies in a folder and below it, each folder once, whatever links lead round in circles."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dimts.data.importers import cues
from dimts.data.importers.places import is_media, printable, turned_away, within
from dimts.data.manifest import Rejection

WORDS = (".txt", ".lab")
TIMED = (*cues.SUFFIXES, ".json", ".json3")


@dataclass
class Walked:
    """Recordings, files of words, files of words with times; `away` are folders that were not entered."""

    media: list[Path] = field(default_factory=list)
    words: list[Path] = field(default_factory=list)
    timed: list[Path] = field(default_factory=list)
    away: list[Rejection] = field(default_factory=list)

    def take(self, files: Iterable[Path]) -> None:
        """Sort files in by what their names say."""
        for path in files:
            if is_media(path):
                self.media.append(path)
            elif path.suffix.lower() in WORDS:
                self.words.append(path)
            elif path.suffix.lower() in TIMED:
                self.timed.append(path)


def walk(root: Path) -> Walked:
    """Look into every folder but hidden ones, those that links name after all others; sort what was found by name."""
    walked, seen = Walked(), {_identity(root)}
    folders, links = [root], list[Path]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        if folder.is_symlink() and folder != root:
            if _identity(folder) in seen:
                real = printable(os.path.realpath(folder))
                walked.away.append(_away(root, folder, "folder again", real, "each folder once"))
                continue
            seen.add(_identity(folder))
        for path in _entries(root, folder, walked):
            if path.is_symlink():
                links.append(path)
            else:
                seen.add(_identity(path))
                folders.append(path)
    for found in (walked.media, walked.words, walked.timed):
        found.sort()
    return walked


def _identity(folder: Path) -> tuple[int, int]:
    """What a folder is, whatever it is called: its device and number."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def _entries(root: Path, folder: Path, walked: Walked) -> list[Path]:
    """Take the files of a folder, and give the folders in it."""
    try:
        entries = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    except OSError as error:
        walked.away.append(_away(root, folder, "no permission", error.strerror or "", "a folder that may be read"))
        return []
    walked.take(path for path in entries if not os.path.isdir(path))
    return [path for path in entries if os.path.isdir(path)]


def _away(root: Path, folder: Path, reason: str, measured: str, limit: str) -> Rejection:
    return turned_away(folder.name, reason, measured, limit, within(root, folder))
