"""Where a recording holds speech: hours of it in one pass, block by block, on one core.

Silero VAD (extra `prep`) knows speech from music and noise. The energy detector knows loud from quiet only and needs no
package; it is never taken in silero's place unless it was asked for. The same recording gives the same spans, whatever
its blocks.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from dimts.audio import resample, silero
from dimts.audio.decode import Samples

RATE_HZ = silero.RATE_HZ  # both detectors hear at this rate
LEVEL_S = 0.01  # one level for each 10 ms
LEVEL_SAMPLES = round(LEVEL_S * RATE_HZ)
FLOOR_DB = -100.0  # level of digital silence
ENTER, LEAVE = 0.5, 0.35  # probabilities at which speech begins and ends, as silero's authors advise
MIN_SPEECH_S = 0.1  # shorter sounds are clicks
MIN_SILENCE_S = 0.15  # shorter silence is the closure of a stop, inside a word
RISE_DB = 12.0  # over the noise: speech for the energy detector
RISE_SLOPE_DB = 3.0  # how steeply its probability rises there
QUIET_DB = -70.0  # no noise floor is lower: what lies under it is not heard
NOISE_S = 1.0  # the noise is looked at once a second
NOISE_REACH = 10  # such seconds to both sides

Detector = Literal["silero", "energy"]
Levels = npt.NDArray[np.float32]


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of a recording, in seconds from its start."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, eq=False)
class Heard:
    """What was heard in a recording: spans of speech, sorted and apart; levels in dBFS, one for each 10 ms."""

    spans: list[Span]
    levels_db: Levels
    duration_s: float


def hear(blocks: Iterable[Samples], rate_hz: int, detector: Detector = "silero") -> Heard:
    """Listen to a recording once, as `io.stream` gives it.

    MissingExtra where silero is asked for and not installed: install it, or ask for the energy detector.
    """
    network = silero.load() if detector == "silero" else None
    with _one_thread():
        samples, probabilities, levels_db = _listen(blocks, rate_hz, network)
    if network is None:
        probabilities, hop_s = _rising(levels_db), LEVEL_S
    else:
        hop_s = silero.FRAME_SAMPLES / RATE_HZ
    duration_s = samples / rate_hz
    return Heard(_spans(probabilities, hop_s, duration_s), levels_db, duration_s)


def spans(blocks: Iterable[Samples], rate_hz: int, detector: Detector = "silero") -> list[Span]:
    """Give the spans of speech alone, as `hear`."""
    return hear(blocks, rate_hz, detector).spans


def levels(samples: Samples) -> Levels:
    """Give the level in dBFS of each whole LEVEL_SAMPLES; those at RATE_HZ are LEVEL_S long."""
    frames = samples[: len(samples) // LEVEL_SAMPLES * LEVEL_SAMPLES].reshape(-1, LEVEL_SAMPLES)
    power = np.einsum("fn,fn->f", frames, frames) / LEVEL_SAMPLES
    decibels: Levels = np.maximum(10 * np.log10(np.maximum(power, 1e-12)), FLOOR_DB).astype(np.float32)
    return decibels


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: results must not depend on cores, and several recordings are heard at once."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _listen(
    blocks: Iterable[Samples], rate_hz: int, network: silero.Silero | None
) -> tuple[int, npt.NDArray[np.float32], Levels]:
    """Count the samples; give silero's probabilities, if there is a network, and the levels."""
    listener = silero.Listener(network) if network else None
    count, waiting = 0, np.zeros(0, np.float32)
    probabilities, level_parts = [torch.zeros(0)], [np.zeros(0, np.float32)]

    def counted() -> Iterator[torch.Tensor]:
        nonlocal count
        for block in blocks:
            count += len(block)
            yield torch.from_numpy(block)

    for heard in resample.stream(counted(), rate_hz, RATE_HZ):
        if listener:
            probabilities.append(listener.hear(heard))
        waiting = np.concatenate([waiting, heard.numpy()])
        level_parts.append(levels(waiting))
        waiting = waiting[len(waiting) // LEVEL_SAMPLES * LEVEL_SAMPLES :]
    if listener:
        probabilities.append(listener.end())
    return count, torch.cat(probabilities).numpy(), np.concatenate(level_parts)


def _rising(levels_db: Levels) -> npt.NDArray[np.float32]:
    """Judge each level by how far it rises over the lowest ones around: about a probability."""
    smooth_db = np.convolve(levels_db, np.full(5, 0.2, np.float32), "same")
    per = round(NOISE_S / LEVEL_S)
    lowest = [smooth_db[start : start + per].min() for start in range(0, len(smooth_db), per)]
    floors = [min(lowest[max(at - NOISE_REACH, 0) : at + NOISE_REACH + 1]) for at in range(len(lowest))]
    floor_db = np.repeat(np.maximum(np.array(floors, np.float32), QUIET_DB), per)[: len(smooth_db)]
    probabilities = 1 / (1 + np.exp((floor_db + RISE_DB - smooth_db) / RISE_SLOPE_DB))
    return probabilities.astype(np.float32)


def _spans(probabilities: npt.NDArray[np.float32], hop_s: float, duration_s: float) -> list[Span]:
    """Speech is what stays above LEAVE around what reached ENTER; short silence is bridged, short speech dropped."""
    above = np.concatenate([[False], probabilities >= LEAVE, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    found: list[Span] = []
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        if probabilities[first:stop].max() < ENTER:
            continue
        span = Span(float(first) * hop_s, min(float(stop) * hop_s, duration_s))
        if found and span.start_s - found[-1].end_s < MIN_SILENCE_S:
            span = Span(found.pop().start_s, span.end_s)
        found.append(span)
    return [span for span in found if span.duration_s >= MIN_SPEECH_S]
