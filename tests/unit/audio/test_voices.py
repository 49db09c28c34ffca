"""Two voices in a clip are unlike each other, one is like itself."""

import numpy as np
import pytest

from dimts.audio import voiceprint, voices
from dimts.audio.voiceprint import Prints
from dimts.data.filters import Limits
from tests.unit.audio.spoken import sentences
from tests.unit.audio.test_voiceprint import LONG, needs_weights, spoken

RATE_HZ = voiceprint.RATE_HZ


def near(voice: int, count: int, spread: float = 0.3) -> Prints:
    """Prints of a made-up voice: an axis with chance around it."""
    vectors = spread * np.abs(np.random.default_rng(voice).standard_normal((count, 256), np.float32)) / 16
    vectors[:, voice] += 1
    unit: Prints = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def likeness(monkeypatch: pytest.MonkeyPatch, found: Prints) -> float | None:
    monkeypatch.setattr(voices, "speech", lambda samples, rate_hz: samples)
    monkeypatch.setattr(voices, "prints", lambda samples, step_frames: found)
    return voices.likeness(np.zeros(1, np.float32), RATE_HZ)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_slices_of_two_voices(monkeypatch: pytest.MonkeyPatch, order: slice) -> None:
    one, two = near(0, 12), np.concatenate([near(0, 5), near(1, 4), near(0, 3)])
    alike, apart = likeness(monkeypatch, one[order]), likeness(monkeypatch, two[order])
    assert alike is not None and alike > 0.9
    assert apart is not None and apart < 0.3


def test_slices_that_share_sound_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert likeness(monkeypatch, near(0, 0)) is None
    assert likeness(monkeypatch, near(0, 1)) is None
    assert likeness(monkeypatch, np.concatenate([near(0, 1), near(1, 1)])) is None
    assert likeness(monkeypatch, np.concatenate([near(0, 1), near(1, 2)])) is not None


@needs_weights
def test_a_recording_and_two_in_one() -> None:
    own, other = spoken(LONG), np.concatenate(sentences(RATE_HZ)[:3])
    alone, both = voices.likeness(own, RATE_HZ), voices.likeness(np.concatenate([own[:64_000], other]), RATE_HZ)
    assert alone is not None and alone > Limits().warn_same_voice
    assert both is not None and both < Limits().min_same_voice
    assert voices.likeness(own[:40_000], RATE_HZ) is None
    assert voices.likeness(np.zeros(99_999, np.float32), RATE_HZ) is None
