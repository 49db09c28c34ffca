"""Measures tell what was put into a clip: loudness, noise, clipping, bandwidth, offset; and they cost little."""

import time
from dataclasses import astuple

import numpy as np
import pytest
import torch

from dimts.audio import loudness, measures
from dimts.audio.io import Samples
from dimts.audio.levels import levels
from dimts.audio.measures import Measures, measure
from dimts.audio.resample import sinc
from tests.unit.audio.spoken import recording

SILENCE = Measures(-100.0, -70.0, 0.0, 0.0, 0.0, 0.0)


def noise(count: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).standard_normal(count, np.float32)


def sine(hz: float, rate_hz: int, seconds: float = 3.0) -> Samples:
    return np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_loudness_of_the_standards_tone(rate_hz: int) -> None:
    assert loudness.lufs(sine(997, rate_hz), rate_hz) == pytest.approx(-3.01, abs=0.01)
    assert loudness.lufs(np.float32(0.1) * sine(997, rate_hz), rate_hz) == pytest.approx(-23.01, abs=0.01)


@pytest.mark.parametrize("rate_hz", [24_000, 44_100, 48_000])
def test_loudness_is_what_pyloudnorm_says(rate_hz: int) -> None:
    meter = pytest.importorskip("pyloudnorm").Meter(rate_hz)
    gains = np.random.default_rng(1).uniform(0, 1, 80) ** 3
    for samples in (0.1 * noise(8 * rate_hz) * np.repeat(gains, rate_hz // 10).astype(np.float32),
                    recording(rate_hz, (0.5, 0.5, 0.5, 3.0))[0].samples):  # fmt: skip
        assert loudness.lufs(samples, rate_hz) == pytest.approx(meter.integrated_loudness(samples), abs=0.1)


def test_pauses_do_not_count_for_loudness() -> None:
    tone = sine(997, 16_000)
    gaps = np.concatenate([tone, np.zeros(160_000, np.float32), tone])
    assert loudness.lufs(gaps, 16_000) == pytest.approx(-3.01, abs=0.5)
    assert loudness.lufs(tone[:1600], 16_000) == pytest.approx(-3.01, abs=0.3)  # one short block


@pytest.mark.parametrize("snr_db", [5, 10, 20, 30])
@pytest.mark.parametrize("colour", [0.0, 0.9])
def test_snr_of_mixes_is_found_within_3_db(snr_db: float, colour: float) -> None:
    rate_hz = 16_000
    for first in range(3):
        clean = recording(rate_hz, (0.15, 0.3, 0.15), noise_db=-120)[0].samples
        clean = np.roll(clean, first * 999)
        levels_db = levels(clean, rate_hz)
        speaking = np.repeat(levels_db > np.percentile(levels_db, 90) - 25, rate_hz // 100)
        hiss = noise(len(clean) + 1, first)
        hiss = hiss[1:] + colour * hiss[:-1]
        power = (clean[: len(speaking)][speaking] ** 2).mean()
        hiss *= np.sqrt(power / (hiss**2).mean()) * 10 ** (-snr_db / 20)
        assert measures.snr((clean + hiss).astype(np.float32), rate_hz) == pytest.approx(snr_db, abs=3)


def test_silence_that_was_put_there_is_no_clean_room() -> None:
    audio = recording(16_000, (0.2, 0.2), noise_db=-40)[0].samples
    padded = np.concatenate([np.zeros(16_000, np.float32), audio, np.zeros(16_000, np.float32)])
    assert measures.snr(padded, 16_000) == pytest.approx(measures.snr(audio, 16_000), abs=1)


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_clipping_is_counted_whatever_the_gain(gain: float) -> None:
    speech = recording(16_000, (0.2, 0.2, 0.2))[0].samples
    limit = np.percentile(np.abs(speech), 98)
    clipped = (np.clip(speech, -limit, limit) / limit * gain).astype(np.float32)
    assert measure(speech, 16_000).clipped_share == 0
    assert 0.005 < measure(clipped, 16_000).clipped_share < 0.02
    rounded = (np.round(clipped * 32767) / 32767).astype(np.float32)
    assert measure(rounded, 16_000).clipped_share == pytest.approx(measure(clipped, 16_000).clipped_share, abs=1e-3)


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_upsampled_material_is_seen(rate_hz: int) -> None:
    native = recording(rate_hz, (0.2, 0.2, 0.2), noise_db=-60)[0].samples
    narrow = sinc(torch.from_numpy(native), rate_hz, 8_000)
    upsampled: Samples = sinc(narrow, 8_000, rate_hz).numpy()
    for samples in (upsampled, np.round(np.float32(0.02) * upsampled, 5)):
        assert 4_000 <= measure(samples, rate_hz).bandwidth_hz <= 5_100  # this resampler is not steep
    assert measure(native, rate_hz).bandwidth_hz > min(0.95 * rate_hz / 2, 10_000)


def test_offset_and_peak() -> None:
    measured = measure(0.25 * sine(1000, 16_000) + np.float32(0.01), 16_000)
    assert measured.offset == pytest.approx(0.01, abs=1e-5)
    assert measured.peak_dbfs == pytest.approx(20 * np.log10(0.25), abs=0.01)


@pytest.mark.parametrize("count", [0, 1, 100, 16_000])
def test_silence_has_floors(count: int) -> None:
    assert measure(np.zeros(count, np.float32), 16_000) == SILENCE


@pytest.mark.parametrize("count", [1, 2, 159, 511, 6_399])
def test_measures_of_the_shortest_clips_are_finite(count: int) -> None:
    assert np.isfinite(astuple(measure(0.1 * noise(count), 16_000))).all()


def test_measuring_ten_seconds_costs_little() -> None:
    samples = 0.1 * noise(480_000)
    spent_s = []
    for _ in range(4):
        started = time.process_time()
        measure(samples, 48_000)
        spent_s.append(time.process_time() - started)
    assert min(spent_s) < 0.03
