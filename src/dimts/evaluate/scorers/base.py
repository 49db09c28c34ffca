"""What every scorer has: columns with their meaning, a reason when it is absent, and values for takes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dimts.evaluate.ranges import Heard, Ranges
from dimts.evaluate.speaking import Take

Values = Mapping[str, float | None]  # of one take by column; None, or no entry, where there is nothing to measure


@dataclass(frozen=True)
class Column:
    """One score: its name for programs, its title for people, what is better, and what it means."""

    name: str
    title: str
    better: Literal["high", "low", ""]
    about: str
    share: bool = False  # shown in percent
    digits: int = 2

    def shown(self, value: float) -> str:
        """Write a value."""
        return f"{value:.0%}" if self.share else f"{value:.{self.digits}f}"


class Scorer(ABC):
    """Measures takes."""

    columns: tuple[Column, ...]

    def absent(self) -> str | None:
        """Say why there will be no values, None where there will."""
        return None

    def ranges(self, heard: Heard) -> Mapping[str, Ranges]:
        """Say what columns are worth, measured on recordings; {} where that says nothing."""
        return {}

    @abstractmethod
    def score(self, takes: Sequence[Take]) -> list[Values]:
        """Give the values of each take, in the order given."""
