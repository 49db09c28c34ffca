"""Tables: `metadata.csv` as LJ Speech writes it (`id|text|normalised`), or columns named by a header.

A third, normalised column is taken as the text where it is filled. The surprise: with `|` and tabs a quote is text, as
LJ Speech means it, except where undoing CSV quotes is the only sense a row can have; with commas CSV rules hold.
"""

import csv
import io
import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dimts.data.importers import Found, Utterance
from dimts.data.manifest import Rejection
from dimts.errors import DataError

SUFFIXES = (".csv", ".tsv", ".txt", ".psv")
SEPARATORS = "|\t,"
AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".webm", ".aiff", ".wma")
AUDIO_FOLDERS = ("", "wavs", "clips", "audio")  # beside the table; Common Voice uses clips/
COLUMNS = {  # names that headers use, best first
    "audio": ("audio_file", "audio_path", "audio_filepath", "audio", "path", "file_name", "filename", "file", "wav")
    + ("wav_file", "id", "clip"),
    "normalised": ("normalized_text", "normalised_text", "normalized_transcription", "normalized", "normalised"),
    "text": ("text", "sentence", "transcription", "transcript"),
    "speaker": ("speaker_name", "speaker", "speaker_id", "client_id"),
}
Row = tuple[int, list[str]]  # line number in the file, cells


@dataclass(frozen=True)
class Layout:
    """Where the columns are; `width` counts them, `optional` how many of the last may be left out."""

    audio: int
    text: int
    normalised: int | None
    speaker: int | None
    width: int
    optional: int = 0


def accepts(source: Path) -> bool:
    """Whether this is a table or a folder that holds a metadata.csv."""
    return table_of(source).is_file() and table_of(source).suffix.lower() in SUFFIXES


def table_of(source: Path) -> Path:
    """The table that a source means: itself, or the metadata.csv inside a folder."""
    return source / "metadata.csv" if source.is_dir() else source


def read(source: Path) -> Iterator[Found]:
    """Find the utterances of a table, one for each row, rows without a recording turned away. DataError in one line."""
    table = table_of(source)
    separator, rows = _rows(table, _content(table))
    layout, has_header = _layout(table, separator, rows)
    for line, cells in rows[has_header:]:
        yield _found(table, line, _unquoted(cells, separator, layout), layout)


def _content(table: Path) -> str:
    """The text of a table with plain line ends."""
    try:
        content = table.read_bytes()
    except OSError as error:
        raise DataError(f"{table}: cannot be read: {error.strerror}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{table}: is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{table}: line {line} is not UTF-8 (byte {content[error.start]:#x}); save it as UTF-8"
        ) from error
    if not text.strip():
        raise DataError(f"{table}: is empty; give a table of `id|text` lines")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows(table: Path, text: str) -> tuple[str, list[Row]]:
    """The separator and the rows that are not blank."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    sample = [line for _, line in lines[:50]]
    separator = max(SEPARATORS, key=lambda each: sum(each in line for line in sample))  # the first of equals
    if not any(separator in line for line in sample):
        raise DataError(f"{table}: line {lines[0][0]} has no |, tab or comma; give a table of `id|text` lines")
    if separator != ",":
        return separator, [(number, line.split(separator)) for number, line in lines]
    return separator, list(_comma_rows(table, text))


def _comma_rows(table: Path, text: str) -> Iterator[Row]:
    """Rows by the rules of CSV: quoted cells may hold commas and line ends."""
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{table}: the row at line {line} breaks CSV quoting ({error}); quote it whole") from error


def _layout(table: Path, separator: str, rows: Sequence[Row]) -> tuple[Layout, bool]:
    """The columns, by header names or by LJ Speech's order, and whether the first row is a header."""
    names = [cell.strip().strip('"').lower() for cell in rows[0][1]]
    columns = {kind: next((names.index(n) for n in known if n in names), None) for kind, known in COLUMNS.items()}
    audio, normalised, text = columns["audio"], columns["normalised"], columns["text"]
    if text is None:
        text, normalised = normalised, None
    if audio is not None and text is not None:
        if not rows[1:]:
            raise DataError(f"{table}: holds a header and no rows")
        return Layout(audio, text, normalised, columns["speaker"], len(names)), True
    if separator == ",":
        return Layout(0, 1, None, None, 2), False
    _refuse_speakers_as_text(table, [cells for _, cells in rows if len(cells) == 3])
    return Layout(0, 1, 2, None, 3, optional=1), False


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
    if doubled or cells[layout.audio].startswith('"') or len(parsed) == layout.width != len(cells):
        return parsed
    return cells


def _found(table: Path, line: int, cells: Sequence[str], layout: Layout) -> Found:
    """One row as an utterance, or turned away: cells missing or too many, no recording."""
    source = printable(f"{table}:{line}")
    if not layout.width - layout.optional <= len(cells) <= layout.width:
        return Rejection(cells[0][:80], "read", "bad row", f"{len(cells)} columns", f"{layout.width} columns", source)
    name, text = cells[layout.audio].strip(), cells[layout.text].strip()
    if layout.normalised is not None and layout.normalised < len(cells):
        text = cells[layout.normalised].strip() or text
    audio = locate(table.parent, name)
    if audio is None:
        places = ", ".join(str(table.parent / folder) for folder in AUDIO_FOLDERS)
        limit = f"looked in {places}, as it is and with {' '.join(AUDIO_SUFFIXES)}"
        return Rejection(Path(name).stem[:80], "read", "missing", name, printable(limit), source, text)
    speaker = cells[layout.speaker].strip() or None if layout.speaker is not None else None
    return Utterance(audio, text, speaker, source)


def locate(root: Path, name: str) -> Path | None:
    """The recording that a cell names, absolute or beside the table, with or without suffix; None where there is none.

    Never by file name alone: a recording of the same name elsewhere may be of other words.
    """
    if not name:
        return None
    for spelled in dict.fromkeys((name, unicodedata.normalize("NFC", name), name.replace("\\", "/"))):
        for folder in AUDIO_FOLDERS:
            for suffix in ("", *AUDIO_SUFFIXES):
                candidate = os.path.join(root, folder, spelled + suffix)
                if os.path.isfile(candidate):
                    return Path(candidate)
    return None


def printable(text: str) -> str:
    """A path as text that every file can hold: bytes that are no UTF-8 are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
