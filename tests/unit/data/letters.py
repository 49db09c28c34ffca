"""A recogniser for tests: sound is a row of 20 ms beeps, one pitch for each letter, and it hears them without fail."""

from collections.abc import Sequence

import numpy as np

from dimts.audio.io import Samples
from dimts.data.ctc import Floats
from dimts.data.recognisers import Recogniser

LETTERS = "·abcdefghijklmnopqrstuvwxyz"
FRAME = 160


class Letters(Recogniser):
    """Hears the beeps of `beeps`."""

    name = "letters"
    rate_hz = 8_000
    frame_samples = FRAME
    blank = 0

    def hear(self, samples: Samples) -> Floats:
        frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        heard = np.rint(frames.mean(axis=1) * 100).astype(int)
        log_probs_TV: Floats = np.log(np.eye(len(LETTERS), dtype=np.float32)[heard] * 0.99 + 0.01 / len(LETTERS))
        return log_probs_TV.astype(np.float32)

    def tokens(self, words: Sequence[str], language: str) -> list[list[int]]:
        return [[LETTERS.index(letter) for letter in word.lower() if letter in LETTERS[1:]] for word in words]


def beeps(spoken: str) -> Samples:
    """Speak a text: each letter is 20 ms, then 20 ms of silence, a space 200 ms of it."""
    row: list[int] = []
    for letter in spoken.lower():
        row += [0] * 10 if letter == " " else [LETTERS.find(letter), 0]
    return np.repeat(np.array(row, np.float32) / 100, FRAME)
