"""Importers: whatever people have, as utterances. One module for each kind of source; the first to accept it reads it.

An importer only finds: it decodes nothing and decides nothing, but a row that leads to no file is turned away here,
where it is known in which places the file was looked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dimts.data.manifest import Rejection
from dimts.errors import DataError


@dataclass(frozen=True)
class Utterance:
    """A recording and what is said in it; `source` names table and line; without `group` the text decides the side."""

    audio: Path
    text: str
    speaker: str | None
    source: str
    group: str | None = None


Found = Utterance | Rejection


def read(source: Path) -> Iterator[Found]:
    """Find every utterance of a source, in its order. DataError in one line when nobody can read it."""
    from dimts.data.importers import tables

    if not source.exists():
        raise DataError(f"{source}: no such file or folder; give a metadata.csv or the folder that holds one")
    if tables.accepts(source):
        return tables.read(source)
    wanted = "holds no metadata.csv" if source.is_dir() else "is no .csv, .tsv, .psv or .txt table"
    raise DataError(f"{source}: {wanted}; give a table of `id|text` or `audio_file|text|speaker_name` lines")


def listing(source: Path) -> Path:
    """Give the file that a source's utterances name as theirs, before the colon and the line."""
    from dimts.data.importers import tables

    return tables.table_of(source)
