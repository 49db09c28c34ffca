"""What every recogniser of sounds can do, and hearing recordings of any length with one."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dimts.audio.io import Samples
from dimts.data.ctc import Floats

WINDOW_S = 6.0  # heard at once: recognisers attend to all of it, at a cost that grows with its square
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


def posteriors(recogniser: Recogniser, blocks: Iterable[Samples]) -> Floats:
    """Hear a recording of any length, given in blocks of any size at the recogniser's rate: float32 [T, V].

    Windows overlap, so that hardly any sound is heard without what stands around it.
    """
    frame = recogniser.frame_samples
    edge, own = (round(seconds / recogniser.frame_s) * frame for seconds in (EDGE_S, WINDOW_S - 2 * EDGE_S))
    heard: list[Floats] = []
    for window, before, count in _windows(blocks, own, edge):
        first, frames = before // frame, -(-count // frame)
        log_probs_TV = recogniser.hear(window)[first : first + frames]
        missing = frames - len(log_probs_TV)  # some recognisers lose a frame at the end
        heard.append(np.pad(log_probs_TV, ((0, missing), (0, 0)), mode="edge"))
    return np.concatenate(heard) if heard else np.zeros((0, recogniser.blank + 1), np.float32)


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
