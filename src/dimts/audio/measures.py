"""What can be measured of a clip in a few milliseconds: loudness, noise, clipping, bandwidth, offset.

Speech against noise is told by the clip's own levels: the noise is what the quietest twenty-fifth of it holds, in
clips with a little room at their ends the silence there. So a clip without any room looks noisier than it is.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from dimts.audio.levels import FLOOR_DB, levels, loud, smooth
from dimts.audio.loudness import lufs
from dimts.audio.sound import Samples
from dimts.audio.threads import one_thread

NOISE_PERCENTILE = 4  # of the levels: in the room of a clip, or in its pauses
SPEECH_DEPTH_DB = 25.0  # levels so far under the loud parts are still speech
MAX_SNR_DB = 80.0  # cleaner is not told apart: 16 bits hold no more
FLAT = 3  # neighbouring samples at the extreme: a top that was cut off
FLAT_STEP = 1.5 / 32768  # as near to the extreme as this, in 16-bit steps
SPECTRUM_S = 0.032  # windows for the bandwidth
BAND_HZ = 125.0  # bands of it
BAND_PERCENTILE = 95  # of a band's power in time: when hissing sounds are spoken
BAND_DEPTH_DB = 60.0  # bands further under the strongest hold nothing

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """Of one clip; of digital silence the levels are at their floors and the bandwidth is 0."""

    peak_dbfs: float  # from the mean: a constant is nothing to be heard
    loudness_lufs: float
    snr_db: float
    clipped_share: float  # of the samples, in flat tops
    bandwidth_hz: float  # the highest frequency that holds sound: 4,000 in what was upsampled from 8 kHz
    offset: float  # mean of the samples, in full scale


@one_thread()
def measure(samples: Samples, rate_hz: int) -> Measures:
    """Measure a clip of any length."""
    offset = float(samples.mean(dtype=np.float64)) if len(samples) else 0.0
    sound = samples - np.float32(offset)
    return Measures(
        peak_dbfs=max(20 * math.log10(max(_peak(sound), 1e-9)), FLOOR_DB),
        loudness_lufs=lufs(sound, rate_hz),
        snr_db=snr(sound, rate_hz),
        clipped_share=clipped(samples, _peak(samples)),
        bandwidth_hz=bandwidth(sound, rate_hz),
        offset=offset,
    )


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max(initial=0.0))


def snr(samples: Samples, rate_hz: int) -> float:
    """Estimate speech over noise in dB, of the time in which somebody speaks; 0 where nothing stands out."""
    levels_db = levels(samples, rate_hz)
    levels_db = levels_db[levels_db > FLOOR_DB]  # digital silence was put there, it is not the room's
    if not len(levels_db):
        return 0.0
    noise_db = float(np.percentile(smooth(levels_db), NOISE_PERCENTILE))
    loud_db = loud(levels_db)
    speech = levels_db >= max(loud_db - SPEECH_DEPTH_DB, (loud_db + noise_db) / 2)
    noise, both = 10 ** (noise_db / 10), float((10 ** (levels_db[speech].astype(np.float64) / 10)).mean())
    return min(max(10 * math.log10(max(both / noise - 1, 1.0)), 0.0), MAX_SNR_DB)


def clipped(samples: Samples, peak: float) -> float:
    """Give the share of samples in flat tops: FLAT or more neighbours at the clip's own extreme, whatever its gain."""
    if peak <= FLAT * FLAT_STEP:
        return 0.0
    count = 0
    for top in (samples >= peak - FLAT_STEP, samples <= FLAT_STEP - peak):
        at = np.flatnonzero(top)
        if len(at) >= FLAT:
            runs = np.diff(np.flatnonzero(np.concatenate([[True], np.diff(at) > 1, [True]])))
            count += int(runs[runs >= FLAT].sum())
    return count / len(samples)


def bandwidth(samples: Samples, rate_hz: int) -> float:
    """Give the highest frequency in hertz at which sound is left, to 125 Hz."""
    size = 1 << round(math.log2(SPECTRUM_S * rate_hz))
    samples = np.pad(samples, (0, max(size - len(samples), 0)))
    frames = torch.from_numpy(samples[: len(samples) // size * size]).view(-1, size)
    power = torch.fft.rfft(frames * torch.hann_window(size)).abs().square().numpy()
    wide = max(1, round(BAND_HZ * size / rate_hz))
    bands = power[:, : power.shape[1] // wide * wide].reshape(len(power), -1, wide).sum(axis=2)
    strong = np.percentile(bands, BAND_PERCENTILE, axis=0)
    above = np.flatnonzero(strong > strong.max() * 10 ** (-BAND_DEPTH_DB / 10))
    return float((above[-1] + 1) * wide * rate_hz / size) if len(above) else 0.0
