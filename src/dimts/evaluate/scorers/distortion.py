"""Mel-cepstral distortion against the recording of the same sentence, after dynamic time warping, in decibels.

It says how near the sound is to that one recording, voice, room and all: espeak-ng's other voices are 8 to 9.6 dB away
with the same sentence, its own voice with another one 4 to 8, noise 13. Compare checkpoints with it, nothing else.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from dimts.audio import io
from dimts.audio.io import Audio
from dimts.audio.resample import quick
from dimts.evaluate.cache import Cache
from dimts.evaluate.scorers.base import Column, Scorer, Values
from dimts.evaluate.speaking import RECORDINGS, Take
from dimts.model import mel
from dimts.model.shapes import MEL_BANDS, SAMPLE_RATE_HZ

CEPSTRA = 13  # c1 to c13, without the loudness, as is usual
DECIBELS = 10 / np.log(10) * np.sqrt(2)
LEAST_FRAMES = 4
NAME = "mcd"

Floats = npt.NDArray[np.float64]


class Distortion(Scorer):
    """Measures the distance to the recording."""

    columns = (Column(NAME, "distortion, dB", "low", "Mel-cepstral distortion against the recording, time-warped."),)

    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    def score(self, takes: Sequence[Take]) -> list[Values]:
        return [self._values(take) for take in takes]

    def _values(self, take: Take) -> Values:
        recording = take.line.sentence.recording
        if recording is None or take.subject == RECORDINGS or not take.path:
            return {}
        found = self.cache.remember(
            take.key, "distortion", lambda: {NAME: distortion(take.audio(), _recorded(recording))}
        )
        return {NAME: found[NAME]}


def distortion(audio: Audio, cepstra_FC: Floats) -> float | None:
    """Give the distance of a sound to the cepstra of another, in dB; None where one is too short."""
    own_FC = cepstra(audio)
    if min(len(own_FC), len(cepstra_FC)) < LEAST_FRAMES:
        return None
    apart_FG = np.sqrt(np.square(own_FC[:, None] - cepstra_FC[None]).sum(axis=2))
    return float(DECIBELS * warped(apart_FG))


def cepstra(audio: Audio) -> Floats:
    """Give c1 to c13 of each mel frame: [F, 13]."""
    samples_N = quick(torch.from_numpy(audio.samples), audio.rate_hz, SAMPLE_RATE_HZ)
    if len(samples_N) < SAMPLE_RATE_HZ // 10:
        return np.zeros((0, CEPSTRA))
    log_mel_MF = mel.code_mel(samples_N[None], torch.ones(MEL_BANDS))[0].double().numpy() / 2  # of power: amplitude
    bands = (np.arange(MEL_BANDS) + 0.5) * np.pi / MEL_BANDS
    basis_CM = np.cos(np.arange(1, CEPSTRA + 1)[:, None] * bands) * 2 / MEL_BANDS  # of a cosine series
    found_FC: Floats = (basis_CM @ log_mel_MF).T
    return found_FC


def warped(apart_FG: Floats) -> float:
    """Give the mean distance along the cheapest way through a table of distances, from corner to corner.

    The table is filled anti-diagonal by anti-diagonal; along a way its length is counted too.
    """
    rows, columns = apart_FG.shape
    cost, steps = np.full((rows + 1, columns + 1), np.inf), np.zeros((rows + 1, columns + 1))
    cost[0, 0] = 0
    for total in range(rows + columns - 1):
        row = np.arange(max(0, total - columns + 1), min(rows, total + 1))
        column = total - row
        before = np.stack([cost[row, column], cost[row, column + 1], cost[row + 1, column]])
        walked = np.stack([steps[row, column], steps[row, column + 1], steps[row + 1, column]])
        best = before.argmin(axis=0), np.arange(len(row))
        cost[row + 1, column + 1] = before[best] + apart_FG[row, column]
        steps[row + 1, column + 1] = walked[best] + 1
    return float(cost[-1, -1] / steps[-1, -1])


@lru_cache(maxsize=256)
def _recorded(path: Path) -> Floats:
    return cepstra(io.read(path))
