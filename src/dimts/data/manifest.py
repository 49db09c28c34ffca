"""The dataset folder on disk: which clips there are, which were turned away and why. Everything after reads this.

`dataset.json` describes `clips.jsonl` and `rejected.jsonl` by hash. The surprise: new files are first written beside
the old ones as `*.new`, and `read` takes whichever lists a `dataset.json` describes, so that a writer killed between
two renames leaves a dataset that reads.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from dimts.data.totals import Totals
from dimts.errors import DataError
from dimts.text.front import Front

HEAD, CLIPS, REJECTED = "dataset.json", "clips.jsonl", "rejected.jsonl"
REPORT = "report.html"  # for people; made of the others
TRAINED = ("id", "audio", "samples", "rate_hz", "sha256", "text", "spoken", "language", "speaker", "source", "split",
           "group", "content")  # fmt: skip
FORMAT = 1  # of this folder; raise it when old readers would misread new folders
UNNAMED = "speaker"  # who speaks where a source does not say: somebody else in every dataset
Side = Literal["train", "eval"]
Record = TypeVar("Record", "Clip", "Rejection")


@dataclass(frozen=True)
class Clip:
    """One accepted utterance; `text` is as given, `spoken` as normalised, `audio` relative to the dataset folder."""

    id: str
    audio: str
    samples: int
    rate_hz: int
    sha256: str  # of the audio file
    text: str
    spoken: str
    language: str
    speaker: str
    source: str  # table and line it came from
    split: Side
    group: str  # clips of one group are on one side of the split
    content: str = ""  # sha256 of the sound itself, whatever file holds it: what makes a clip the same clip tomorrow
    origin: str = ""  # sha256 of the source file
    start_s: float | None = None  # of its stretch of the source recording; None: the whole of it
    end_s: float | None = None
    snr_db: float | None = None  # measures of the sound, None where not measured
    loudness_lufs: float | None = None
    clipped_share: float | None = None
    bandwidth_hz: float | None = None
    alignment: float | None = None  # how well the sound fits the text, by a recogniser: 0..1
    same_voice: float | None = None  # how alike its two most different voices are: 0..1
    warnings: tuple[str, ...] = ()  # short stable reasons; they keep the clip
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)  # what the source says of it: licence, url, ...

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.rate_hz


@dataclass(frozen=True)
class Rejection:
    """One utterance that was turned away: the stage, a stable short reason, what was measured, what is allowed."""

    id: str
    stage: str
    reason: str
    measured: float | str
    limit: float | str
    source: str
    text: str = ""
    duration_s: float = 0.0  # where it is known
    recording: str = ""  # the source file, where there is one
    start_s: float | None = None  # of its stretch there; None: the whole of it
    end_s: float | None = None


@dataclass(frozen=True)
class Dataset:
    """A dataset folder as read or to be written; `settings` holds what it was prepared with."""

    folder: Path
    language: str
    normaliser: str
    clips: tuple[Clip, ...]
    rejected: tuple[Rejection, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    totals: tuple[Totals, ...] = ()  # what became of each source
    licence: str = ""  # of the recordings, as the user stated it
    consent: str = ""  # of the speakers, as the user stated it

    @cached_property
    def sha256(self) -> str:
        """Hash of language, normaliser and accepted clips: equal for equal training data.

        Measures, warnings and `extra` do not count: nobody trains on them.
        """
        return _sha256(f"{self.language}\n{self.normaliser}\n".encode() + _lines(map(_trained, self.clips)))

    @cached_property
    def front(self) -> Front:
        """How its texts are read today; TextError when files of its own are gone."""
        return Front.like(str(self.normaliser), self.folder)

    @property
    def reasons(self) -> dict[str, int]:
        """How many utterances were turned away for each reason, most frequent first."""
        return dict(Counter(rejection.reason for rejection in self.rejected).most_common())

    def side(self, split: Side) -> tuple[Clip, ...]:
        """The clips of one side of the split, in manifest order."""
        return tuple(clip for clip in self.clips if clip.split == split)


def read(folder: Path, *, any_normaliser: bool = False) -> Dataset:
    """Read a dataset folder. DataError in one line: missing, no dataset, damaged, other normaliser, empty."""
    head, clips, rejected = _settled(folder)
    dataset = Dataset(
        folder,
        head["language"],
        head["normaliser"],
        tuple(_records(clips, Clip, folder / CLIPS)),
        tuple(_records(rejected, Rejection, folder / REJECTED)),
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
    return _head_of(folder / f"{HEAD}.new") is not None


def read_alike(folders: Sequence[Path]) -> tuple[Dataset, ...]:
    """Read datasets that are used together. DataError when their texts were not all read in one way."""
    datasets = tuple(read(folder) for folder in folders)
    refuse_unlike(datasets)
    return datasets


def glance(folder: Path) -> tuple[Dataset, dict[str, int]]:
    """Read what dataset.json alone says: a dataset without its clips, and how many there are by side. DataError."""
    if not folder.is_dir() or (head := _head_of(folder / HEAD) or _head_of(folder / f"{HEAD}.new")) is None:
        _settled(folder)  # says what is wrong
        raise DataError(_damage(folder))
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
    clips, rejected = _clip_lines(dataset.clips), _lines(asdict(rejection) for rejection in dataset.rejected)
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
        "sha256": {CLIPS: _sha256(clips), REJECTED: _sha256(rejected)},
        "licence": dataset.licence,
        "consent": dataset.consent,
        "sources": [asdict(each) for each in dataset.totals],
        "settings": dict(dataset.settings),
        "created_by": f"dimts {version('dimts')}",
    }


def _settled(folder: Path) -> tuple[dict[str, Any], bytes, bytes]:
    """Give the head and the two lists that belong together, even if a writer was killed among its renames."""
    if not folder.is_dir():
        raise DataError(f"{folder}: {'is a file' if folder.exists() else 'no such folder'}; give a dataset folder")
    for head_name in (HEAD, f"{HEAD}.new"):
        head = _head_of(folder / head_name)
        if head is None:
            continue
        clips, rejected = (_described(folder / name, head["sha256"][name]) for name in (CLIPS, REJECTED))
        if clips is not None and rejected is not None:
            return head, clips, rejected
    raise DataError(_damage(folder))


def _head_of(path: Path) -> dict[str, Any] | None:
    """Give the content of a `dataset.json`, None where it is missing or no such thing."""
    try:
        head = json.loads(path.read_bytes())
        newer = int(head["format"]) > FORMAT
        _ = head["language"], head["normaliser"], head["sha256"][CLIPS], head["sha256"][REJECTED]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if newer:
        raise DataError(f"{path}: was made by a newer dimts ({head.get('created_by')}); upgrade dimts")
    return cast(dict[str, Any], head)


def _described(path: Path, sha256: str) -> bytes | None:
    """Give the content of the file that has this hash: the one of this name or the one waiting to take it."""
    for candidate in (path, path.with_name(f"{path.name}.new")):
        if candidate.is_file() and _sha256(content := candidate.read_bytes()) == sha256:
            return content
    return None


def _damage(folder: Path) -> str:
    """Say in one line what is wrong with a folder that does not read."""
    mend = f"restore it, or delete {HEAD} and run `dimts prepare` with all sources"
    if not (folder / HEAD).exists():
        return f"{folder}: is not a dataset ({HEAD} is missing); make one with `dimts prepare`"
    if _head_of(folder / HEAD) is None:
        return f"{folder / HEAD}: is damaged; {mend}"
    for path in (folder / CLIPS, folder / REJECTED):
        if not path.is_file():
            return f"{path}: is missing; {mend}"
        try:
            content = path.read_bytes()
            list(_records(content, Clip, path) if path.name == CLIPS else _records(content, Rejection, path))
        except DataError as error:
            return f"{error}; {mend}"
    return f"{folder}: {CLIPS} or {REJECTED} was changed since {HEAD} was written; {mend}"


def _records(content: bytes, kind: type[Record], path: Path) -> Iterator[Record]:
    """Parse one object a line; keys that this version does not know are left alone."""
    known = {each.name for each in fields(kind)}
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            values = {key: value for key, value in json.loads(line).items() if key in known}
            yield kind(**values | {key: tuple(value) for key, value in values.items() if isinstance(value, list)})
        except (ValueError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: line {number} is damaged ({error})") from error
    if content and not content.endswith(b"\n"):
        raise DataError(f"{path}: the last line is damaged (it has no end)")


def _totals(sources: Iterable[Mapping[str, Any]], path: Path) -> Iterator[Totals]:
    known = {each.name for each in fields(Totals)}
    for source in sources:
        try:
            yield Totals(**{key: value for key, value in source.items() if key in known})
        except (TypeError, AttributeError) as error:
            raise DataError(f"{path}: its sources are damaged ({error})") from error


def _clip_lines(clips: Iterable[Clip]) -> bytes:
    """Give `clips.jsonl`: the fields of each clip and its duration."""
    return _lines({**asdict(clip), "duration_s": round(clip.duration_s, 4)} for clip in clips)


def _trained(clip: Clip) -> dict[str, Any]:
    """Give what training sees of a clip, and where it came from."""
    return {name: getattr(clip, name) for name in TRAINED} | {"duration_s": round(clip.duration_s, 4)}


def _lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_through(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it, so that a rename never outruns its content."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
