"""The journal of the read stage: what each source file gave, so that nothing is decoded twice.

`read.jsonl` in the dataset folder, keyed by the hash of the source file. It is a cache: deleting it costs time and
nothing else. It grows line by line while the stage runs, so that a killed run goes on where it stopped.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from dimts.data.filters import Measures
from dimts.errors import DataError

NAME = "read.jsonl"


@dataclass(frozen=True)
class Entry:
    """What the source file with the hash `origin` gave, and the stored clip if it passed."""

    origin: str  # sha256 of the source file
    measures: Measures
    audio: str = ""  # stored file, relative to the dataset folder
    size: int = 0  # its bytes
    sha256: str = ""


class Journal:
    """The entries of one dataset folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._entries: dict[str, Entry] = {}
        self._owner: dict[str, str] = {}  # stored file -> content last put into it
        content = self.path.read_bytes() if self.path.is_file() else b""
        self._torn = bool(content) and not content.endswith(b"\n")
        for line in content.split(b"\n"):
            self._learn(line)

    def find(self, origin: str) -> Entry | None:
        """What is known of a source file."""
        return self._entries.get(origin)

    def owner(self, audio: str) -> str | None:
        """The content that a stored file was written for, None for a free name."""
        return self._owner.get(audio)

    def stored(self, entry: Entry) -> bool:
        """Whether the stored file of an entry is still there and still its own."""
        path = self.folder / entry.audio
        return self._owner.get(entry.audio) == entry.measures.content and path.is_file() and _size(path) == entry.size

    def add(self, entry: Entry) -> None:
        """Remember an entry, at once on disk. DataError when the disk is full."""
        if self._entries.get(entry.origin) == entry:
            return
        line = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(("\n" * self._torn + line).encode())
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror}; make room, then run again") from error
        self._torn = False
        self._keep(entry)

    def _learn(self, line: bytes) -> None:
        """Take a line in; one cut off by a kill or written by another version is no loss: its source is read again."""
        try:
            values = json.loads(line)
            self._keep(Entry(**values | {"measures": Measures(**values["measures"])}))
        except (ValueError, TypeError, KeyError):
            return

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.origin] = entry
        if entry.audio:
            self._owner[entry.audio] = entry.measures.content


def _size(path: Path) -> int:
    return path.stat().st_size
