"""Loudness as broadcasters measure it (ITU-R BS.1770-4): K-weighted, in blocks of 400 ms, gated, in LUFS."""

import functools
import math

import numpy as np
import numpy.typing as npt
import torch

from dimts.audio.sound import Samples

HOP_S, HOPS_IN_BLOCK = 0.1, 4
OFFSET_DB = -0.691  # a 997 Hz sine at full scale on one channel is -3.01 LUFS
SILENT_LUFS = -70.0  # the absolute gate: no block below counts
RELATIVE_LU = -10.0  # the relative gate, under the mean of what passed the absolute one
TAIL_S = 0.2  # the weighting filter has died away then
STANDARD_HZ = 48_000  # BS.1770 lists the filter's coefficients at this rate; these values give them
SHELF_HZ, SHELF_GAIN, SHELF_MIDDLE_GAIN, SHELF_Q = 1681.974450955533, 1.584864701, 1.258720930, 0.7071752369554196
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
HIGH_PASS_GAIN = 1.0049948987146884  # the standard rounds the numerator at 48 kHz to 1, -2, 1

Numbers = npt.NDArray[np.float64]


def lufs(samples: Samples, rate_hz: int) -> float:
    """Measure integrated loudness, SILENT_LUFS where nothing is louder; less than 400 ms count as one block."""
    hop = max(1, round(HOP_S * rate_hz))
    whole = len(samples) // hop
    weighted = _weighted(samples, rate_hz)
    if whole < HOPS_IN_BLOCK:
        power = (weighted.astype(np.float64) ** 2).mean(keepdims=True) if len(samples) else np.zeros(1)
    else:
        hops = weighted[: whole * hop].reshape(whole, hop)
        energy = np.einsum("hn,hn->h", hops, hops).astype(np.float64)
        power = np.convolve(energy, np.ones(HOPS_IN_BLOCK), "valid") / (HOPS_IN_BLOCK * hop)
    loud = power[_decibels(power) > SILENT_LUFS]
    gated = loud[_decibels(loud) > _decibels(loud.mean()) + RELATIVE_LU] if len(loud) else loud
    return float(_decibels(gated.mean())) if len(gated) else SILENT_LUFS


def _weighted(samples: Samples, rate_hz: int) -> Samples:
    """Apply the K weighting, in overlapping pieces that fit the processor's cache."""
    tail = round(TAIL_S * rate_hz)
    size = 1 << math.ceil(math.log2(3 * tail))
    step = size - tail
    pieces = max(1, -(-len(samples) // step))
    padded = torch.nn.functional.pad(torch.from_numpy(samples), (tail, pieces * step - len(samples)))
    spectra = torch.fft.rfft(padded.unfold(0, size, step)) * _response(rate_hz, size)
    weighted: Samples = torch.fft.irfft(spectra, size)[:, tail:].reshape(-1)[: len(samples)].numpy()
    return weighted


@functools.lru_cache(maxsize=8)
def _response(rate_hz: int, count: int) -> torch.Tensor:
    """Give the weighting at the frequencies of a real transform of `count` samples: in hertz, as at 48 kHz."""
    hertz = np.arange(count // 2 + 1) * rate_hz / count
    axis = np.tan(np.minimum(np.pi * hertz / STANDARD_HZ, 1.5707))  # bilinear, short of its pole
    low, high = (1j * axis / math.tan(math.pi * hz / STANDARD_HZ) for hz in (SHELF_HZ, HIGH_PASS_HZ))
    shelf = (SHELF_GAIN * low**2 + SHELF_MIDDLE_GAIN / SHELF_Q * low + 1) / (low**2 + low / SHELF_Q + 1)
    passed = HIGH_PASS_GAIN * high**2 / (high**2 + high / HIGH_PASS_Q + 1)
    return torch.from_numpy((shelf * passed).astype(np.complex64))


def _decibels(power: npt.ArrayLike) -> Numbers:
    decibels: Numbers = OFFSET_DB + 10 * np.log10(np.maximum(power, 1e-30))
    return decibels
