"""Hugging Face datasets, from the hub (`hf:org/name:config:split`) or a folder that `save_to_disk` wrote.

Their rows go into `rows.jsonl`, the recordings beside it as the bytes that they are: `datasets` decodes nothing. All
splits are taken unless one is named. An interrupted transfer goes on with the next row.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dimts.audio import io
from dimts.data.importers import fields
from dimts.data.importers.remote import HUB, Access, folder_of
from dimts.errors import AudioError, DataError, MissingExtra
from dimts.files import sha256

ROWS = "rows.jsonl"
SPLITS = re.compile(r"(train|test|dev|validation|validated|invalidated|other|eval)(?![a-z])")
DICT, HEADS = "dataset_dict.json", ("dataset_info.json", "state.json")  # what save_to_disk writes
MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3", b"\xff\xfb": ".mp3", b"FORM": ".aiff"}


@dataclass(frozen=True)
class Split:
    """One split: its rows, undecoded, and which of their columns holds what."""

    name: str
    rows: Any  # a Dataset or an IterableDataset
    columns: Mapping[str, str]  # kind of field -> column
    labels: Mapping[str, list[str]]  # column -> the names that its numbers stand for
    licence: str


def accepts(source: str) -> bool:
    """Whether this names a dataset of the hub or is a folder that `save_to_disk` wrote."""
    if source.startswith(HUB):
        return True
    path = Path(source)
    return (path / DICT).is_file() or all((path / name).is_file() for name in HEADS)


def bring(source: str, access: Access) -> Path:
    """Write rows and recordings of a dataset into the downloads, once; give the list of rows. DataError in one line."""
    folder = folder_of(source, access, _version(source))
    rows, unfinished = folder / ROWS, folder / f"{ROWS}.part"
    if rows.is_file():
        return rows
    access.say(f"bringing {source}")
    splits = _splits(source)
    try:
        for split in splits:
            _write(source, split, folder, unfinished)
        unfinished.touch()
        unfinished.replace(rows)
    except (OSError, AudioError) as error:
        raise DataError(f"{folder}: cannot be written ({error}); make room, then run again: it goes on") from error
    return rows


def _version(source: str) -> str:
    """What tells one dataset on disk from another that was in its place; of the hub, a name is brought once."""
    states = sorted(Path(source).glob("**/state.json")) if not source.startswith(HUB) else []
    return "\n".join([str(Path(source).resolve()) if states else source, *map(sha256, states)])


def _splits(source: str) -> list[Split]:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra("datasets", "datasets", "reading Hugging Face datasets") from error
    with _one_line(source):
        if source.startswith(HUB):
            name, config, split = _parted(source)
            found = datasets.load_dataset(name, config, split=split, streaming=True)
        else:
            found, split = datasets.load_from_disk(source), None
        named = found.items() if isinstance(found, dict) else [(split or "all", found)]
        return [_split(str(name), rows) for name, rows in named]


def _parted(source: str) -> tuple[str, str | None, str | None]:
    """Dataset, configuration and split of `hf:org/name:config:split`; one alone is a split if it is called like one."""
    name, *rest = source.removeprefix(HUB).split(":")
    if not name or len(rest) > 2:
        raise ValueError("give hf:organisation/name, hf:organisation/name:config or hf:organisation/name:config:split")
    if len(rest) == 1 and SPLITS.match(rest[0]):
        return name, None, rest[0]
    config, split = [*rest, "", ""][:2]
    return name, config or None, split or None


def _split(name: str, rows: Any) -> Split:
    """Look at the columns; recordings stay bytes. ValueError where no column holds any."""
    from datasets import Audio, ClassLabel

    features = rows.features or {}
    sounds = [column for column, kind in features.items() if isinstance(kind, Audio)]
    for column in sounds:
        rows = rows.cast_column(column, Audio(decode=False))
    columns = fields.named(features or next(iter(rows), {}))
    columns |= {"audio": sounds[0]} if sounds else {}
    if "audio" not in columns:
        raise ValueError(f"no column of {name} holds recordings ({', '.join(features)})")
    labels = {column: kind.names for column, kind in features.items() if isinstance(kind, ClassLabel)}
    return Split(name, rows, columns, labels, str(rows.info.license or ""))


def _write(source: str, split: Split, folder: Path, unfinished: Path) -> None:
    """Write the rows of a split that are not there yet: first the recording, then its line."""
    done = _done(unfinished)[split.name]
    rest = split.rows.skip(done) if done else split.rows
    for number, row in enumerate(_each(source, rest), start=done):
        audio = _audio(row[split.columns["audio"]], folder, f"{split.name}-{number:06}")
        values = {kind: _value(row[column], split.labels.get(column)) for kind, column in split.columns.items()}
        stated = {"licence": split.licence, "url": source if source.startswith(HUB) else ""}
        line = {**{name: value for name, value in stated.items() if value}, **values, "audio": audio}
        with unfinished.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "split": split.name}, ensure_ascii=False, default=str) + "\n")


def _done(unfinished: Path) -> Counter[str]:
    """How many rows of each split are there; half a line, of a process that was killed, is cut off."""
    content = unfinished.read_bytes() if unfinished.is_file() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        unfinished.write_bytes(whole)
    return Counter(json.loads(line)["split"] for line in whole.splitlines())


def _each(source: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    with _one_line(source):
        yield from rows


def _audio(value: Any, folder: Path, name: str) -> str:
    """Keep a recording, and name it; one that lies on this disk stays where it is. Nothing for no recording."""
    content, path = (value.get("bytes"), value.get("path")) if isinstance(value, Mapping) else (None, value)
    if not isinstance(content, bytes):
        return str(Path(path).resolve()) if isinstance(path, str) and path else ""
    stem, suffix = (Path(path).stem, Path(path).suffix) if path else ("", "")
    suffix = suffix or next((suffix for magic, suffix in MAGIC.items() if content.startswith(magic)), ".audio")
    file = f"audio/{name}{f'-{stem[-60:]}' if stem else ''}{suffix}"
    io.replace(folder / file, content)
    return file


def _value(value: Any, labels: list[str] | None) -> Any:
    return labels[value] if labels and isinstance(value, int) and 0 <= value < len(labels) else value


@contextmanager
def _one_line(source: str) -> Iterator[None]:
    """DataError with what the library says of a dataset, or of the way to it; its lines on each try are left out."""
    from datasets.exceptions import DatasetsError
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]
    from huggingface_hub.utils import logging as library

    loudness = library.get_verbosity()
    library.set_verbosity(logging.ERROR)
    try:
        yield
    except (DatasetsError, httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
        words = (str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip(".")
        raise DataError(f"{source}: {words}; check the name and the connection") from error
    finally:
        library.set_verbosity(loudness)
