"""Edit distance: insertions, deletions and substitutions that turn one row of phones, letters or words into another.

Strictly, every wrong phone counts 1. By articulation, a neighbour counts less ("d" heard for "t" 0.33): a recogniser
that was taught other languages hears neighbours, and the texts of noisy speech are told apart much better this way.
"""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from dimts.data.recognisers import phones

WHOLE = 1.5  # steps of articulation that are a whole error; 1, 1.5 and 2 were tried: docs/evaluation.md
Costs = npt.NDArray[np.float64]


def strict(heard: Sequence[str], meant: Sequence[str]) -> float:
    """Count the edits, every substitution as one; of phones, letters or words."""
    return _distance([[heard_one != one for heard_one in heard] for one in meant], len(heard))


def by_articulation(heard: Sequence[str], meant: Sequence[str]) -> float:
    """Count the edits of phones, a substitution by how far apart they are, 0..1."""
    columns_H = np.array([phones.INDEX[phone] for phone in heard], int)
    return _distance([_near_costs()[phones.INDEX[phone], columns_H] for phone in meant], len(heard))


def _distance(costs_MH: Iterable[npt.ArrayLike], heard: int) -> float:
    """Fill the table of Levenshtein row by row; the running minimum spreads insertions along a row at once."""
    steps_H = np.arange(heard + 1, dtype=float)
    row_H = steps_H
    for costs_H in costs_MH:
        below_H = row_H + 1
        below_H[1:] = np.minimum(below_H[1:], row_H[:-1] + np.asarray(costs_H, float))
        row_H = np.minimum.accumulate(below_H - steps_H) + steps_H
    return float(row_H[-1])


@cache
def _near_costs() -> Costs:
    sounds = phones.PHONES[1:]
    costs_PP = np.ones((len(phones.PHONES), len(phones.PHONES)))
    costs_PP[1:, 1:] = [[min(1, phones.distance(one, two) / WHOLE) for two in sounds] for one in sounds]
    return costs_PP
