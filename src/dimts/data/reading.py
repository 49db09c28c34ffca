"""The cutting stage: clips out of a file in one pass, each measured, judged and, if it passes, encoded.

What passes waits in the folder `staged`, named by its sound, until it is settled which clip it is. So no more than one
clip is in memory, however long the file, and a killed run finds what was cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dimts.audio import io
from dimts.data.filters import Finding, Limits, Said, judge
from dimts.data.measures import Measures, measure
from dimts.data.opening import SPEECH_HZ
from dimts.data.spans import Span
from dimts.errors import AudioError, DataError

if TYPE_CHECKING:
    from dimts.audio.repair import Repairs

STAGED = "staged"
MAX_HZ = 48_000  # stored at most: the vocoder works at 24,000


@dataclass(frozen=True)
class Part:
    """What to read of a file, None for all of it; what it says decides whether it is worth encoding."""

    span: Span | None
    said: Said


@dataclass(frozen=True)
class Task:
    """One file to read; `parts` are sorted by time."""

    path: Path
    parts: tuple[Part, ...]
    limits: Limits | None  # what fails them is not encoded; None: everything is
    staged: Path  # the folder
    repairs: "Repairs | None" = None
    hear_music: bool = False
    hear_voices: bool = False


@dataclass(frozen=True)
class Reading:
    """What a part gave: measures, or why it cannot be measured; the seconds, where they are known."""

    result: Measures | Finding
    duration_s: float = 0.0


def read(task: Task) -> list[Reading]:
    """Read the parts of one file; runs in worker processes. DataError when the disk is full."""
    readings: list[Reading] = []
    try:
        for audio, part in zip(_audio(task), task.parts, strict=True):
            readings.append(_measured(audio, part.said, task))
    except io.UnreadableError as error:
        finding = Finding(error.reason, error.detail, "a whole recording")
        readings += [Reading(finding, _length_s(part)) for part in task.parts[len(readings) :]]
    return readings


def staged(folder: Path, content: str) -> Path:
    """Name the file in which a sound waits."""
    return folder / f"{content}.flac"


def _audio(task: Task) -> Iterator[io.Audio]:
    """Give the sound of each part: all of it, or stretches in one pass."""
    if task.parts[0].span is None:
        yield io.read(task.path)
        return
    yield from io.stretches(task.path, [part.span for part in task.parts if part.span])


def _measured(audio: io.Audio, said: Said, task: Task) -> Reading:
    """Measure a clip as it will be stored; stage it where it passes."""
    if not SPEECH_HZ[0] <= audio.rate_hz <= SPEECH_HZ[1]:
        finding = Finding("sample rate", audio.rate_hz, f"{SPEECH_HZ[0]}..{SPEECH_HZ[1]} Hz")
        return Reading(finding, audio.duration_s)
    audio = _full_scale(_repaired(_at_most(MAX_HZ, audio), task.repairs))
    measures = measure(audio, task.hear_music, task.hear_voices)
    path = staged(task.staged, measures.content)
    passes = task.limits is None or judge(measures, said, task.limits) is None
    if passes and not path.exists():
        try:
            io.replace(path, io.encode(audio, ".flac"))
        except AudioError as error:
            raise DataError(f"{error}; then run again: it goes on") from error
    return Reading(measures, measures.duration_s)


def _repaired(audio: io.Audio, repairs: "Repairs | None") -> io.Audio:
    if repairs is None:
        return audio
    from dimts.audio.repair import repair

    return repair(audio, repairs)


def _full_scale(audio: io.Audio) -> io.Audio:
    """Cut off what 16 bits cannot hold, so that it is measured as it will be stored."""
    return io.Audio(audio.samples.clip(-1, 1), audio.rate_hz)


def _at_most(rate_hz: int, audio: io.Audio) -> io.Audio:
    """Resample what was recorded at a higher rate."""
    if audio.rate_hz <= rate_hz:
        return audio
    import torch

    from dimts.audio.resample import sinc

    samples = sinc(torch.from_numpy(audio.samples), audio.rate_hz, rate_hz)
    return io.Audio(samples.numpy(), rate_hz)


def _length_s(part: Part) -> float:
    return part.span[1] - part.span[0] if part.span else 0.0
