"""Recordings in and out of files: everything becomes mono float32 at the rate it was recorded at.

What is read whole must fit in memory; hours of sound are streamed, or only the wanted stretches of them read. The
surprise: a file that ends before its header says is refused, for half a recording under a whole transcript teaches
a voice to skip words.
"""

import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from dimts.audio import decode
from dimts.audio.sound import Samples as Samples
from dimts.audio.sound import Stream as Stream
from dimts.audio.sound import UnreadableError as UnreadableError
from dimts.audio.sound import named
from dimts.errors import AudioError

FULL_SCALE = 32768  # 16-bit integers per unit amplitude: as libsndfile reads them, so that they come back exactly
FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16")}


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono sound: float32 [n] in -1..1 at `rate_hz`."""

    samples: Samples
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


def read(path: Path) -> Audio:
    """Read any recording, channels averaged. UnreadableError (an AudioError) with one line says why there is none."""
    with stream(path) as sound:
        return Audio(np.concatenate(list(sound.blocks)), sound.rate_hz)


def stream(path: Path) -> contextlib.AbstractContextManager[Stream]:
    """Open a recording of any length: `rate_hz` and an iterator of mono `blocks`, read once, in bounded memory.

    UnreadableError as by `read`, but it may come with any block: that half a file is missing shows at its end.
    """
    return decode.opened(path)


def stretches(path: Path, spans: Iterable[tuple[float, float]]) -> Iterator[Audio]:
    """Read the stretches start_s..end_s of a recording in one pass, seeking where that is exact.

    Spans are sorted by their start and may overlap; each gives the samples that a slice of `read` would, none behind
    the end. UnreadableError as by `read`, for the parts that are decoded.
    """
    with stream(path) as sound:
        file = sound.file
        piece = _forward(sound.blocks) if file is None else lambda start, stop: decode.part(path, file, start, stop)
        last_s = 0.0
        for start_s, end_s in spans:
            assert last_s <= start_s <= end_s, f"{path}: stretches must be sorted: {start_s} after {last_s}"
            last_s = start_s
            yield Audio(piece(round(start_s * sound.rate_hz), round(end_s * sound.rate_hz)), sound.rate_hz)


def _forward(blocks: Iterator[Samples]) -> Callable[[int, int], Samples]:
    """Give a reader of rising start..stop that keeps no more of the blocks than the last request needed."""
    kept, first = np.zeros(0, np.float32), 0  # the samples from `first` on

    def piece(start: int, stop: int) -> Samples:
        nonlocal kept, first
        parts, end = [kept[max(start - first, 0) :]], first + len(kept)
        first = max(first, min(start, end))
        while end < stop and len(block := next(blocks, kept[:0])):
            parts.append(block[max(start - end, 0) :])
            end += len(block)
            first = max(first, min(start, end))
        kept = np.concatenate(parts)
        return kept[: max(stop - first, 0)].copy()

    return piece


def length(path: Path) -> tuple[int, int] | None:
    """Tell samples and rate in hertz by the header alone, None where it does not say."""
    try:
        header = soundfile.info(named(path))
    except (soundfile.LibsndfileError, TypeError):
        return None
    return (header.frames, header.samplerate) if header.frames < decode.UNKNOWN_FRAMES else None


def write(path: Path, audio: Audio, subtype: str | None = None) -> None:
    """Write WAV or FLAC by suffix, 16 bit unless `subtype` says other, clipped to -1..1, whole or not at all.

    Raises AudioError where the folder cannot be written or the disk is full; what was there before stays.
    """
    refuse_other_formats(path)
    replace(path, encode(audio, path.suffix, subtype))


def refuse_other_formats(path: Path) -> None:
    """AudioError when a name is not one that `write` takes: to be asked before long work."""
    if path.suffix.lower() not in FORMATS or path.is_dir():
        raise AudioError(f"{path}: can write {' and '.join(FORMATS)} only; choose such a name")


def encode(audio: Audio, suffix: str, subtype: str | None = None) -> bytes:
    """Give the bytes of a WAV or FLAC file; samples that came from 16 bits come out the same."""
    container, usual = FORMATS[suffix.lower()]
    subtype = subtype or usual
    if subtype not in soundfile.available_subtypes(container):
        raise AudioError(
            f"{container} has no subtype {subtype}; choose from {', '.join(soundfile.available_subtypes(container))}"
        )
    samples = to_16_bit(audio.samples) if subtype == "PCM_16" else np.clip(audio.samples, -1, 1)
    stream = io.BytesIO()
    soundfile.write(stream, samples, audio.rate_hz, format=container, subtype=subtype)
    return stream.getvalue()


def to_16_bit(samples: Samples) -> npt.NDArray[np.int16]:
    """Round to 16-bit integers, clipped to full scale."""
    scaled = np.rint(samples * np.float32(FULL_SCALE))
    rounded: npt.NDArray[np.int16] = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return rounded


def replace(path: Path, content: bytes) -> None:
    """Put `content` into `path` whole or not at all: written beside it, then renamed. AudioError when it cannot be."""
    beside = path.with_name(f".{os.getpid()}.{path.name[-60:]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        raise AudioError(f"{path}: cannot be written: {error.strerror}; free space or choose another folder") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
