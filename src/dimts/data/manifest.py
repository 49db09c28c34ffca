"""The dataset folder on disk: which clips there are, which were turned away and why. Everything after reads this.

`dataset.json` describes `clips.jsonl` and `rejected.jsonl` by hash. The surprise: new files are first written beside
the old ones as `*.new`, and `read` takes whichever lists a `dataset.json` describes, so that a writer killed between
two renames leaves a dataset that reads.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dimts.data import records
from dimts.data.records import UNNAMED as UNNAMED
from dimts.data.records import Clip as Clip
from dimts.data.records import Dataset as Dataset
from dimts.data.records import Rejection as Rejection
from dimts.data.records import Side as Side
from dimts.data.settled import CLIPS as CLIPS
from dimts.data.settled import FORMAT, damage, head_of, settled
from dimts.data.settled import HEAD as HEAD
from dimts.data.settled import REJECTED as REJECTED
from dimts.data.totals import Totals
from dimts.errors import DataError

REPORT = "report.html"  # for people; made of the others


def read(folder: Path, *, any_normaliser: bool = False) -> Dataset:
    """Read a dataset folder. DataError in one line: missing, no dataset, damaged, other normaliser, empty."""
    head, clips, rejected = settled(folder)
    dataset = Dataset(
        folder,
        head["language"],
        head["normaliser"],
        tuple(records.parse(clips, Clip, folder / CLIPS)),
        tuple(records.parse(rejected, Rejection, folder / REJECTED)),
        head.get("settings", {}),
        tuple(_totals(head.get("sources", []), folder / HEAD)),
        head.get("licence", ""),
        head.get("consent", ""),
    )
    if not any_normaliser:
        _refuse_other_normaliser(dataset)
    if not dataset.clips:
        raise DataError(f"{folder}: the dataset holds no clips; run `dimts prepare` with a source that has some")
    return dataset


def waits(folder: Path) -> bool:
    """Whether a killed writer left a `dataset.json` that was whole and had not taken its name yet."""
    return head_of(folder / f"{HEAD}.new") is not None


def read_alike(folders: Sequence[Path]) -> tuple[Dataset, ...]:
    """Read datasets that are used together. DataError when their texts were not all read in one way."""
    datasets = tuple(read(folder) for folder in folders)
    refuse_unlike(datasets)
    return datasets


def glance(folder: Path) -> tuple[Dataset, dict[str, int]]:
    """Read what dataset.json alone says: a dataset without its clips, and how many there are by side. DataError."""
    if not folder.is_dir() or (head := head_of(folder / HEAD) or head_of(folder / f"{HEAD}.new")) is None:
        settled(folder)  # says what is wrong
        raise DataError(damage(folder))
    dataset = Dataset(folder, head["language"], head["normaliser"], ())
    _refuse_other_normaliser(dataset)
    try:
        return dataset, {side: int(head["clips"][side]) for side in ("train", "eval")}
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder / HEAD}: is damaged (no numbers of clips); run `dimts prepare` again") from error


def refuse_unlike(datasets: Sequence[Dataset]) -> None:
    """DataError when the texts of datasets were not all read in one way."""
    for other in datasets[1:]:
        if other.normaliser != datasets[0].normaliser:
            raise DataError(
                f"{other.folder}: texts were read by {other.normaliser}, those of {datasets[0].folder} by"
                f" {datasets[0].normaliser}; prepare both with the same --mode and files, or use one of them"
            )


def _refuse_other_normaliser(dataset: Dataset) -> None:
    if dataset.normaliser != dataset.front.identity:
        today = dataset.front.identity
        raise DataError(
            f"{dataset.folder}: texts were normalised by {dataset.normaliser}, this is {today}; "
            "run `dimts prepare` again"
        )


def write(dataset: Dataset) -> None:
    """Write a dataset folder's three files, all or none. DataError when the disk is full or may not be written."""
    clips, rejected = (
        records.clip_lines(dataset.clips),
        records.lines(asdict(rejection) for rejection in dataset.rejected),
    )
    head = json.dumps(_head(dataset, clips, rejected), ensure_ascii=False, indent=2) + "\n"
    contents = {CLIPS: clips, REJECTED: rejected, HEAD: head.encode()}
    try:
        dataset.folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            _write_through(dataset.folder / f"{name}.new", content)
        for name in contents:  # dataset.json last
            os.replace(dataset.folder / f"{name}.new", dataset.folder / name)
    except OSError as error:
        raise DataError(f"{dataset.folder}: cannot be written: {error.strerror}; the old dataset is intact") from error


def _head(dataset: Dataset, clips: bytes, rejected: bytes) -> dict[str, Any]:
    """Describe the two lists: what `dataset.json` says."""
    hours = {side: round(sum(c.duration_s for c in dataset.side(side)) / 3600, 4) for side in ("train", "eval")}
    return {
        "format": FORMAT,
        "language": dataset.language,
        "normaliser": dataset.normaliser,
        "clips": {side: len(dataset.side(side)) for side in ("train", "eval")},
        "hours": hours,
        "speakers": sorted({clip.speaker for clip in dataset.clips}),
        "rejected": len(dataset.rejected),
        "sha256": {CLIPS: records.sha256_of(clips), REJECTED: records.sha256_of(rejected)},
        "licence": dataset.licence,
        "consent": dataset.consent,
        "sources": [asdict(each) for each in dataset.totals],
        "settings": dict(dataset.settings),
        "created_by": f"dimts {version('dimts')}",
    }


def _totals(sources: Iterable[Mapping[str, Any]], path: Path) -> Iterator[Totals]:
    known = {each.name for each in fields(Totals)}
    for source in sources:
        try:
            yield Totals(**{key: value for key, value in source.items() if key in known})
        except (TypeError, AttributeError) as error:
            raise DataError(f"{path}: its sources are damaged ({error})") from error


def _write_through(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it, so that a rename never outruns its content."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
