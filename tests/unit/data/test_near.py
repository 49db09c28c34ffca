"""Near-duplicates: copies in other bytes are found, other recordings are not, and the cost is linear."""

import io
import time

import numpy as np
import pytest
import soundfile
import torch

from dimts.audio.io import Audio
from dimts.audio.resample import sinc
from dimts.data import near
from dimts.data.filters import Limits

RATE_HZ = 22_050
LIMITS = Limits()
SHARES = (LIMITS.same_marks, LIMITS.other_marks)


def voice(seed: int, duration_s: float = 4.0) -> Audio:
    """Syllables of random pitch and colour: tones that come and go, as in speech."""
    chance = np.random.default_rng(seed)
    sound = np.zeros(round(duration_s * RATE_HZ))
    at = 0
    while at < len(sound):
        size = min(round(chance.uniform(0.08, 0.3) * RATE_HZ), len(sound) - at)
        seconds = np.arange(size) / RATE_HZ
        pitch = chance.uniform(90, 250)
        formants = chance.uniform((300, 900, 2200), (900, 2200, 3300))
        for number in range(1, 16):
            gain = sum(np.exp(-(((number * pitch - formant) / 150) ** 2)) for formant in formants)
            sound[at : at + size] += gain * np.sin(2 * np.pi * number * pitch * seconds) * np.hanning(size)
        at += size
    sound += chance.normal(0, 1e-3, len(sound))
    return Audio((0.3 * sound / np.abs(sound).max()).astype(np.float32), RATE_HZ)


def encoded(audio: Audio, container: str, subtype: str) -> Audio:
    content = io.BytesIO()
    soundfile.write(content, audio.samples, audio.rate_hz, format=container, subtype=subtype)
    content.seek(0)
    samples, rate_hz = soundfile.read(content, dtype="float32")
    return Audio(samples, rate_hz)


def resampled(audio: Audio, rate_hz: int) -> Audio:
    return Audio(sinc(torch.from_numpy(audio.samples), audio.rate_hz, rate_hz).numpy(), rate_hz)


VOICES = [voice(seed) for seed in range(12)]
COPIES = {
    "mp3": lambda audio: encoded(audio, "MP3", "MPEG_LAYER_III"),
    "vorbis": lambda audio: encoded(audio, "OGG", "VORBIS"),
    "opus at 24 kHz": lambda audio: encoded(resampled(audio, 24_000), "OGG", "OPUS"),
    "telephone": lambda audio: resampled(audio, 8_000),
    "quieter": lambda audio: Audio(audio.samples * np.float32(0.3), audio.rate_hz),
    "trimmed": lambda audio: Audio(audio.samples[3_456:-4_321], audio.rate_hz),
    "trimmed mp3": lambda audio: encoded(Audio(audio.samples[1_111:], audio.rate_hz), "MP3", "MPEG_LAYER_III"),
}


@pytest.fixture(scope="module")
def heard() -> near.Heard:
    known = near.Heard()
    for number, audio in enumerate(VOICES):
        known.add(str(number), near.marks(audio), f"text {number}")
    return known


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_found(copy: str, heard: near.Heard) -> None:
    for number, audio in enumerate(VOICES):
        found = heard.find(near.marks(COPIES[copy](audio)), f"text {number}", *SHARES)
        assert found and found[0] == str(number), (copy, number)


def test_copies_under_another_text(heard: near.Heard) -> None:
    copy = near.marks(COPIES["mp3"](VOICES[3]))
    found = heard.find(copy, "other words", *SHARES)
    assert found and found[0] == "3" and found[1] > LIMITS.other_marks
    assert heard.find(copy, "other words", 0.15, 1.1) is None


def test_others_are_not_found(heard: near.Heard) -> None:
    for seed in range(100, 130):
        assert heard.find(near.marks(voice(seed)), f"text {seed % 12}", *SHARES) is None


def test_what_has_nothing_to_tell_apart() -> None:
    seconds = np.arange(2 * RATE_HZ) / RATE_HZ
    tone = Audio(np.sin(2 * np.pi * 440 * seconds).astype(np.float32), RATE_HZ)
    for audio in (tone, Audio(np.zeros(RATE_HZ, np.float32), RATE_HZ), Audio(tone.samples[:100], RATE_HZ)):
        assert len(near.marks(audio)) < near.LEAST_MARKS
    assert len(near.marks(Audio(tone.samples, 4_000))) == 0


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_any_length(rate_hz: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * rate_hz).astype(np.float32)
    for samples in (0, 1, 799, *range(2 * rate_hz, 2 * rate_hz + 1500, 7)):
        near.marks(Audio(noise[:samples], rate_hz))


def test_marks_survive_the_journal() -> None:
    marks = near.marks(VOICES[0])
    assert len(marks) > 30 and np.array_equal(near.unpacked(near.packed(marks)), marks)
    assert len(near.packed(marks)) < 2_000


def test_cost_grows_with_the_clips_not_with_their_square() -> None:
    chance = np.random.default_rng(1)
    clips = [chance.integers(0, 2**26, (100, 2)).astype(np.uint32) for _ in range(4_000)]
    for marks in clips:
        marks[:, 1] = np.arange(100)
        marks[::5, 0] = 7  # and what every clip has

    def seconds(some: list[near.Marks]) -> float:
        start = time.process_time()
        heard = near.Heard()
        for number, marks in enumerate(some):
            heard.find(marks, "", *SHARES)
            heard.add(str(number), marks, "")
        return time.process_time() - start

    few, many = (min(seconds(some) for _ in range(3)) for some in (clips[:1_000], clips))
    assert many < 10 * few  # four times the clips; their square would be sixteen times
