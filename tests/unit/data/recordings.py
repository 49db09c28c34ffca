"""Small recordings and tables for the tests of the data layer, and `prepare` in one short line."""

from pathlib import Path

import numpy as np
import soundfile

from dimts.data.manifest import Dataset
from dimts.data.prepare import Options, prepare

ALONE = Options(workers=1, align="none")
FADE_S = 0.03  # of tones, behind twice as much of near silence
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def tone(path: Path, hz: float = 220.0, duration_s: float = 1.0, rate_hz: int = 16_000, peak: float = 0.5) -> Path:
    """Write a sine with near silence at both ends; different `hz` are different sounds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seconds = np.arange(round(duration_s * rate_hz)) / rate_hz
    fade = np.clip(np.minimum(seconds, duration_s - seconds) / FADE_S - 2, 1e-3, 1)
    soundfile.write(path, peak * fade * np.sin(2 * np.pi * hz * seconds), rate_hz)
    return path


def sentence(number: int) -> str:
    """A sentence that no other number has."""
    return f"say {' '.join(WORDS[int(digit)] for digit in str(number))}"


def corpus(folder: Path, count: int, first: int = 0) -> Path:
    """Write `count` tones, each with a sentence of its own, and the LJ Speech table of them."""
    lines = []
    for number in range(first, first + count):
        tone(folder / "wavs" / f"clip{number:03}.wav", hz=100 + number)
        lines.append(f"clip{number:03}|{sentence(number)}\n")
    (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return folder / "metadata.csv"


def run(out: Path, *sources: Path, options: Options = ALONE, language: str = "en") -> Dataset:
    """Prepare in this process."""
    return prepare(sources, out, language, options)


def table(folder: Path, *rows: str) -> Path:
    """Write a metadata.csv of these rows."""
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "metadata.csv"
