"""How loud a recording is every 10 ms, and how loud its noise."""

import numpy as np
import numpy.typing as npt

from dimts.audio.sound import Samples

LEVEL_S = 0.01  # one level for each 10 ms
FLOOR_DB = -100.0  # level of digital silence, below 16 bits
LOUD_PERCENTILE = 90  # of levels: that of vowels
SMOOTH_LEVELS = 5  # noise has no dips as short as speech has peaks
NOISE_S = 1.0  # the noise is looked at once a second
NOISE_REACH = 10  # such seconds to both sides
QUIET_DB = -70.0  # no noise floor is lower: what lies under it is not heard

Levels = npt.NDArray[np.float32]


def levels(samples: Samples, rate_hz: int) -> Levels:
    """Give the level in dBFS of each whole 10 ms."""
    size = max(1, round(LEVEL_S * rate_hz))
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.einsum("fn,fn->f", frames, frames) / size
    decibels: Levels = np.maximum(10 * np.log10(np.maximum(power, 1e-12)), FLOOR_DB).astype(np.float32)
    return decibels


def loud(levels_db: Levels) -> float:
    """Give the level of the loud parts."""
    return float(np.percentile(levels_db, LOUD_PERCENTILE))


def smooth(levels_db: Levels) -> Levels:
    """Average each level with its neighbours."""
    weights = np.full(SMOOTH_LEVELS, 1 / SMOOTH_LEVELS, np.float32)
    around = np.pad(levels_db, SMOOTH_LEVELS // 2, "edge" if len(levels_db) else "constant")
    averaged: Levels = np.convolve(around, weights, "valid").astype(np.float32)[: len(levels_db)]
    return averaged


def noise(levels_db: Levels) -> Levels:
    """Give the level of the noise around each level: the lowest that lasts, of 10 s to both sides."""
    per = round(NOISE_S / LEVEL_S)
    smooth_db = smooth(levels_db)
    lowest = [smooth_db[start : start + per].min() for start in range(0, len(smooth_db), per)]
    floors = [min(lowest[max(at - NOISE_REACH, 0) : at + NOISE_REACH + 1]) for at in range(len(lowest))]
    around: Levels = np.repeat(np.maximum(np.array(floors, np.float32), QUIET_DB), per)[: len(smooth_db)]
    return around
