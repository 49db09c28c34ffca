"""The checks that a clip must pass, each a small function, each limit in one place.

A check sees what was measured of the sound, so changing a limit never means decoding again.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace

import numpy as np

from dimts.audio.io import Audio, to_16_bit
from dimts.errors import ConfigError

MODEL_HZ = 22_050  # the rate the network hears; its longest clip is counted in samples of it
FLOOR_DBFS = -120.0  # below 16 bits: stands for digital silence


@dataclass(frozen=True)
class Limits:
    """What a clip may be; `--limit name=value` changes one."""

    min_duration_s: float = 0.4
    max_duration_s: float = 255_995 / MODEL_HZ  # 11.6 s: what the network's positions hold, see DESIGN section 3
    min_peak_dbfs: float = -50.0
    min_characters_per_s: float = 1.0  # spoken characters, spaces included; far outside any careful speaker
    max_characters_per_s: float = 40.0

    def override(self, values: Mapping[str, float | str]) -> "Limits":
        """Change limits by name. ConfigError names every unknown limit and every value that is no number."""
        known = [each.name for each in fields(self)]
        problems = [f"there is no limit {name}; choose from {', '.join(known)}" for name in values if name not in known]
        numbers = {name: _number(value) for name, value in values.items()}
        problems += [f"limit {name}: {values[name]} is not a number" for name, n in numbers.items() if n is None]
        if problems:
            raise ConfigError(*problems)
        return replace(self, **{name: number for name, number in numbers.items() if number is not None})


@dataclass(frozen=True)
class Measures:
    """What is measured once of each recording, as it will be stored."""

    samples: int
    rate_hz: int
    peak_dbfs: float
    content: str  # sha256 of the 16-bit samples and their rate

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.rate_hz


@dataclass(frozen=True)
class Finding:
    """Why a clip is turned away: a stable reason, the measured value and the limit it broke."""

    reason: str
    measured: float | str
    limit: float | str


Check = Callable[[Measures, str, Limits], Finding | None]


def measure(audio: Audio) -> Measures:
    """Measure a recording as it will be stored, in 16 bits."""
    peak = float(np.abs(audio.samples).max(initial=0.0))
    dbfs = round(max(20 * np.log10(max(peak, 1e-9)), FLOOR_DBFS), 1)
    digest = hashlib.sha256(f"{audio.rate_hz}\n".encode() + to_16_bit(audio.samples).tobytes())
    return Measures(len(audio.samples), audio.rate_hz, float(dbfs), digest.hexdigest())


def judge(measures: Measures, spoken: str, limits: Limits) -> Finding | None:
    """Give the first reason to turn a clip away, None if there is none."""
    return next((found for check in CHECKS if (found := check(measures, spoken, limits))), None)


def too_short(measures: Measures, spoken: str, limits: Limits) -> Finding | None:
    """Refuse what is shorter than any word: a click or a wrong cut."""
    if measures.duration_s >= limits.min_duration_s:
        return None
    return Finding("too short", round(measures.duration_s, 3), limits.min_duration_s)


def too_long(measures: Measures, spoken: str, limits: Limits) -> Finding | None:
    """Refuse what the network's positions cannot hold, counted in samples after resampling to MODEL_HZ."""
    duration_s = -(-measures.samples * MODEL_HZ // measures.rate_hz) / MODEL_HZ
    if duration_s <= limits.max_duration_s:
        return None
    return Finding("too long", round(duration_s, 3), round(limits.max_duration_s, 3))


def silent(measures: Measures, spoken: str, limits: Limits) -> Finding | None:
    """Refuse recordings in which nothing is to be heard."""
    if measures.peak_dbfs >= limits.min_peak_dbfs:
        return None
    return Finding("silent", measures.peak_dbfs, limits.min_peak_dbfs)


def wordless(measures: Measures, spoken: str, limits: Limits) -> Finding | None:
    """Refuse texts of which the normaliser leaves no letter or digit."""
    return None if any(map(str.isalnum, spoken)) else Finding("text empty", spoken, "a letter or a digit")


def too_slow(measures: Measures, spoken: str, limits: Limits) -> Finding | None:
    """Refuse texts too short for their recording: words are missing."""
    rate = len(spoken) / measures.duration_s
    if rate >= limits.min_characters_per_s:
        return None
    return Finding("too few characters a second", round(rate, 2), limits.min_characters_per_s)


def too_fast(measures: Measures, spoken: str, limits: Limits) -> Finding | None:
    """Refuse texts too long for their recording: nobody speaks so fast."""
    rate = len(spoken) / measures.duration_s
    if rate <= limits.max_characters_per_s:
        return None
    return Finding("too many characters a second", round(rate, 2), limits.max_characters_per_s)


CHECKS: tuple[Check, ...] = (wordless, too_short, too_long, silent, too_slow, too_fast)


def as_settings(limits: Limits) -> dict[str, float]:
    """Limits as `dataset.json` keeps them."""
    return asdict(limits)


def from_settings(settings: Mapping[str, float]) -> Limits:
    """Limits as `dataset.json` kept them; names that this version does not know are left alone."""
    known = {each.name for each in fields(Limits)}
    return Limits(**{name: value for name, value in settings.items() if name in known})


def _number(value: float | str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return None if math.isnan(number) else number
