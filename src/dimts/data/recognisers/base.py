"""What every recogniser of sounds can do, and hearing recordings of any length with one."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor

import numpy as np

from dimts.audio.io import Samples
from dimts.data.ctc import Floats

WINDOW_S = 6.0  # heard at once: recognisers attend to all of it, at a cost that grows with its square
SILENCE = -14.0  # log-probability of a sound where nobody listened
Span = tuple[float, float]  # start and end in seconds
EDGE_S = 0.3  # at both ends of a window, heard for context alone


class Recogniser(ABC):
    """Tells for each frame of a recording how probable each of its tokens is."""

    name: str  # as `recognisers.load` takes it

    @property
    @abstractmethod
    def rate_hz(self) -> int:
        """Rate of the samples that it hears."""

    @property
    @abstractmethod
    def frame_samples(self) -> int:
        """Samples from one frame to the next."""

    @property
    @abstractmethod
    def blank(self) -> int:
        """The token of no sound."""

    @property
    def frame_s(self) -> float:
        """Time between frames in seconds."""
        return self.frame_samples / self.rate_hz

    @abstractmethod
    def hear(self, samples: Samples) -> Floats:
        """Give log-probabilities [T, V] of some seconds of sound: float32 [N] in -1..1 at its rate."""

    @abstractmethod
    def tokens(self, words: Sequence[str], language: str) -> list[list[int]]:
        """Give the tokens of each word, none for what is not spoken.

        TextError when it cannot read the language, DataError when it cannot read this text.
        """


def posteriors(recogniser: Recogniser, blocks: Iterable[Samples], spans: Sequence[Span] | None = None) -> Floats:
    """Hear a recording of any length, given in blocks of any size at the recogniser's rate: float32 [T, V].

    Windows overlap, so that hardly any sound is heard without what stands around it. With `spans`, sorted, only these
    seconds and a little around them are heard; the rest is silence: music is not taken for words, and costs no time.
    """
    frame, sound = recogniser.frame_samples, _Sound(blocks)
    edge, own = (round(seconds / recogniser.frame_s) * frame for seconds in (EDGE_S, WINDOW_S - 2 * EDGE_S))
    heard: list[Floats | int] = []  # or so many frames that nobody listened to
    for start, stop in _regions(spans, recogniser):
        heard.append(-(-sound.skip(start) // frame))
        for window, before, count in _windows(sound.until(stop), own, edge):
            first, frames = before // frame, -(-count // frame)
            log_probs_TV = recogniser.hear(window)[first : first + frames]
            missing = frames - len(log_probs_TV)  # some recognisers lose a frame at the end
            heard.append(np.pad(log_probs_TV, ((0, missing), (0, 0)), mode="edge"))
    heard.append(-(-sound.skip(None) // frame))
    return _joined(heard, recogniser.blank)


class _Sound:
    """A recording that is read once, from its begin to its end."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks, self._rest, self._at = iter(blocks), np.zeros(0, np.float32), 0

    def until(self, stop: int | None) -> Iterator[Samples]:
        """Yield what comes before a sample, or before the end."""
        while True:
            piece = self._rest if stop is None else self._rest[: max(0, stop - self._at)]
            self._rest, self._at = self._rest[len(piece) :], self._at + len(piece)
            yield piece
            if self._at == stop or (block := next(self._blocks, None)) is None:
                return
            self._rest = block

    def skip(self, stop: int | None) -> int:
        """Read on to a sample, or to the end; tell how many there were."""
        return sum(map(len, self.until(stop)))


def _regions(spans: Sequence[Span] | None, recogniser: Recogniser) -> list[tuple[int, int | None]]:
    """Give the samples to hear, in whole frames: spans with EDGE_S around, those that touch then as one."""
    if spans is None:
        return [(0, None)]
    regions: list[tuple[int, int | None]] = []
    last = -1
    for start_s, end_s in spans:
        start = max(0, floor((start_s - EDGE_S) / recogniser.frame_s))
        stop = ceil((end_s + EDGE_S) / recogniser.frame_s)
        if regions and start <= last:
            start = (regions.pop()[0]) // recogniser.frame_samples
        last = max(last, stop)
        regions.append((start * recogniser.frame_samples, last * recogniser.frame_samples))
    return regions


def _joined(heard: Sequence[Floats | int], blank: int) -> Floats:
    """Put together what was heard, with silence where nobody listened."""
    width = next((part.shape[1] for part in heard if not isinstance(part, int)), blank + 1)
    silence_V = np.full(width, SILENCE, np.float32)
    silence_V[blank] = 0
    return np.concatenate([np.tile(silence_V, (part, 1)) if isinstance(part, int) else part for part in heard])


def _windows(blocks: Iterable[Samples], own: int, edge: int) -> Iterator[tuple[Samples, int, int]]:
    """Yield samples to hear, how many of them come before, and how many of them are the window's own."""
    waiting, before = np.zeros(0, np.float32), 0
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        while len(waiting) >= before + own + edge:
            yield waiting[: before + own + edge], before, own
            waiting, before = waiting[before + own - edge :], edge
    if len(waiting) > before:
        yield waiting, before, len(waiting) - before
