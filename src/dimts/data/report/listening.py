"""Which clips to listen to: the worst by each measure, some with each warning, and some at random."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest, nsmallest

from dimts.data.manifest import Clip
from dimts.data.report.quantities import QUANTITIES, Quantity

WORST, RANDOM = 3, 12  # clips of each kind
MEASURED = ("clipped", "low SNR", "narrow band")  # warnings of which a measure names the worst


@dataclass(frozen=True)
class Heard:
    """A clip to listen to, and what was measured; "" where it is not about a measure."""

    clip: Clip
    measured: str


@dataclass(frozen=True)
class Group:
    """Clips that are worst in one way, and where the limits lie."""

    name: str
    limits: str
    clips: tuple[Heard, ...]


def worst(clips: Sequence[Clip], limits: Mapping[str, float], seed: int) -> tuple[Group, ...]:
    """Give the worst clips by each measure, then some of each warning that no measure stands for."""
    measured = [_end(quantity, end, clips, limits) for quantity in QUANTITIES for end in (0, 1)]
    return (*filter(None, measured), *_warned(clips, seed))


def drawn(clips: Iterable[Clip], seed: int, count: int) -> list[Clip]:
    """Draw clips by seed; others that are added may push one out and change nothing else."""
    return nsmallest(count, clips, key=lambda clip: hashlib.sha256(f"{seed} {clip.id}".encode()).digest())


def _end(quantity: Quantity, end: int, clips: Sequence[Clip], limits: Mapping[str, float]) -> Group | None:
    """Give the clips at one end of a measure, None where that is no fault or nobody measured."""
    fault, pick = ((quantity.low, nsmallest), (quantity.high, nlargest))[end]
    values = [each for each in quantity.values(clips) if each[0] != quantity.faultless]
    if not fault or not values:
        return None
    found = pick(WORST, values, key=lambda each: each[0])
    heard = tuple(Heard(clip, quantity.written(value)) for value, clip in found)
    return Group(f"{quantity.name}: {fault}", _beyond(quantity, limits, end), heard)


def _beyond(quantity: Quantity, limits: Mapping[str, float], end: int) -> str:
    """Say where the limits lie."""
    side = ("below", "above")[end]
    words = ((quantity.limits[end], "turned away"), (quantity.warned[end], "warned of"))
    return ", ".join(f"{word} {side} {quantity.written(limits[name])}" for name, word in words if limits.get(name))


def _warned(clips: Iterable[Clip], seed: int) -> Iterator[Group]:
    """Draw some clips of each warning that no measure stands for."""
    warned = defaultdict(list)
    for clip in clips:
        for warning in clip.warnings:
            warned[warning].append(clip)
    for warning in sorted(warned.keys() - set(MEASURED)):
        some = drawn(warned[warning], seed, WORST)
        yield Group(
            f"Warning: {warning}",
            f"{len(some)} of {len(warned[warning]):,} clips",
            tuple(Heard(clip, "") for clip in some),
        )
