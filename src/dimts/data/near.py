"""Near-duplicates: the same recording in other bytes, encoded again or trimmed, found by where its spectrum peaks.

A mark is three peaks that follow each other: their pitches and the times between. Marks do not depend on loudness, on
the codec or on where a recording begins, so copies share many of them in the same order, at one distance in time. Each
mark is looked up once, so the cost grows with the clips, not with their square. Clips under about a second have too few
marks to be judged.
"""

import base64
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dimts.audio.io import Audio

WINDOW_S, HOP_S = 0.08, 0.02
BIN_HZ = 1 / WINDOW_S
BAND_HZ = (250.0, 3500.0)  # what every telephone and codec keeps
ENOUGH_HZ = 10_000  # a higher rate is brought down by averaging neighbours
NEAR_BINS, NEAR_FRAMES = 8, 5  # a peak is the highest within so many to all sides
DEPTH_DB = 35.0  # lower ones are noise
PEAKS_A_SECOND = 12
REACH_FRAMES = 31  # a mark lies within so many: 0.6 s
GRID_FRAMES = 3  # times are told apart by so many: a trimmed copy is seen through other frames
LEAST_MARKS = 10  # a clip with fewer is not judged
COMMON = 16  # of the clips that have a mark, so many are looked at: more make it common, and tell nothing

Marks = npt.NDArray[np.uint32]  # [N, 2]: what, and its frame


def marks(audio: Audio) -> Marks:
    """Find the marks of a clip, sorted by time."""
    spectrum_TB = _spectrum(audio)
    if not len(spectrum_TB):
        return np.zeros((0, 2), np.uint32)
    times, bins = _peaks(spectrum_TB)
    return _triples(times, bins)


def packed(found: Marks) -> str:
    """Write marks as a short text."""
    return base64.b64encode(found.astype("<u4").tobytes()).decode()


def unpacked(text: str) -> Marks:
    """Read marks as `packed` wrote them."""
    return np.frombuffer(base64.b64decode(text), "<u4").reshape(-1, 2)


@dataclass(frozen=True)
class _Clip:
    name: str
    text: str
    marks: int
    place: int  # in the order of the sources


class Heard:
    """The marks of all clips so far."""

    def __init__(self) -> None:
        self._where: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._clips: list[_Clip] = []

    def find(
        self, found: Marks, text: str, same_share: float, other_share: float, place: int = 0
    ) -> tuple[str, float] | None:
        """Name the clip that this one is a copy of, and the share of the shorter one's marks in common.

        None where no clip of the same text shares `same_share` of them in one order, and no other `other_share`. Of
        several the most alike, those before `place` first: what a run finds does not go with what an earlier one kept.
        """
        votes: Counter[tuple[int, int]] = Counter()
        if len(found) < LEAST_MARKS:
            return None
        for what, frame in found.tolist():
            for clip, at in self._where.get(what, ()):
                votes[clip, (at - frame) // 2] += 1
        best: Counter[int] = Counter()
        for (clip, distance), count in votes.items():
            best[clip] = max(best[clip], count + votes.get((clip, distance + 1), 0))
        copies = []
        for clip, count in best.items():
            its = self._clips[clip]
            share = min(count / min(its.marks, len(found)), 1.0)
            if share >= (same_share if its.text == text else other_share):
                copies.append((its.place < place, share, -clip, its.name))
        return (max(copies)[3], round(max(copies)[1], 2)) if copies else None

    def add(self, name: str, found: Marks, text: str, place: int = -1) -> None:
        """Remember a clip; -1 comes before all."""
        if len(found) < LEAST_MARKS:
            return
        for what, frame in found.tolist():
            if len(places := self._where[what]) < COMMON:
                places.append((len(self._clips), frame))
        self._clips.append(_Clip(name, text, len(found), place))


def _spectrum(audio: Audio) -> npt.NDArray[np.float32]:
    """Levels in dB, [frames, bins] of BAND_HZ: the same bins at every rate."""
    fold = max(1, audio.rate_hz // ENOUGH_HZ)
    samples = audio.samples[: len(audio.samples) // fold * fold].reshape(-1, fold).mean(axis=1)
    window, hop = round(WINDOW_S * audio.rate_hz / fold), HOP_S * audio.rate_hz / fold
    starts = np.floor(np.arange(0, len(samples) - window + 1, hop)).astype(int)
    if not len(starts) or audio.rate_hz < 2 * BAND_HZ[1]:
        return np.zeros((0, 1), np.float32)
    taper = np.hanning(window).astype(np.float32)
    first, last = (round(edge / BIN_HZ) for edge in BAND_HZ)
    rows = []
    for some in np.array_split(starts, -(-len(starts) // 256)):
        frames = np.lib.stride_tricks.sliding_window_view(samples, window)[some] * taper
        rows.append(np.abs(np.fft.rfft(frames)[:, first:last]).astype(np.float32))
    levels: npt.NDArray[np.float32] = 20 * np.log10(np.maximum(np.concatenate(rows), 1e-6))
    return levels


def _peaks(spectrum_TB: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Frames and bins of the highest peaks, sorted by time."""
    highest = _around(_around(spectrum_TB, NEAR_BINS, 1), NEAR_FRAMES, 0)
    is_peak = (spectrum_TB >= highest) & (spectrum_TB > spectrum_TB.max() - DEPTH_DB)
    times, bins = np.nonzero(is_peak)
    most = max(LEAST_MARKS, round(PEAKS_A_SECOND * len(spectrum_TB) * HOP_S))
    if len(times) > most:
        kept = np.sort(np.argsort(-spectrum_TB[times, bins], kind="stable")[:most])
        times, bins = times[kept], bins[kept]
    return times, bins


def _around(values: npt.NDArray[np.float32], reach: int, axis: int) -> npt.NDArray[np.float32]:
    """The maximum over `reach` neighbours to both sides."""
    pad = [(0, 0), (0, 0)]
    pad[axis] = (reach, reach)
    padded = np.pad(values, pad, constant_values=-np.inf)
    length = values.shape[axis]
    highest = values
    for shift in range(2 * reach + 1):
        highest = np.maximum(
            highest, padded[shift : shift + length] if axis == 0 else padded[:, shift : shift + length]
        )
    return highest


def _triples(times: npt.NDArray[np.int64], bins: npt.NDArray[np.int64]) -> Marks:
    """Make a mark of each peak and two that follow within reach."""
    found = list(_each_triple(times.tolist(), (bins // 2).tolist()))
    often = Counter(what for what, _ in found)  # a tone that goes on says the same again and again
    return np.array([mark for mark in found if often[mark[0]] == 1], np.uint32).reshape(-1, 2)


def _each_triple(times: list[int], bins: list[int]) -> Iterator[tuple[int, int]]:
    for first, start in enumerate(times):
        for second, third in ((1, 2), (1, 3), (2, 3)):
            if first + third >= len(times):
                continue
            near, far = times[first + second] - start, times[first + third] - start
            if far <= REACH_FRAMES:
                pitches = bins[first] | bins[first + second] << 8 | bins[first + third] << 16
                apart = (near + 1) // GRID_FRAMES | (far + 1) // GRID_FRAMES << 4
                yield (pitches | apart << 24) & 0xFFFFFFFF, start
