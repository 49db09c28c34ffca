"""Which clips an epoch holds, in which order: a pure function of (seed, epoch).

Clips are drawn from streams: each goes round and round over clips of its own, every time in another order, and every
epoch takes the next part of it. So all clips of a stream are drawn equally often, but for one draw at any moment.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from dimts.config import Data
from dimts.data.dataset import Example
from dimts.errors import DataError
from dimts.model.shapes import SAMPLE_RATE_HZ
from dimts.text.languages import primary_of

ALL = ""  # the name of the group that holds every clip, where nothing is balanced
Indices: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"


@dataclass(frozen=True, eq=False)
class Stream:
    """Endless permuted cycles over some clips, of which an epoch takes so many draws (but for one) on average."""

    clips: Indices
    per_epoch: Fraction
    number: int  # tells its orders from those of the other streams
    up: bool = False  # whether parts of a draw are rounded up

    def first(self, epoch: int) -> int:
        """Return how many draws there were before an epoch."""
        drawn = epoch * self.per_epoch
        return math.ceil(drawn) if self.up else math.floor(drawn)

    def draws(self, seed: int, epoch: int) -> Indices:
        """Return the clips of an epoch, in no useful order; whole cycles among them cost nothing."""
        count = len(self.clips)
        (begin, skipped), (end, ahead) = divmod(self.first(epoch), count), divmod(self.first(epoch + 1), count)
        if begin == end:
            return self._cycle(seed, begin)[skipped:ahead]
        whole = np.tile(self.clips, end - begin - 1)
        return np.concatenate([self._cycle(seed, begin)[skipped:], whole, self._cycle(seed, end)[:ahead]])

    def _cycle(self, seed: int, cycle: int) -> Indices:
        return np.random.default_rng([seed, cycle, self.number]).permutation(self.clips)


class Sampler:
    """All epochs of a run: `examples` are the clips to learn, `main` of them, and those of replay behind them."""

    def __init__(self, examples: Sequence[Example], main: int, data: Data, seed: int) -> None:
        self.seed, self.main, self.replay = seed, main, len(examples) - main
        self.groups = _groups(examples[:main], data)
        self.quotas = _apportion([len(own) ** (1 / data.temperature) for own in self.groups.values()], main)
        short_s = data.short_s if data.short_share else 0
        self._short = np.array([example.samples <= short_s * SAMPLE_RATE_HZ for example in examples])
        self.replayed, self.again = self._added(data)
        self.draws_per_epoch = main + self.replayed + self.again
        replay = np.arange(main, len(examples))
        base = self._halves([*self.groups.values(), replay], [*self.quotas, self.replayed])
        self.streams = (*base, *self._more_short())
        self.epoch = lru_cache(maxsize=2)(self._epoch)

    def in_words(self) -> str:
        """Say what an epoch holds; "" where that is every clip once and nothing else."""
        parts = [f"{draws:,} of {name} ({clips:,} clips)" for name, clips, draws in self._told()]
        said = ", ".join(parts) if parts else f"{self.main:,} clips once"
        said += f", {self.replayed:,} of replay ({self.replay:,} clips)" if self.replayed else ""
        said += f", {self.again:,} more of short clips" if self.again else ""
        return f"an epoch is {self.draws_per_epoch:,} draws: {said}" if parts or self.replayed or self.again else ""

    def _told(self) -> list[tuple[str, int, int]]:
        """Return groups that are balanced, their clips and draws: all, or of many the three largest and smallest."""
        if list(self.groups) == [ALL]:
            return []
        names = [_shown(name) for name in self.groups]
        found = sorted(zip(names, map(len, self.groups.values()), self.quotas, strict=True), key=lambda told: -told[1])
        return found if len(found) <= 6 else [*found[:3], *found[-3:]]

    def _epoch(self, number: int) -> Indices:
        """Return the clips of an epoch in order, the same for every rank and after every resume."""
        drawn = np.concatenate([stream.draws(self.seed, number) for stream in self.streams])
        return np.sort(drawn)[np.random.default_rng([self.seed, number]).permutation(len(drawn))]

    def _added(self, data: Data) -> tuple[int, int]:
        """Work out how many draws of replay, and how many more of short clips, give an epoch their shares.

        Of the epoch's draws T, replay is r T. Where short clips are too few, the long ones are (1 - q) T: those of the
        main clips, and of replay its own part of long ones.
        """
        asked, wanted = (Fraction(str(share)) for share in (data.replay_share, data.short_share))
        long = 1 - Fraction(int(self._short[self.main :].sum()), max(1, self.replay))
        total = self.main / (1 - asked)
        if wanted:
            total = max(total, self._at_most_long() / (1 - wanted - asked * long))
        replayed = max(1, round(asked * total)) if self.replay else 0
        before = self.main + replayed
        short = before - self._at_most_long() - math.ceil(replayed * long)
        return replayed, max(0, math.ceil((wanted * before - short) / (1 - wanted)))

    def _at_most_long(self) -> int:
        """Return how many draws of main clips there can be in an epoch that are not of short ones."""
        parts = zip(self.groups.values(), self.quotas, strict=True)
        return sum(math.ceil(Fraction(quota * int((~self._short[own]).sum()), len(own))) for own, quota in parts)

    def _halves(self, groups: Sequence[Indices], quotas: Sequence[int]) -> Iterator[Stream]:
        """Make streams of the short clips of each group and of the others, so that every epoch has its part of both."""
        number = 1  # orders of whole epochs have none
        for own, quota in zip(groups, quotas, strict=True):
            for clips, up in ((own[self._short[own]], False), (own[~self._short[own]], True)):
                if len(clips):
                    yield Stream(clips, Fraction(quota * len(clips), len(own)), number, up)
                number += 1

    def _more_short(self) -> Iterator[Stream]:
        """Make streams of the short clips that are drawn once more, shared among groups as their other draws are."""
        if not self.again:
            return
        shorts = [own[self._short[own]] for own in self.groups.values()]
        if not any(map(len, shorts)):
            raise DataError("data.short_s: no training clip is as short; raise it, or set data.short_share to 0")
        shares = [quota if len(own) else 0 for own, quota in zip(shorts, self.quotas, strict=True)]
        quotas, first = _apportion(shares, self.again), 2 * len(self.groups) + 3  # numbers that no other stream has
        for number, (own, quota) in enumerate(zip(shorts, quotas, strict=True), start=first):
            if quota:
                yield Stream(own, Fraction(quota), number)


def _groups(examples: Sequence[Example], data: Data) -> Mapping[str, Indices]:
    """Return the clips of each group that is balanced, in the order of their first clips; else all in one."""
    found: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        name = ALL if data.sampling == "each_once" else example.speaker
        if data.sampling == "balanced" and data.balance_by == "language":
            name = primary_of(example.clip.language)
        found.setdefault(name, []).append(index)
    return {name: np.array(own) for name, own in found.items()}


def _shown(name: str) -> str:
    """Return a group's name without the folders above the dataset of a speaker who has none."""
    return "/".join(name.split("/")[-2:]) if name.startswith("/") else name


def _apportion(weights: Sequence[float], total: int) -> list[int]:
    """Share out whole draws by weight, the rest to the largest parts of a draw; ties go to the first."""
    exact = [total * weight / sum(weights) for weight in weights]
    shares = [math.floor(part) for part in exact]
    behind = sorted(range(len(exact)), key=lambda i: shares[i] - exact[i])
    for i in behind[: total - sum(shares)]:
        shares[i] += 1
    return shares
