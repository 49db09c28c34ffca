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
    """A recording, or a stretch of one, and what is said in it; without `group` the text decides the side."""

    audio: Path  # any recording, also a video container
    text: str  # as given; "" where the source gives none
    speaker: str | None
    source: str  # FILE:LINE, or FILE:CUE
    group: str | None = None  # what must stay on one side of the split together
    language: str | None = None  # where the source says it
    start_s: float | None = None  # of the stretch; None is the start of the file
    end_s: float | None = None  # None is the end of the file
    extra: tuple[tuple[str, str], ...] = ()  # licence, consent, original address: travels with the dataset


Found = Utterance | Rejection


def read(source: Path | str) -> Iterator[Found]:
    """Find every utterance of a source, in its order. DataError in one line when nobody can read it."""
    from dimts.data.importers import tables

    source = Path(source)
    if not source.exists():
        raise DataError(f"{source}: no such file or folder; give a metadata.csv or the folder that holds one")
    if tables.accepts(source):
        return tables.read(source)
    wanted = "holds no metadata.csv" if source.is_dir() else "is no .csv, .tsv, .psv or .txt table"
    raise DataError(f"{source}: {wanted}; give a table of `id|text` or `audio_file|text|speaker_name` lines")


def listing(source: Path | str) -> Path:
    """Give the file that a source's utterances name as theirs, before the colon and the line."""
    from dimts.data.importers import tables

    return tables.table_of(Path(source))
