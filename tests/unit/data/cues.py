"""Long recordings made of bursts of sound with silence between, and subtitles for them."""

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16_000
Row = tuple[float, float, str]


def bursts(path: Path, spans: list[tuple[float, float]], duration_s: float, seed: int = 0) -> Path:
    """Write a recording in which noise sounds during the spans; different seeds are different sounds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    samples = chance.normal(0, 1e-4, round(duration_s * RATE_HZ))
    for start_s, end_s in spans:
        first, last = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
        samples[first:last] += chance.normal(0, 0.1, last - first) * np.hanning(last - first) ** 0.2
    soundfile.write(path, samples, RATE_HZ)
    return path


def cued(path: Path, *rows: Row) -> Path:
    """Write subtitles."""
    cues = (f"{n}\n{_clock(start)} --> {_clock(end)}\n{text}\n" for n, (start, end, text) in enumerate(rows, start=1))
    path.write_text("\n".join(cues), encoding="utf-8")
    return path


def _clock(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{milliseconds:03}"
