"""What a dataset holds: its clips, what was turned away, and itself; one JSON object a line in its lists."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from dimts.data.totals import Totals
from dimts.errors import DataError
from dimts.text.front import Front

TRAINED = ("id", "audio", "samples", "rate_hz", "sha256", "text", "spoken", "language", "speaker", "source", "split",
           "group", "content")  # fmt: skip
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
        return sha256_of(f"{self.language}\n{self.normaliser}\n".encode() + lines(map(_trained, self.clips)))

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


def clip_lines(clips: Iterable[Clip]) -> bytes:
    """Give `clips.jsonl`: the fields of each clip and its duration."""
    return lines({**asdict(clip), "duration_s": round(clip.duration_s, 4)} for clip in clips)


def _trained(clip: Clip) -> dict[str, Any]:
    """Give what training sees of a clip, and where it came from."""
    return {name: getattr(clip, name) for name in TRAINED} | {"duration_s": round(clip.duration_s, 4)}


def lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Write one object a line."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def parse(content: bytes, kind: type[Record], path: Path) -> Iterator[Record]:
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


def sha256_of(content: bytes) -> str:
    """Hash the content of a file."""
    return hashlib.sha256(content).hexdigest()
