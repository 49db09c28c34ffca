"""Repairs of a clip, each on request: length and alignment stay to the sample.

They come in the order in which each helps the next: vocals, high-pass, denoise, loudness. The surprise: none of them is
a default, for a voice learns what was done to its clips.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import conv1d, max_pool1d, pad

from dimts.audio import denoise, loudness, vocals
from dimts.audio.io import Audio
from dimts.audio.resample import quick
from dimts.audio.sound import Samples
from dimts.audio.threads import one_thread
from dimts.errors import ConfigError

ORDER = 4  # of the high-pass: 24 dB an octave, twice that as it goes forth and back
EDGE_S = 0.25  # mirrored at both ends, so that no filter meets an edge
OVERSAMPLED = 4  # peaks between samples, as BS.1770 looks for them
REACH_S = 0.005  # the limiter sees a peak coming and leaves it as softly
LEFT_DB, PASSES = 0.02, 4
MAX_LIMITING_DB = 6.0  # more would be heard: then the clip stays quieter than asked
NEAR_LU, ROUNDS = 0.05, 10  # limiting makes quieter, so the gain is found by trying


@dataclass(frozen=True)
class Repairs:
    """What to do to each clip; nothing by default."""

    vocals: bool = False  # drop music and noise by demucs
    high_pass_hz: float | None = None  # drop hum and rumble below
    denoise: bool = False  # by RNNoise
    loudness_lufs: float | None = None  # bring to this loudness
    ceiling_dbtp: float = -1.0  # no peak above, between samples either, where loudness is set

    def __post_init__(self) -> None:
        problems = []
        if self.high_pass_hz is not None and not 10 <= self.high_pass_hz <= 1000:
            problems.append(f"high_pass_hz is {self.high_pass_hz}; give 10 to 1000, or leave it out")
        if self.loudness_lufs is not None and not -60 <= self.loudness_lufs <= -8:
            problems.append(f"loudness_lufs is {self.loudness_lufs}; give -60 to -8, or leave it out")
        if not -20 <= self.ceiling_dbtp <= 0:
            problems.append(f"ceiling_dbtp is {self.ceiling_dbtp}; give -20 to 0")
        if problems:
            raise ConfigError(*problems)


@one_thread()
def repair(audio: Audio, repairs: Repairs) -> Audio:
    """Repair a clip. MissingExtra or AudioError in one line where a repair cannot be had."""
    samples, rate_hz = audio.samples, audio.rate_hz
    if not len(samples):
        return audio
    if repairs.vocals:
        samples = vocals.only(samples, rate_hz)
    if repairs.high_pass_hz is not None:
        samples = high_pass(samples, rate_hz, repairs.high_pass_hz)
    if repairs.denoise:
        samples = denoise.denoised(samples, rate_hz)
    if repairs.loudness_lufs is not None:
        samples = to_loudness(samples, rate_hz, repairs.loudness_lufs, repairs.ceiling_dbtp)
    return Audio(samples, rate_hz)


def high_pass(samples: Samples, rate_hz: int, hz: float) -> Samples:
    """Drop what lies below `hz`, without moving anything in time: a Butterworth filter forth and back."""
    edge = min(round(EDGE_S * rate_hz), len(samples) - 1)
    padded = np.pad(samples, edge, "reflect", reflect_type="odd")
    count = 1 << math.ceil(math.log2(len(padded) + edge))
    below = hz / np.maximum(np.arange(count // 2 + 1) * rate_hz / count, 1e-9)
    gain = torch.from_numpy((1 / (1 + below ** (2 * ORDER))).astype(np.float32))
    filtered = torch.fft.irfft(torch.fft.rfft(torch.from_numpy(padded), count) * gain, count)
    kept: Samples = filtered[edge : edge + len(samples)].numpy()
    return kept


def to_loudness(samples: Samples, rate_hz: int, target_lufs: float, ceiling_dbtp: float) -> Samples:
    """Bring to a loudness, peaks limited; quieter where that would take more than MAX_LIMITING_DB; silence stays."""
    measured = loudness.lufs(samples, rate_hz)
    if measured <= loudness.SILENT_LUFS:
        return samples
    peak_db = 20 * math.log10(max(true_peak(samples, rate_hz), 1e-9))
    highest_db = ceiling_dbtp - peak_db + MAX_LIMITING_DB
    gain_db = target_lufs - measured
    for _ in range(ROUNDS):
        gain_db = min(gain_db, highest_db)
        limited = limit(samples * np.float32(10 ** (gain_db / 20)), rate_hz, ceiling_dbtp)
        lack = target_lufs - loudness.lufs(limited, rate_hz)
        if abs(lack) < NEAR_LU or (lack > 0 and gain_db == highest_db):
            break
        gain_db += lack
    return limited


def true_peak(samples: Samples, rate_hz: int) -> float:
    """Give the highest magnitude, between samples too."""
    return float(_between_samples(samples, rate_hz).max(initial=0.0))


def limit(samples: Samples, rate_hz: int, ceiling_dbtp: float) -> Samples:
    """Lower the surroundings of peaks, smoothly, so that none is above the ceiling by more than LEFT_DB."""
    ceiling = 10 ** (ceiling_dbtp / 20)
    for _ in range(PASSES):  # lowering one sample can raise what lies between it and the next
        peaks = _between_samples(samples, rate_hz)
        if peaks.max(initial=0.0) <= ceiling * 10 ** (LEFT_DB / 20):
            break
        samples = samples * _lowering(np.minimum(ceiling / np.maximum(peaks, 1e-9), 1.0), rate_hz)
    return samples


def _lowering(allowed: Samples, rate_hz: int) -> Samples:
    """Smooth a gain, nowhere above what is allowed."""
    around = (reach := max(1, round(REACH_S * rate_hz)), reach)
    lowest = -max_pool1d(-pad(torch.from_numpy(allowed)[None, None], around, value=1.0), 2 * reach + 1, 1)
    window = torch.hann_window(2 * reach + 3, periodic=False)[1:-1]
    smooth = conv1d(pad(lowest, around, value=1.0), (window / window.sum())[None, None])
    gain: Samples = smooth.flatten().clamp_max(1.0).numpy()
    return gain


def _between_samples(samples: Samples, rate_hz: int) -> Samples:
    """Give for each sample the highest magnitude from it up to the next one."""
    finer = quick(torch.from_numpy(samples), rate_hz, OVERSAMPLED * rate_hz)
    highest: Samples = np.maximum(finer.view(-1, OVERSAMPLED).abs().amax(1).numpy(), np.abs(samples))
    return highest
