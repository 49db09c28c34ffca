"""What a run leaves behind while it runs: metrics.jsonl, one object a line."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dimts import files

METRICS = "metrics.jsonl"


class Metrics:
    """Appends lines to metrics.jsonl; lines of what will be done again are cut off first. TrainingError: no disk."""

    def __init__(self, run: Path, update: int) -> None:
        self.path = run / METRICS
        kept = [line for line in read(run) if 0 < update >= line["update"]]  # at 0 everything is done again
        with files.writing(self.path):
            files.write_text(self.path, "".join(json.dumps(line) + "\n" for line in kept))

    def write(self, kind: str, update: int, facts: Mapping[str, Any]) -> None:
        """Append one line; numbers that JSON lacks become null."""
        line = json.dumps({"kind": kind, "update": update, **{key: _plain(value) for key, value in facts.items()}})
        with files.writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def read(run: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a run's metrics; what a killed process left half written is skipped."""
    path = run / METRICS
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict) and isinstance(content.get("update"), int):
            yield content


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
