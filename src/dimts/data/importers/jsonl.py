"""JSON lines and JSON lists of objects, under the names that NeMo, Hugging Face, Coqui and others give the fields.

A file is named by a string, or by `path` inside an object as Hugging Face has it. A line that is no such object is
turned away alone.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dimts.data.importers import Found, fields, texts
from dimts.data.importers.places import printable, turned_away
from dimts.errors import DataError

SUFFIXES = (".jsonl", ".ndjson", ".json")
IN_FOLDER = ("clips.jsonl", "metadata.jsonl", "manifest.jsonl")  # of Dimts, Hugging Face, NeMo
ROW = "a JSON object with audio and text"


def accepts(source: Path) -> bool:
    """Whether this is a list, or a folder that holds one under a usual name; a JSON transcript is none."""
    found = list_of(source)
    return found is not None and (found.suffix.lower() != ".json" or _begins_a_list(found))


def list_of(source: Path) -> Path | None:
    """The list that a source means: itself, or one inside a folder; None where there is none."""
    if source.is_dir():
        return next((source / name for name in IN_FOLDER if (source / name).is_file()), None)
    return source if source.suffix.lower() in SUFFIXES else None


def read(source: Path, language: str | None = None) -> Iterator[Found]:
    """Find the utterances of a list, one for each object, what is none turned away. DataError in one line."""
    found = list_of(source) or source
    rows = _rows(found)
    if not rows:
        raise DataError(f"{found}: is empty; give {ROW} on each line")
    for line, content in rows:
        yield _found(found, line, content)


def _rows(path: Path) -> list[tuple[int, Any]]:
    """Numbered objects; a line that is no JSON stays the text that it is."""
    text = texts.read(path)
    if path.suffix.lower() == ".json":
        try:
            content = json.loads(text)
        except ValueError as error:
            raise DataError(f"{path}: is no JSON ({error}); write it again") from error
        if not isinstance(content, list):
            raise DataError(f"{path}: is neither a list of objects nor a transcript with segments; give one of these")
        return list(enumerate(content, start=1))
    return [(number, _parsed(line)) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line


def _found(path: Path, line: int, content: Any) -> Found:
    """One object as an utterance, or turned away."""
    source = printable(f"{path}:{line}")
    if not isinstance(content, Mapping):
        return turned_away(str(content), "bad row", printable(str(content))[:200], ROW, source)
    names = fields.named(content)
    if isinstance(nested := content.get(names.get("audio", "")), Mapping):
        content = {**content, names["audio"]: nested.get("path")}
    row = {kind: _as_text(content[name]) for kind, name in names.items()}
    if wrong := next((kind for kind, value in row.items() if value is None), None):
        shown = f"{wrong}: {json.dumps(content[names[wrong]], ensure_ascii=False)[:200]}"
        return turned_away(row.get("audio") or "", "bad row", printable(shown), "a string or a number", source)
    return fields.find({kind: value or "" for kind, value in row.items()}, path.parent, source)


def _as_text(value: Any) -> str | None:
    """A value as a cell: nothing for null, None for what no cell can be, half a letter (a lone surrogate) too."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value if printable(value) == value else None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _begins_a_list(path: Path) -> bool:
    """Whether a .json file is a list of objects without times of speech, so no transcript."""
    from dimts.data.importers import transcripts

    return not transcripts.accepts(path)
