"""Decisions of a person about single clips: `review.jsonl` in the dataset folder, applied by the next `prepare`.

One JSON object a line: {"id", "decision": "keep" | "drop" | "text", "text", "note"}; the last word about a clip counts.
Lines are only ever added, so a page and a person may write at the same time.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from dimts.errors import DataError

NAME = "review.jsonl"
Verdict = Literal["keep", "drop", "text"]


@dataclass(frozen=True)
class Decision:
    """What a person says of a clip: keep it against the checks, drop it, or take this text for it."""

    id: str
    decision: Verdict
    text: str = ""  # the new one, for "text"
    note: str = ""

    def __post_init__(self) -> None:
        if self.decision not in get_args(Verdict):
            raise DataError(f"decision is {self.decision!r}; choose from {', '.join(get_args(Verdict))}")
        if not self.id:
            raise DataError("id is empty; give the id of a clip")
        if (self.decision == "text") != bool(self.text.strip()):
            raise DataError(f"decision {self.decision} with text {self.text!r}; give a text with decision text only")


def read(folder: Path) -> dict[str, Decision]:
    """Give the last decision about each clip, none without a file. DataError names every line that is none."""
    path, decisions, problems = folder / NAME, dict[str, Decision](), []
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            decision = _decision(line)
            decisions[decision.id] = decision
        except DataError as error:
            problems.append(f"{path}: line {number}: {error}")
    if problems:
        raise DataError(*problems)
    return decisions


def append(folder: Path, decision: Decision) -> None:
    """Add a decision, at once on disk. DataError when the disk refuses."""
    path = folder / NAME
    line = json.dumps(asdict(decision), ensure_ascii=False) + "\n"
    try:
        with path.open("ab+") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            torn = end and file.read(1) != b"\n"
            file.write(("\n" * bool(torn) + line).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error


def _decision(line: bytes) -> Decision:
    try:
        values: Any = json.loads(line)
    except ValueError as error:
        raise DataError(f"is no JSON ({error})") from error
    if not isinstance(values, dict):
        raise DataError('is no object such as {"id": "clip", "decision": "drop"}')
    if unknown := values.keys() - {"id", "decision", "text", "note"}:
        raise DataError(f"there is no {', '.join(sorted(unknown))}; it has id, decision, text, note")
    if not all(isinstance(value, str) for value in values.values()):
        raise DataError("id, decision, text and note are strings")
    return Decision(values.get("id", ""), values.get("decision", ""), values.get("text", ""), values.get("note", ""))
