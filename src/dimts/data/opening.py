"""The first stage: which recording a file holds, and how long it is, without keeping any of it."""

from dataclasses import dataclass
from pathlib import Path

from dimts.audio import io
from dimts.files import sha256

SPEECH_HZ = (4_000, 768_000)  # rates outside are damaged headers, not speech


@dataclass(frozen=True)
class Opened:
    """A file's hash ("" where it cannot be read) and its seconds (None where nobody can tell)."""

    origin: str
    duration_s: float | None


def opened(path: Path) -> Opened:
    """Look at one file; what is wrong with it is said by whoever decodes it."""
    try:
        origin = sha256(path)
    except OSError:
        return Opened("", None)
    header = io.length(path)
    if header and not SPEECH_HZ[0] <= header[1] <= SPEECH_HZ[1]:
        return Opened(origin, None)
    if header:
        return Opened(origin, header[0] / header[1])
    try:
        with io.stream(path) as sound:
            return Opened(origin, sum(map(len, sound.blocks)) / sound.rate_hz)
    except io.UnreadableError:
        return Opened(origin, None)
