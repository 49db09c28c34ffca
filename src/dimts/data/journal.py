"""The journal: what each stage found, so that nothing is decoded, heard, aligned or written down twice.

`read.jsonl` in the dataset folder. What was measured of a file or of a stretch of it is an entry; what a stage found
of it is a note; keys name the hash of the file and all that the result depends on. It is a cache: deleting it costs
time and nothing else. It grows line by line while the stages run, so that a killed run goes on where it stopped.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dimts.data.measures import Measures
from dimts.errors import DataError

NAME = "read.jsonl"


@dataclass(frozen=True)
class Entry:
    """What a source file or a stretch of it gave, and the stored clip if it passed."""

    key: str  # sha256 of the source file, with stretch and repair
    measures: Measures
    audio: str = ""  # stored file, relative to the dataset folder
    size: int = 0  # its bytes
    sha256: str = ""


class Journal:
    """The entries and notes of one dataset folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._entries: dict[str, Entry] = {}
        self._notes: dict[str, Any] = {}
        self._owner: dict[str, str] = {}  # stored file -> content last put into it
        content = self.path.read_bytes() if self.path.is_file() else b""
        self._torn = bool(content) and not content.endswith(b"\n")
        for line in content.split(b"\n"):
            self._learn(line)

    def find(self, key: str) -> Entry | None:
        """What was measured of a file or a stretch."""
        return self._entries.get(key)

    def note(self, key: str) -> Any:
        """What a stage found, None where it was not there yet."""
        return self._notes.get(key)

    def entries(self) -> Iterator[Entry]:
        """Yield every entry."""
        yield from self._entries.values()

    def owner(self, audio: str) -> str | None:
        """The content that a stored file was written for, None for a free name."""
        return self._owner.get(audio)

    def stored(self, entry: Entry) -> bool:
        """Whether the stored file of an entry is still there and still its own."""
        path = self.folder / entry.audio
        return self._owner.get(entry.audio) == entry.measures.content and path.is_file() and _size(path) == entry.size

    def add(self, entry: Entry) -> None:
        """Remember an entry, at once on disk. DataError when the disk is full."""
        known = self._entries.get(entry.key)
        if known != entry:
            same = known is not None and known.measures == entry.measures
            self._append({name: value for name, value in asdict(entry).items() if not (same and name == "measures")})
            self._keep(entry)

    def add_note(self, key: str, value: Any) -> None:
        """Remember what a stage found, as JSON can hold it. DataError when the disk is full."""
        if self._notes.get(key) != value:
            self._append({"note": key, "value": value})
            self._notes[key] = value

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(("\n" * self._torn + line).encode())
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror}; make room, then run again") from error
        self._torn = False

    def _learn(self, line: bytes) -> None:
        """Take a line in; one cut off by a kill or written by another version is no loss: its source is read again."""
        try:
            values = json.loads(line)
            if "note" in values:
                self._notes[values["note"]] = values["value"]
            else:
                known = self._entries.get(values["key"])
                measures = Measures(**values["measures"]) if "measures" in values else known and known.measures
                self._keep(Entry(**values | {"measures": measures}))
        except (ValueError, TypeError, KeyError, AttributeError):
            return

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.key] = entry
        if entry.audio:
            self._owner[entry.audio] = entry.measures.content


def _size(path: Path) -> int:
    return path.stat().st_size
