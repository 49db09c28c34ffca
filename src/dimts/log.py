"""What a run leaves behind while it runs: metrics.jsonl, one object a line.

Lines stand in the order of updates, so a run that goes on cuts its file where the new lines begin: found from the end,
for a file of any length.
"""

import json
import math
import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dimts import files

METRICS = "metrics.jsonl"


class Metrics:
    """Appends lines to metrics.jsonl; lines of what will be done again are cut off first. TrainingError: no disk.

    `told` is how far the file went before: the last update, and the kinds of its lines.
    """

    def __init__(self, run: Path, update: int) -> None:
        self.path = run / METRICS
        self.told: tuple[int, frozenset[str]] = (0, frozenset())
        with files.writing(self.path):
            self.path.touch()
            self._cut(update)

    def write(self, kind: str, update: int, facts: Mapping[str, Any]) -> None:
        """Append one line; numbers that JSON lacks become null."""
        line = json.dumps({"kind": kind, "update": update, **{key: _plain(value) for key, value in facts.items()}})
        with files.writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _cut(self, update: int) -> None:
        """Leave the lines up to an update, none at 0: then everything is done again."""
        end, last, kinds = 0, 0, set[str]()
        for after, row in _rows_from_the_end(self.path):
            line = _parsed(row)
            if line is None:
                continue
            last = last or line["update"]
            if line["update"] == last:
                kinds.add(str(line.get("kind")))
            if not end and 0 < update >= line["update"]:
                end = after
            if line["update"] < last and (end or not update):
                break
        self.told = (last, frozenset(kinds))
        os.truncate(self.path, end)


def read(run: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a run's metrics; what a killed process left half written is skipped."""
    path = run / METRICS
    if path.is_file():
        with path.open("rb") as file:
            yield from (line for row in file if (line := _parsed(row)) is not None)


def _rows_from_the_end(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the rows of a file, last first, each with the place after it; what has no end is no row."""
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as rows:
        after = rows.rfind(b"\n") + 1
        while after:
            start = rows.rfind(b"\n", 0, after - 1) + 1
            yield after, rows[start:after]
            after = start


def _parsed(row: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(row)
    except ValueError:
        return None
    return content if isinstance(content, dict) and isinstance(content.get("update"), int) else None


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
