"""Importers: whatever people have, as utterances. One module for each kind of source; the first to accept it reads it.

An importer only finds: it decodes nothing and decides nothing, but a row that leads to no file is turned away here,
where it is known in which places the file was looked for. Every row, cue or recording of a source is found once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from dimts.data.manifest import Rejection
from dimts.errors import DataError

TAKES = (
    "a table (.csv .tsv .psv .txt), a .jsonl or .json list, subtitles (.srt .vtt .ass .ssa .json) with their recording"
    " beside them or as SUBTITLES=RECORDING, a recording or video, a folder of recordings, hf:ORGANISATION/DATASET, a"
    " folder of save_to_disk, an address (https://...) or a text file of addresses"
)


@dataclass(frozen=True)
class Utterance:
    """A recording, or a stretch of one, and what is said in it; without `group` the text decides the side."""

    audio: Path  # any recording, also a video container
    text: str  # as given; "" where the source gives none
    speaker: str | None
    source: str  # its listing, a colon, and the line, cue or file there
    group: str | None = None  # what must stay on one side of the split together
    language: str | None = None  # where the source says it
    start_s: float | None = None  # of the stretch; None is the start of the file
    end_s: float | None = None  # None is the end of the file
    extra: tuple[tuple[str, str], ...] = ()  # licence, consent, original address: travels with the dataset


Found = Utterance | Rejection


def read(source: Path | str, language: str | None = None) -> Iterator[Found]:
    """Find every utterance of a source, in its order. DataError in one line when nobody can read it.

    `language` picks among subtitles of several languages, `talk.am.srt` beside `talk.en.srt`. What is remote is
    brought to this disk first, by `remote.fetch`.
    """
    from dimts.data.importers import subtitles

    if pair := subtitles.pair(source):
        return subtitles.read_pair(*pair)
    found: Iterator[Found] = _importer(Path(source)).read(Path(source), language)
    return found


def listing(source: Path | str) -> Path:
    """Give the file or folder that a source's utterances name as theirs, before the last colon."""
    from dimts.data.importers import jsonl, subtitles, tables

    if pair := subtitles.pair(source):
        return pair[0]
    source = Path(source)
    return tables.table_of(source) or jsonl.list_of(source) or source


def require(source: Path | str) -> None:
    """DataError in one line when a source is not there."""
    from dimts.data.importers import subtitles

    for path in subtitles.pair(source) or (Path(source),):
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; give {TAKES}")


def _importer(source: Path) -> ModuleType:
    from dimts.data.importers import folders, jsonl, pages, subtitles, tables

    require(source)
    for importer in (pages, tables, jsonl, subtitles, folders):
        if importer.accepts(source):
            return importer
    raise DataError(f"{source}: is nothing that can be read; give {TAKES}")
