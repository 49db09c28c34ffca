"""Means with bootstrap intervals: what a score of some sentences says about other sentences of their kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 2_000
COVERED = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and where it lies in 95 of 100 draws of as many sentences, with replacement."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} ({self.low:.2f}..{self.high:.2f})"


def mean(values: Sequence[float], seed: int = 0) -> Interval:
    """Give the mean of at least one value and its interval."""
    assert len(values), "a mean of nothing"
    numbers = np.asarray(values, float)
    drawn = np.random.default_rng(seed).integers(len(numbers), size=(DRAWS, len(numbers)))
    low, high = np.quantile(numbers[drawn].mean(axis=1), [(1 - COVERED) / 2, (1 + COVERED) / 2])
    return Interval(float(numbers.mean()), float(low), float(high), len(numbers))
