"""What is measured of every clip: its name and unit, where it may lie, at which end the worst clips are."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dimts.data.manifest import Clip

MOST_BARS = 40
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # widths of bars, times a power of ten
OUTER = 0.5  # how far beyond the middle 98 % bars go, times its width; the rest is in the outermost bars


@dataclass(frozen=True)
class Quantity:
    """One measure of clips; `low` and `high` say what its smallest and largest are called, "" where nothing is wrong.

    `limits` and `warned` are names in `filters.Limits` of its lower and upper end.
    """

    name: str
    unit: str
    of: Callable[[Clip], float | None]
    digits: int
    low: str = ""
    high: str = ""
    limits: tuple[str, str] = ("", "")
    warned: tuple[str, str] = ("", "")
    faultless: float | None = None  # a value that is never among the worst
    drawn: bool = True

    def values(self, clips: Iterable[Clip]) -> list[tuple[float, Clip]]:
        """Give the clips in which it was measured."""
        measured = ((self.of(clip), clip) for clip in clips)
        return [(value, clip) for value, clip in measured if value is not None and math.isfinite(value)]

    def written(self, value: float) -> str:
        """Write a value with its unit."""
        return f"{value:,.{self.digits}f} {self.unit}"


def pace(clip: Clip) -> float | None:
    """Spoken characters a second."""
    return len(clip.spoken) / clip.duration_s if clip.samples else None


QUANTITIES = (
    Quantity("Duration", "s", lambda clip: clip.duration_s, 1, "shortest", "longest",
             ("min_duration_s", "max_duration_s")),
    Quantity("Characters a second", "characters a second", pace, 1, "slowest", "fastest",
             ("min_characters_per_s", "max_characters_per_s")),
    Quantity("Signal to noise", "dB", lambda clip: clip.snr_db, 1, "noisiest", "", ("min_snr_db", ""),
             ("warn_snr_db", "")),
    Quantity("Loudness", "LUFS", lambda clip: clip.loudness_lufs, 1, "quietest", "loudest"),
    Quantity("Highest tone", "Hz", lambda clip: clip.bandwidth_hz, 0, "dullest", "", ("min_bandwidth_hz", ""),
             ("warn_bandwidth_hz", "")),
    Quantity("Alignment score", "nats a sound", lambda clip: clip.alignment, 2, "text and sound fit worst", "",
             ("min_alignment", "")),
    Quantity("One voice", "cosine", lambda clip: clip.same_voice, 2, "perhaps two voices", "", ("min_same_voice", ""),
             ("warn_same_voice", "")),
    Quantity("Clipped", "of the samples", lambda clip: clip.clipped_share, 5, "", "most", ("", "max_clipped_share"),
             ("", "warn_clipped_share"), faultless=0.0, drawn=False),
)  # fmt: skip


@dataclass(frozen=True)
class Histogram:
    """How a quantity spreads; `counts` has one number fewer than `edges`, outliers are in the outermost bars."""

    name: str
    unit: str
    digits: int
    measured: int  # clips
    low: float  # 5 % of the clips lie below
    median: float
    high: float  # 5 % lie above
    smallest: float
    largest: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    limits: tuple[float, ...]  # beyond which clips are turned away
    warned: tuple[float, ...]  # beyond which they are kept with a warning


def histogram(quantity: Quantity, clips: Iterable[Clip], limits: Mapping[str, float]) -> Histogram | None:
    """Count a quantity's values in bars of a round width; None where nobody measured."""
    values = sorted(value for value, _ in quantity.values(clips))
    if not values:
        return None
    edges = _edges(values, 10.0**-quantity.digits)
    first, width, counts = edges[0], edges[1] - edges[0], [0] * (len(edges) - 1)
    for value in values:
        counts[min(max(math.floor((value - first) / width), 0), len(counts) - 1)] += 1
    shown = (tuple(limits[name] for name in names if name in limits) for names in (quantity.limits, quantity.warned))
    spread = (_at(values, 0.05), _at(values, 0.5), _at(values, 0.95), values[0], values[-1])
    return Histogram(
        quantity.name, quantity.unit, quantity.digits, len(values), *spread, tuple(edges), tuple(counts), *shown
    )


def _edges(values: Sequence[float], least: float) -> list[float]:
    """Give the edges of bars that hold nearly all values, each at least so wide."""
    first_percent, last_percent = _at(values, 0.01), _at(values, 0.99)
    room = OUTER * (last_percent - first_percent)
    low, high = max(values[0], first_percent - room), min(values[-1], last_percent + room)
    width = round_width(max(least, (high - low) / MOST_BARS))
    first, last = math.floor(low / width), math.floor(high / width) + 1
    return [round(number * width, 9) for number in range(first, last + 1)]


def _at(values: Sequence[float], share: float) -> float:
    """Give the value below which this share of sorted values lies."""
    return values[round(share * (len(values) - 1))]


def round_width(least: float) -> float:
    """Give the next round number from a positive one."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((step * power for step in STEPS if step * power >= least), 10 * power)
