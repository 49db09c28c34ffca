"""DistillMOS and DNSMOS by our own loaders: the numbers of their packages, and noise is worse than speech."""

from pathlib import Path

import numpy as np
import pytest
import torch

from dimts.audio.io import Samples
from dimts.evaluate import distill_mos, dns_mos
from dimts.evaluate.cache import Cache
from dimts.evaluate.scorers.quality import Cleanness, Naturalness
from dimts.evaluate.speaking import Take
from tests.unit.evaluate.takes import silence, take

needs_distillmos = pytest.mark.skipif(not distill_mos.where(), reason="needs distillmos")
needs_speechmos = pytest.mark.skipif(not dns_mos.where(), reason="needs speechmos")


def wave(seconds: float) -> Samples:
    """A sound that wavers in pitch and loudness, over a little noise, at 16 kHz."""
    t = np.arange(round(16_000 * seconds)) / 16_000
    sound = (
        np.sin(2 * np.pi * (140 * t + 6 * np.sin(2 * np.pi * 0.7 * t)))
        * (0.5 + 0.5 * np.sin(2 * np.pi * 3.1 * t))
        * 0.3
    )
    sound += 0.1 * np.sin(2 * np.pi * 1900 * t) * (np.sin(2 * np.pi * 2.3 * t) > 0)
    samples: Samples = (sound + np.random.default_rng(0).normal(0, 0.01, len(t))).astype(np.float32)
    return samples


@needs_distillmos
@pytest.mark.parametrize(("seconds", "expected"), [(2, 1.83113), (9.01, 1.36651), (18.5, 1.37407)])
def test_distill_mos_gives_the_package_s_numbers(seconds: float, expected: float) -> None:
    """Expected: distillmos 0.9.1 on the same samples."""
    assert distill_mos.judge(torch.from_numpy(wave(seconds))) == pytest.approx(expected, abs=2e-4)


@needs_speechmos
def test_dns_mos_gives_the_package_s_numbers() -> None:
    """Expected: speechmos 0.0.1.1 on the same samples; it hears parts of shorter and longer sounds otherwise."""
    assert dns_mos.judge(wave(9.01)) == pytest.approx((2.37837, 3.54767, 2.05003), abs=2e-4)
    assert dns_mos.judge(wave(18.5)) == pytest.approx((2.30580, 3.52077, 2.00389), abs=0.04)
    assert dns_mos.judge(wave(2)) == pytest.approx((2.15168, 3.20173, 1.73415), abs=0.1)


@needs_distillmos
@needs_speechmos
def test_speech_is_better_than_noisy_speech_than_noise(tmp_path: Path) -> None:
    from tests.unit.audio.spoken import sentences

    cache, random = Cache(tmp_path), np.random.default_rng(0)
    means = []
    for level in (0.0, 0.05, None):
        takes = [_take(tmp_path, sound, level, random) for sound in sentences(24_000)[:3]]
        rows = [{**a, **b} for a, b in zip(Naturalness(cache).score(takes), Cleanness(cache).score(takes), strict=True)]
        means.append({name: sum(row[name] or 0 for row in rows) / 3 for name in ("mos", "dnsmos", "background")})
    speech, noisy, noise = means
    assert all(speech[name] > noisy[name] > 0.8 for name in speech)
    assert speech["mos"] > noise["mos"] and noisy["dnsmos"] > noise["dnsmos"]


def _take(folder: Path, sound: Samples, level: float | None, random: np.random.Generator) -> Take:
    """Speech with so much noise, or noise alone."""
    noise = random.normal(0, level or 0.1, len(sound)).astype(np.float32) if level != 0.0 else np.zeros_like(sound)
    return take(folder, (noise + (0 if level is None else sound)).astype(np.float32), f"{level}")


def test_what_is_too_short_has_no_quality(tmp_path: Path) -> None:
    for scorer in (Naturalness(Cache(tmp_path)), Cleanness(Cache(tmp_path))):
        assert scorer.score([take(tmp_path, silence(0.1))]) == [{}]


def test_without_their_packages_the_columns_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dimts.evaluate.distill_mos.find_spec", lambda name: None)
    monkeypatch.setattr("dimts.evaluate.scorers.quality.find_spec", lambda name: None)
    assert "pip install --no-deps distillmos" in str(Naturalness(Cache(tmp_path)).absent())
    assert "needs speechmos and onnxruntime" in str(Cleanness(Cache(tmp_path)).absent())
