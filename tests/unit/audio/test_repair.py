"""Each repair does what it is for, and moves nothing: loudness, hum, noise, and the voice alone."""

import socket
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from dimts.audio import denoise, loudness, measures, repair, vocals
from dimts.audio.io import Audio, Samples
from dimts.audio.repair import Repairs
from dimts.errors import AudioError, ConfigError, MissingExtra
from tests.unit.audio.spoken import recording

RATES = [16_000, 22_050, 48_000]
needs_pyrnnoise = pytest.mark.skipif(find_spec("pyrnnoise") is None, reason="needs pyrnnoise")
needs_demucs = pytest.mark.skipif(find_spec("demucs") is None, reason="needs demucs")


def speech(rate_hz: int, noise_db: float = -70.0) -> Audio:
    return recording(rate_hz, (0.3, 0.3, 0.3, 0.3), noise_db)[0]


def lag(a: Samples, b: Samples) -> int:
    """Samples by which b comes after a."""
    count = 2 * len(a)
    product = np.fft.irfft(np.fft.rfft(b, count) * np.conj(np.fft.rfft(a, count)), count)
    at = int(product.argmax())
    return at if at < len(a) else at - count


def power_db(samples: Samples, rate_hz: int, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    return float(10 * np.log10(spectrum[(low_hz <= hertz) & (hertz < high_hz)].sum()))


def test_nothing_is_repaired_unless_it_is_asked_for() -> None:
    audio = speech(16_000)
    assert np.array_equal(repair.repair(audio, Repairs()).samples, audio.samples)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("target_lufs", [-30.0, -23.0, -16.0])
def test_loudness_is_reached_under_the_ceiling(rate_hz: int, target_lufs: float) -> None:
    audio = speech(rate_hz)
    done = repair.repair(audio, Repairs(loudness_lufs=target_lufs))
    assert loudness.lufs(done.samples, rate_hz) == pytest.approx(target_lufs, abs=0.1)
    assert repair.true_peak(done.samples, rate_hz) <= 10 ** (-0.95 / 20)
    assert len(done.samples) == len(audio.samples) and lag(audio.samples, done.samples) == 0


def test_limiting_stops_where_it_would_be_heard() -> None:
    audio = speech(16_000)
    done = repair.to_loudness(audio.samples, 16_000, -8.0, -3.0)
    assert -20 < loudness.lufs(done, 16_000) < -9
    assert repair.true_peak(done, 16_000) <= 10 ** (-2.95 / 20)


def test_a_limited_peak_is_lowered_with_its_surroundings() -> None:
    samples = np.full(16_000, 0.4, np.float32) * np.sin(np.arange(16_000, dtype=np.float32))
    samples[8000:8016] *= 2
    limited = repair.limit(samples, 16_000, -6.0)
    assert repair.true_peak(limited, 16_000) <= 10 ** (-5.95 / 20)
    assert np.array_equal(limited[:7000], samples[:7000]) and np.array_equal(limited[9000:], samples[9000:])
    gain = limited[7800:8200] / samples[7800:8200]
    assert np.abs(np.diff(gain)).max() < 0.02  # no click


def test_peaks_between_samples_are_seen() -> None:
    tone = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4).astype(np.float32)  # every sample is at 0.707
    assert np.abs(tone).max() < 0.71 and repair.true_peak(tone[:], 16_000) > 0.95


@pytest.mark.parametrize("samples", [np.zeros(16_000, np.float32), np.zeros(0, np.float32), np.ones(1, np.float32)])
def test_silence_and_crumbs_stay(samples: Samples) -> None:
    done = repair.repair(Audio(samples, 16_000), Repairs(high_pass_hz=80, loudness_lufs=-23))
    assert len(done.samples) == len(samples) and np.isfinite(done.samples).all()


@pytest.mark.parametrize("rate_hz", RATES)
def test_high_pass_takes_hum_and_leaves_speech(rate_hz: int) -> None:
    audio = speech(rate_hz)
    hum = (0.1 * np.sin(2 * np.pi * 50 * np.arange(len(audio.samples)) / rate_hz)).astype(np.float32)
    done = repair.repair(Audio(audio.samples + hum, rate_hz), Repairs(high_pass_hz=80)).samples
    assert power_db(audio.samples + hum, rate_hz, 45, 55) - power_db(done, rate_hz, 45, 55) > 28
    assert power_db(audio.samples, rate_hz, 150, 7000) == pytest.approx(power_db(done, rate_hz, 150, 7000), abs=0.1)
    assert np.abs(done[: rate_hz // 20]).max() < 0.02  # no click where the hum begins
    assert len(done) == len(audio.samples) and lag(audio.samples, done) == 0
    assert abs(repair.high_pass(np.full(rate_hz, 0.5, np.float32), rate_hz, 80)).max() < 0.01


@needs_pyrnnoise
@pytest.mark.parametrize("rate_hz", RATES)
def test_denoising_raises_speech_over_noise(rate_hz: int) -> None:
    clean, noisy = speech(rate_hz, -90), speech(rate_hz, -35)
    done = repair.repair(noisy, Repairs(denoise=True)).samples
    assert measures.snr(done, rate_hz) > measures.snr(noisy.samples, rate_hz) + 10
    assert len(done) == len(noisy.samples) and abs(lag(clean.samples, done)) <= 1
    error = [float(((samples - clean.samples) ** 2).mean()) for samples in (done, noisy.samples)]
    assert error[0] < error[1]
    assert np.array_equal(denoise.denoised(noisy.samples, rate_hz), done)  # no memory of the last clip


def test_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, extra in ((denoise, "denoise"), (vocals, "separate")):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
        for cached in ("_library", "_network"):
            if hasattr(module, cached):
                getattr(module, cached).cache_clear()
        with pytest.raises(MissingExtra, match=rf"dimts\[{extra}\]"):
            repair.repair(speech(16_000), Repairs(denoise=extra == "denoise", vocals=extra == "separate"))


@pytest.fixture
def demucs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Demucs' small test network with chance weights instead of the real one."""
    import torch
    from demucs import pretrained

    torch.manual_seed(0)
    network = pretrained.get_model("demucs_unittest").eval()
    monkeypatch.setattr(pretrained, "get_model", lambda name: network)
    vocals._network.cache_clear()
    yield network
    vocals._network.cache_clear()


@needs_demucs
@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_vocals_keep_length_and_place(demucs: Any, rate_hz: int) -> None:
    """A network that gives each source its share of the mix: what comes back must be that share, at its place."""
    shares = {name: (at + 1) / 10 for at, name in enumerate(demucs.sources)}
    forward = lambda mix: mix[:, None] * mix.new_tensor(list(shares.values()))[None, :, None, None]  # noqa: E731
    demucs.forward = forward
    audio = speech(rate_hz)
    done = repair.repair(audio, Repairs(vocals=True)).samples
    assert len(done) == len(audio.samples) and lag(audio.samples, done) == 0
    middle = slice(rate_hz // 2, -rate_hz // 2)
    expected = shares["vocals"] * audio.samples[middle]
    assert np.abs(done[middle] - expected).max() < 0.05 * np.abs(expected).max()


@needs_demucs
def test_the_network_of_demucs_runs_for_real(demucs: Any) -> None:
    audio = Audio(speech(16_000).samples[:16_000], 16_000)
    once, again = (repair.repair(audio, Repairs(vocals=True)).samples for _ in range(2))
    assert len(once) == 16_000 and np.isfinite(once).all() and np.array_equal(once, again)


@needs_demucs
def test_weights_that_cannot_be_had_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "no network")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    vocals._network.cache_clear()
    with pytest.raises(AudioError, match="weights of demucs cannot be had: .*no network.*; go online") as caught:
        repair.repair(speech(16_000), Repairs(vocals=True))
    assert "\n" not in str(caught.value)


def test_settings_out_of_range_are_refused_together() -> None:
    with pytest.raises(ConfigError) as caught:
        Repairs(high_pass_hz=0, loudness_lufs=3, ceiling_dbtp=2)
    assert [line.split()[0] for line in caught.value.problems] == ["high_pass_hz", "loudness_lufs", "ceiling_dbtp"]
