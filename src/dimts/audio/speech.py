"""Where a recording holds speech: hours of it in one pass, block by block, on one core.

Silero VAD (extra `prep`) knows speech from music and noise. The energy detector knows loud from quiet only and needs no
package; it is never taken in silero's place unless it was asked for. The same recording gives the same spans, whatever
its blocks.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from dimts.audio import resample, silero
from dimts.audio.levels import LEVEL_S, Levels, levels, loud, noise, smooth
from dimts.audio.sound import Samples
from dimts.audio.spans import Span as Span
from dimts.audio.threads import one_thread

RATE_HZ = silero.RATE_HZ  # both detectors hear at this rate
LEVEL_SAMPLES = round(LEVEL_S * RATE_HZ)
ENTER, LEAVE = 0.5, 0.35  # probabilities at which speech begins and ends, as silero's authors advise
MIN_SPEECH_S = 0.1  # shorter sounds are clicks
MIN_SILENCE_S = 0.15  # shorter silence is the closure of a stop, inside a word
RISE_DB = 12.0  # over the noise: speech for the energy detector
RISE_SLOPE_DB = 3.0  # how steeply its probability rises there
HEARD_DB, OVER_DB = 42.0, 6.0  # the end of a word is at most so far under its loud parts, and so far over the noise
OUTWARD, INWARD = 10, 20  # levels: how far outside and inside of a span its true ends are looked for

Detector = Literal["silero", "energy"]


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
    with one_thread():
        samples, probabilities, levels_db = _listen(blocks, rate_hz, network)
    if network is None:
        probabilities, hop_s = _rising(levels_db), LEVEL_S
    else:
        hop_s = silero.FRAME_SAMPLES / RATE_HZ
    duration_s = samples / rate_hz
    found = _spans(probabilities, hop_s, duration_s)
    return Heard(_sharpened(found, levels_db, duration_s), levels_db, duration_s)


def _listen(
    blocks: Iterable[Samples], rate_hz: int, network: silero.Silero | None
) -> tuple[int, npt.NDArray[np.float32], Levels]:
    """Count the samples; give silero's probabilities, if there is a network, and the levels."""
    listener = silero.Listener(network) if network else None
    count, waiting = 0, np.zeros(0, np.float32)
    probabilities, levels_db = array("f"), array("f")  # lists of small pieces would leave the memory in crumbs

    def counted() -> Iterator[torch.Tensor]:
        nonlocal count
        for block in blocks:
            count += len(block)
            yield torch.from_numpy(block)

    for heard in resample.stream(counted(), rate_hz, RATE_HZ):
        if listener:
            probabilities.frombytes(listener.hear(heard).numpy().tobytes())
        waiting = np.concatenate([waiting, heard.numpy()])
        levels_db.frombytes(levels(waiting, RATE_HZ).tobytes())
        waiting = waiting[len(waiting) // LEVEL_SAMPLES * LEVEL_SAMPLES :]
    if listener:
        probabilities.frombytes(listener.end().numpy().tobytes())
    return count, np.array(probabilities, np.float32), np.array(levels_db, np.float32)


def _rising(levels_db: Levels) -> Levels:
    """Judge each level by how far it rises over the lowest ones around: about a probability."""
    smooth_db = smooth(levels_db)
    probabilities = 1 / (1 + np.exp((noise(levels_db) + RISE_DB - smooth_db) / RISE_SLOPE_DB))
    judged: Levels = probabilities.astype(np.float32)
    return judged


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


def _sharpened(spans: list[Span], levels_db: Levels, duration_s: float) -> list[Span]:
    """Move the ends of each span to where the sound rises from the noise, never past the middle between two spans."""
    noise_db = noise(levels_db)
    middles = [(a.end_s + b.start_s) / 2 for a, b in zip(spans, spans[1:], strict=False)]
    bounds = zip(spans, [0.0, *middles], [*middles, duration_s], strict=False)
    return [_sharpen(span, levels_db, noise_db, low_s, high_s) for span, low_s, high_s in bounds]


def _sharpen(span: Span, levels_db: Levels, noise_db: Levels, low_s: float, high_s: float) -> Span:
    first, last = round(span.start_s / LEVEL_S), round(span.end_s / LEVEL_S)
    from_, to = max(round(low_s / LEVEL_S), first - OUTWARD), min(round(high_s / LEVEL_S), last + OUTWARD)
    heard_db = loud(levels_db[first:last]) - HEARD_DB
    heard = from_ + np.flatnonzero(levels_db[from_:to] > np.maximum(noise_db[from_:to] + OVER_DB, heard_db))
    starts, ends = heard[heard < min(first + INWARD, last)], heard[heard >= max(last - INWARD, first)]
    start_s = int(starts[0]) * LEVEL_S if len(starts) else span.start_s
    end_s = min((int(ends[-1]) + 1) * LEVEL_S, high_s) if len(ends) else span.end_s
    return Span(start_s, end_s) if start_s < end_s else span
