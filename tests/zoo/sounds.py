"""Sounds for the zoo, and the files that hold them: whole, cut off, or telling lies about themselves."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tests.zoo.specimens import SECONDS, Maker

RATE_HZ = 16_000
FORMANTS_HZ = ((300, 900, 2200), (900, 2200, 3300))  # the least and most
WORDS = ("ዜሮ", "አንድ", "ሁለት", "ሦስት", "አራት", "አምስት", "ስድስት", "ሰባት", "ስምንት", "ዘጠኝ")
Samples = npt.NDArray[np.float64]
Change = Callable[[Samples], Any]
Spoil = Callable[[bytes], bytes]


def voice(seed: int, seconds: float = SECONDS, rate_hz: int = RATE_HZ) -> Samples:
    """Syllables of random pitch and colour, with a little room before and after; no two seeds are alike."""
    chance = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * rate_hz))
    at, last = round(0.1 * rate_hz), len(sound) - round(0.1 * rate_hz)
    while at < last:
        size = min(round(chance.uniform(0.08, 0.3) * rate_hz), last - at)
        times = np.arange(size) / rate_hz
        pitch, formants = chance.uniform(90, 250), chance.uniform(*FORMANTS_HZ)
        for number in range(1, 16):
            gain = sum(np.exp(-(((number * pitch - formant) / 150) ** 2)) for formant in formants)
            sound[at : at + size] += gain * np.sin(2 * np.pi * number * pitch * times) * np.hanning(size)
        at += size
    sound *= 0.3 / max(float(np.abs(sound).max(initial=0.0)), 1e-9)
    noise: Samples = chance.normal(0, 1e-4, len(sound))
    return sound + noise


def sentence(number: int) -> str:
    """Words that no other number has."""
    return " ".join(WORDS[int(digit)] for digit in str(number))


def recorded(
    name: str = "clip.wav",
    subtype: str | None = None,
    rate_hz: int = RATE_HZ,
    seconds: float = SECONDS,
    change: Change = lambda samples: samples,
    spoil: Spoil = lambda content: content,
    text: str | bytes | None = "",
    inside: str | None = None,
) -> Maker:
    """A recording and its words beside it: "" is a sentence, None no file; `inside` is a format not of its name."""

    def make(folder: Path, seed: int) -> None:
        path = folder / name
        inner = path.with_suffix(inside) if inside else path
        soundfile.write(inner, change(voice(seed, seconds, rate_hz)), rate_hz, subtype=subtype)
        content = spoil(inner.read_bytes())
        inner.unlink()
        path.write_bytes(content)
        words(path, text, seed)

    return make


def words(path: Path, text: str | bytes | None, seed: int) -> None:
    """Write what is said in a recording beside it."""
    if text is not None:
        content = text if isinstance(text, bytes) else (text or sentence(seed)).encode()
        path.with_suffix(".txt").write_bytes(content)


def raw(name: str, content: bytes) -> Maker:
    """A file of these bytes, with words beside it."""

    def make(folder: Path, seed: int) -> None:
        (folder / name).write_bytes(content)
        words(folder / name, "", seed)

    return make


def encoded(name: str, *options: str, picture: bool = False, spoil: Spoil = lambda content: content) -> Maker:
    """What the ffmpeg program makes of a recording, with or without a moving picture."""

    def make(folder: Path, seed: int) -> None:
        sound = folder / "sound.wav"
        soundfile.write(sound, voice(seed), RATE_HZ)
        given = ["-i", str(sound)]
        if picture:
            given += ["-f", "lavfi", "-i", f"testsrc=size=64x48:rate=5:duration={SECONDS}"]
        command = ["ffmpeg", "-v", "error", "-nostdin", *given, *options, str(folder / name)]
        subprocess.run(command, check=True)
        sound.unlink()
        (folder / name).write_bytes(spoil((folder / name).read_bytes()))
        words(folder / name, "", seed)

    return with_ffmpeg(make)


def with_ffmpeg(make: Maker) -> Maker:
    """Make it only where there is the program, which makes or reads it."""
    make.needs = "ffmpeg"  # type: ignore[attr-defined]
    return make


def possible(make: Maker) -> bool:
    """Whether the program that a specimen needs is here."""
    needs = getattr(make, "needs", None)
    return needs is None or shutil.which(needs) is not None


def half(content: bytes) -> bytes:
    """Cut a file off."""
    return content[: len(content) // 2]


def put(at: int, *values: bytes) -> Spoil:
    """Write something else at a place in a file."""
    new = b"".join(values)
    return lambda content: content[:at] + new + content[at + len(new) :]


def at(place: int, value: float) -> Change:
    """Make one sample another."""

    def change(samples: Samples) -> Samples:
        samples[place] = value
        return samples

    return change


def channels(count: int) -> Change:
    """Give the sound to the first of so many channels, a little of it to the others."""
    return lambda samples: np.stack([samples, *[0.1 * samples] * (count - 1)], axis=1)
