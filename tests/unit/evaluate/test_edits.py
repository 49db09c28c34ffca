"""Edit distance of phones, strict and by articulation, and bootstrap intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimts.data.recognisers import phones
from dimts.evaluate import edits, intervals

rows = st.lists(st.sampled_from(phones.PHONES[1:]), max_size=12)


def slow(heard: list[str], meant: list[str]) -> int:
    """Levenshtein's distance as textbooks write it."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(meant) + 1)] for i in range(len(heard) + 1)]
    for i, one in enumerate(heard, 1):
        for j, two in enumerate(meant, 1):
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (one != two))
    return table[-1][-1]


@given(rows, rows)
def test_strict_edits_are_levenshteins(heard: list[str], meant: list[str]) -> None:
    assert edits.strict(heard, meant) == slow(heard, meant)


@given(rows, rows)
def test_by_articulation_is_a_distance_and_never_more(heard: list[str], meant: list[str]) -> None:
    distance = edits.by_articulation(heard, meant)
    assert distance == pytest.approx(edits.by_articulation(meant, heard))
    assert (distance == 0) == (heard == meant)
    assert abs(len(heard) - len(meant)) <= distance + 1e-9 <= edits.strict(heard, meant) + 2e-9


def test_a_neighbour_costs_less_than_a_stranger() -> None:
    assert edits.by_articulation(["d"], ["t"]) == pytest.approx(1 / 3)
    assert edits.by_articulation(["a"], ["t"]) == 1
    assert edits.by_articulation([], ["t", "a"]) == 2


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    found = [intervals.mean(random.normal(3.0, 1.0, 40).tolist(), seed) for seed in range(200)]
    covered = sum(interval.low <= 3.0 <= interval.high for interval in found)
    assert 180 <= covered <= 198
    assert found[0].low < found[0].mean < found[0].high


def test_one_value_has_an_interval_of_nothing() -> None:
    assert intervals.mean([0.5]) == intervals.Interval(0.5, 0.5, 0.5, 1)
    assert str(intervals.mean([0.5])) == "0.50 (0.50..0.50)"
