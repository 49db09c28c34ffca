"""Tables: `metadata.csv` as LJ Speech writes it (`id|text|normalised`), or columns named by a header.

A third, normalised column is taken as the text where it is filled. The surprise: with `|` and tabs a quote is text, as
LJ Speech means it, except where undoing CSV quotes is the only sense a row can have; with commas CSV rules hold.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dimts.data.importers import Found, fields, texts
from dimts.data.importers.places import printable, turned_away
from dimts.errors import DataError

SUFFIXES = (".csv", ".tsv", ".txt", ".psv")
SEPARATORS = "|\t,"
IN_FOLDER = ("metadata.csv", "metadata.tsv", "validated.tsv")  # the last as Common Voice has it
LJ_SPEECH = {"audio": 0, "text": 1, "normalised": 2}
Cells = tuple[int, list[str]]  # line number in the file, cells


@dataclass(frozen=True)
class Layout:
    """Where the columns of each kind are; `width` counts all, `optional` how many of the last may be left out."""

    columns: Mapping[str, int]
    width: int
    optional: int = 0


def accepts(source: Path) -> bool:
    """Whether this is a table or a folder that holds one under a usual name."""
    return table_of(source) is not None


def table_of(source: Path) -> Path | None:
    """The table that a source means: itself, or one inside a folder; None where there is none."""
    if source.is_dir():
        return next((source / name for name in IN_FOLDER if (source / name).is_file()), None)
    return source if source.suffix.lower() in SUFFIXES else None


def read(source: Path, language: str | None = None) -> Iterator[Found]:
    """Find the utterances of a table, one for each row, rows without a recording turned away. DataError in one line."""
    table = table_of(source) or source
    content = texts.read(table)
    if not content.strip():
        raise DataError(f"{table}: is empty; give a table of `id|text` lines")
    separator, rows = _rows(table, content)
    layout, has_header = _layout(table, separator, rows)
    for line, cells in rows[has_header:]:
        if has_header and cells == rows[0][1]:
            yield turned_away(cells[0], "header again", separator.join(cells), "a row", printable(f"{table}:{line}"))
            continue
        yield _found(table, line, _unquoted(cells, separator, layout), layout)


def _rows(table: Path, text: str) -> tuple[str, list[Cells]]:
    """The separator and the rows that are not blank."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    sample = [line for _, line in lines[:50]]
    separator = max(SEPARATORS, key=lambda each: sum(each in line for line in sample))  # the first of equals
    if not any(separator in line for line in sample):
        raise DataError(f"{table}: line {lines[0][0]} has no |, tab or comma; give a table of `id|text` lines")
    if separator != ",":
        return separator, [(number, line.split(separator)) for number, line in lines]
    return separator, list(_comma_rows(table, text))


def _comma_rows(table: Path, text: str) -> Iterator[Cells]:
    """Rows by the rules of CSV: quoted cells may hold commas and line ends."""
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    longest = csv.field_size_limit(len(text) + 1)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{table}: the row at line {line} breaks CSV quoting ({error}); quote it whole") from error
    finally:
        csv.field_size_limit(longest)


def _layout(table: Path, separator: str, rows: Sequence[Cells]) -> tuple[Layout, bool]:
    """The columns, by header names or by LJ Speech's order, and whether the first row is a header."""
    names = fields.named(rows[0][1])
    columns = {kind: rows[0][1].index(name) for kind, name in names.items()}
    if "audio" in columns and {"text", "normalised"} & columns.keys():
        if not rows[1:]:
            raise DataError(f"{table}: holds a header and no rows")
        return Layout(columns, len(rows[0][1])), True
    if separator == ",":
        return Layout({"audio": 0, "text": 1}, 2), False
    _refuse_speakers_as_text(table, [cells for _, cells in rows if len(cells) == 3])
    return Layout(LJ_SPEECH, 3, optional=1), False


def _refuse_speakers_as_text(table: Path, rows: Sequence[Sequence[str]]) -> None:
    """A third column that repeats while the texts do not is no normalised text: better ask than learn speaker names."""
    third, second = {cells[2].strip() for cells in rows} - {""}, {cells[1] for cells in rows}
    if third and (all(map(str.isdigit, third)) or len(rows) > 1 and 2 * len(third) <= len(second)):
        raise DataError(
            f"{table}: the third column ({len(third)} values in {len(rows)} rows) looks like speakers, not like text;"
            " name the columns in a first line: audio_file|text|speaker_name"
        )


def _unquoted(cells: list[str], separator: str, layout: Layout) -> list[str]:
    """Undo CSV quotes where the row has no other sense: separators inside them, quotes doubled, every cell quoted."""
    if separator == "," or not any(cell.startswith('"') for cell in cells):
        return cells
    try:
        parsed = next(csv.reader([separator.join(cells)], delimiter=separator, strict=True))
    except csv.Error:
        return cells
    doubled = any(c.startswith('"') and c.endswith('"') and '""' in c[1:-1] for c in cells)
    if doubled or cells[layout.columns["audio"]].startswith('"') or len(parsed) == layout.width != len(cells):
        return parsed
    return cells


def _found(table: Path, line: int, cells: Sequence[str], layout: Layout) -> Found:
    """One row as an utterance, or turned away: cells missing or too many, no recording."""
    source = printable(f"{table}:{line}")
    if not layout.width - layout.optional <= len(cells) <= layout.width:
        return turned_away(cells[0], "bad row", f"{len(cells)} columns", f"{layout.width} columns", source)
    row = {kind: cells[column] for kind, column in layout.columns.items() if column < len(cells)}
    return fields.find(row, table.parent, source)
