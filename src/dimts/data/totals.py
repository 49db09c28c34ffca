"""What became of each source, in clips and in seconds: found = accepted + turned away + not speech."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Protocol

PRECISION_S = 1e-3  # of one clip's or recording's seconds: ledgers round


class Line(Protocol):
    """A clip or a rejection, as far as it is counted."""

    @property
    def source(self) -> str: ...

    @property
    def duration_s(self) -> float: ...


@dataclass(frozen=True)
class Totals:
    """The account of one source; `found` and `found_s` are counted when it is read, the rest when all is decided.

    A row that was cut in pieces is as many clips; rows that were joined are one. What a recording holds outside its
    clips is turned away where somebody speaks there, else it is not speech.
    """

    source: str  # table, subtitle file, folder or recording, as clips name it before the colon
    rows: int = 0  # that the source lists
    found: int = 0  # clips that came of them
    accepted: int = 0
    rejected: int = 0
    found_s: float = 0.0  # of every recording named, once for each row that takes all of it
    accepted_s: float = 0.0
    rejected_s: float = 0.0
    not_speech_s: float = 0.0

    @property
    def balanced(self) -> bool:
        """Whether nothing vanished."""
        left_s = self.found_s - self.accepted_s - self.rejected_s - self.not_speech_s
        return self.found == self.accepted + self.rejected and abs(left_s) <= PRECISION_S * (1 + self.found)


def settled(
    read: Mapping[str, Totals], earlier: Iterable[Totals], accepted: Sequence[Line], rejected: Sequence[Line]
) -> tuple[Totals, ...]:
    """Complete the accounts of the sources `read` now; keep those of earlier ones that still have clips or losses."""
    before = {each.source: each for each in earlier if each.source not in read}
    yes, no = (_counted(lines, {*read, *before}) for lines in (accepted, rejected))
    names = sorted({*read, *yes, *no})
    return tuple(_complete(read.get(name), before.get(name, Totals(name)), yes[name], no[name]) for name in names)


def _complete(now: Totals | None, before: Totals, yes: tuple[int, float], no: tuple[int, float]) -> Totals:
    """Fill in what was accepted and turned away; of a source that is not read now, what is found follows from it."""
    decided = replace(
        now or before, accepted=yes[0], rejected=no[0], accepted_s=round(yes[1], 3), rejected_s=round(no[1], 3)
    )
    if now:
        return replace(decided, found_s=round(now.found_s, 3), not_speech_s=round(now.not_speech_s, 3))
    found_s = round(decided.accepted_s + decided.rejected_s + decided.not_speech_s, 3)
    return replace(decided, rows=before.rows or yes[0] + no[0], found=yes[0] + no[0], found_s=found_s)


def account_of(source: str, known: Collection[str]) -> str:
    """Name the account of a line's source: its listing, or the folder around that was named as a source."""
    listing = source.rpartition(":")[0]
    around = (str(folder) for folder in PurePath(listing).parents)
    return listing if listing in known else next((name for name in around if name in known), listing)


def _counted(lines: Iterable[Line], known: Collection[str]) -> Mapping[str, tuple[int, float]]:
    """Number and seconds of lines by source."""
    sums: defaultdict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for line in lines:
        name = account_of(line.source, known)
        number, seconds = sums[name]
        sums[name] = number + 1, seconds + line.duration_s
    return sums
