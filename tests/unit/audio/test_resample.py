"""The windowed sinc equals its formula, keeps levels and pitches, and costs little at odd rates."""

import math
import subprocess
import sys
import time

import numpy as np
import numpy.typing as npt
import pytest
import torch

from dimts.audio import resample
from dimts.audio.resample import sinc, stream

Numbers = npt.NDArray[np.float64]
RATES = [(22_050, 16_000), (44_100, 22_050), (48_000, 22_050), (8_000, 22_050), (22_051, 22_050), (16_000, 22_050)]


def formula(samples: Numbers, from_hz: int, to_hz: int) -> Numbers:
    """Every output sample as the sum over all inputs of a Hann-windowed sinc of 6 zero crossings, roll-off 0.99."""
    cutoff_hz = 0.99 * min(from_hz, to_hz)
    count = math.ceil(len(samples) * to_hz / from_hz)
    out_s, in_s = np.arange(count)[:, None] / to_hz, np.arange(len(samples))[None, :] / from_hz
    crossings = np.clip((in_s - out_s) * cutoff_hz, -6, 6)
    kernel: Numbers = np.sinc(crossings) * np.cos(crossings * np.pi / 12) ** 2 * (cutoff_hz / from_hz)
    product: Numbers = kernel @ samples
    return product


def sine(hz: float, rate_hz: int, seconds: float) -> torch.Tensor:
    return torch.from_numpy(np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz).astype(np.float32))


@pytest.mark.parametrize(("from_hz", "to_hz"), [*RATES, (192_000, 16_000), (11_025, 44_101)])
def test_it_equals_its_formula(from_hz: int, to_hz: int) -> None:
    samples = np.random.RandomState(2).uniform(-1, 1, 1500)
    ours = sinc(torch.from_numpy(samples).float(), from_hz, to_hz).double().numpy()
    theirs = formula(samples.astype(np.float32).astype(np.float64), from_hz, to_hz)
    assert len(ours) == len(theirs)
    assert np.abs(ours - theirs).max() < 2e-6


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("count", [0, 1, 2, 146, 147, 148, 5000])
def test_the_length_is_rounded_up(from_hz: int, to_hz: int, count: int) -> None:
    found = sinc(torch.zeros(count), from_hz, to_hz)
    assert found.shape == (-(-count * to_hz // from_hz),)
    assert found.dtype == torch.float32


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_constant_keeps_its_level(from_hz: int, to_hz: int) -> None:
    middle = sinc(torch.ones(4000), from_hz, to_hz)[100:-100]
    assert (middle - 1).abs().max() < 2e-3


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_sine_keeps_its_pitch_level_and_phase(from_hz: int, to_hz: int) -> None:
    found, expected = sinc(sine(440, from_hz, 0.5), from_hz, to_hz), sine(440, to_hz, 0.6)
    assert (found - expected[: len(found)])[200:-200].abs().max() < 3e-3


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    assert sinc(sine(15_000, 44_100, 0.5), 44_100, 22_050)[200:-200].abs().max() < 0.02


def test_the_same_rate_changes_nothing() -> None:
    samples = torch.rand(100)
    assert torch.equal(sinc(samples, 16_000, 16_000), samples)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(22_050, 16_000), (22_051, 22_050), (8_000, 22_050)])
def test_blocks_leave_no_seam(monkeypatch: pytest.MonkeyPatch, from_hz: int, to_hz: int) -> None:
    samples = torch.from_numpy(np.random.RandomState(4).uniform(-1, 1, 3000).astype(np.float32))
    whole = sinc(samples, from_hz, to_hz)
    monkeypatch.setattr(resample, "BLOCK_VALUES", 1000)
    assert torch.equal(sinc(samples, from_hz, to_hz), whole)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(22_051, 22_050), (44_101, 22_050), (96_001, 22_050)])
def test_odd_rates_are_fast(from_hz: int, to_hz: int) -> None:
    samples = torch.rand(from_hz * 60)
    began = time.perf_counter()
    sinc(samples, from_hz, to_hz)
    assert time.perf_counter() - began < 6  # a minute of sound; measured: 0.1 s


MEASURE = """
import resource, torch
from dimts.audio.resample import sinc, stream
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
sinc(torch.rand(9000), 22_051, 22_050)
samples = torch.rand(20 * 384_000)
before = peak()
sinc(samples, 384_000, 16_000)
print(peak() - before - 2 * samples.nbytes)
"""


def test_memory_is_bounded() -> None:
    """Twenty seconds at once would weigh 187 million inputs: three arrays of 750 MB."""
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 150e6


@pytest.mark.parametrize(("from_hz", "to_hz"), [*RATES, (44_101, 16_000), (16_000, 16_000)])
def test_a_stream_is_resampled_as_a_whole(from_hz: int, to_hz: int) -> None:
    samples = torch.rand(from_hz + 17) - 0.5
    once, parts = (torch.cat(list(stream(torch.split(samples, size), from_hz, to_hz))) for size in (10**6, 1777))
    assert torch.equal(once, parts)
    torch.testing.assert_close(once, sinc(samples, from_hz, to_hz), rtol=0, atol=2e-6)
    assert not list(stream([], from_hz, to_hz))
