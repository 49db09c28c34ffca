"""What an evaluation has found out already: spoken sentences and what was measured of each, kept beside its report.

A key names all that a result depends on: weights, sentence, voice, settings, seed. Files are whole or not there.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dimts import files

FOLDER = "takes"


def key_of(*parts: Any) -> str:
    """Return a name for what JSON can hold: 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Cache:
    """A folder of results by key."""

    folder: Path  # of the evaluation

    def place(self, key: str, suffix: str) -> Path:
        """Return where a result of a key lies, or would."""
        return self.folder / FOLDER / key[:2] / f"{key}{suffix}"

    def find(self, key: str, name: str) -> Any:
        """Return what was kept under a name, None where nothing was or it cannot be read."""
        try:
            return json.loads(self.place(key, f".{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def keep(self, key: str, name: str, found: Any) -> None:
        """Keep what JSON can hold under a name."""
        path = self.place(key, f".{name}.json")
        with files.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_text(path, json.dumps(found, ensure_ascii=False))

    def remember(self, key: str, name: str, find_out: Callable[[], Any]) -> Any:
        """Return what was kept, or find it out and keep it."""
        found = self.find(key, name)
        if found is None:
            found = find_out()
            self.keep(key, name, found)
        return found
