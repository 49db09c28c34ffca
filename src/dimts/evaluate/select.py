"""The rank: which subject speaks best, how sure that is, and why.

A rank is a weighted sum of columns, a column that some candidate lacks left out for all. Sentences are drawn again and
again with replacement, the same for every subject: how often each comes first says how sure the order is. What is
silent, endless, cut off or damaged comes last, whatever its sum. docs/evaluation.md gives the reasons for the weights.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dimts.errors import ConfigError
from dimts.evaluate import means
from dimts.evaluate.evaluating import Evaluation, Judged, Plan
from dimts.evaluate.intervals import COVERED, DRAWS, Interval

WEIGHTS: Mapping[str, float] = {
    "nearest": 1.0,  # are its words told apart?
    "phone_distance": -1.0,  # how clearly?
    "cer": -1.0,
    "unsaid": -1.0,
    "run_on": -1.0,
    "cut_off": -1.0,
    "code_loss": -0.25,  # steadier than anything spoken, but not what is heard
    "voice_likeness": 0.5,
    "mos": 0.1,
}
UNFIT = ("damaged", "silent", "endless", "cut off")
SURE = 0.95  # of the draws

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """A candidate's place: its sum with an interval, and the share of draws in which it comes first."""

    judged: Judged
    value: Interval
    first: float
    verdicts: tuple[str, ...]

    @property
    def unfit(self) -> bool:
        """Whether it comes last whatever its sum."""
        return unfit(self.verdicts)


@dataclass(frozen=True)
class Ranking:
    """Candidates, best first, and by which weights."""

    order: tuple[Placed, ...]
    weights: Mapping[str, float]  # of the columns that every candidate has
    left_out: tuple[str, ...]  # columns with a weight that some fit candidate lacks
    terms: Mapping[str, float]  # the first one's mean of each column

    def why(self) -> str:
        """Say in words why the first is first."""
        best, *others = self.order
        terms = ", ".join(f"{name} {mean:.2f}" for name, mean in self.terms.items())
        said = [f"highest rank {best.value.mean:.3f} of {len(self.order)}: {terms}"]
        if others:
            said.append(f"first in {best.first:.0%} of draws of its sentences")
            close = [each.judged.name for each in others if each.first > 1 - SURE and not each.unfit]
            said += [f"not surely better than {', '.join(close)}"] if close else []
        if best.unfit:
            said.append(f"but it is {', '.join(best.verdicts)}, as is every other")
        return "; ".join(said)


def weights_of(said: str | None) -> dict[str, float]:
    """Read `column=weight,column=weight`; nothing said gives the default. ConfigError for what is no such list."""
    if not said:
        return dict(WEIGHTS)
    found = {}
    for part in said.split(","):
        name, equals, number = part.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            equals = ""
        if not equals or not math.isfinite(found.get(name.strip(), math.nan)):
            raise ConfigError(f"--rank: {part.strip()!r} is no column=weight, such as nearest=1,phone_distance=-1")
    return found


def refuse_unknown(weights: Mapping[str, float], plan: Plan) -> None:
    """ConfigError for the weight of a column that no scorer has."""
    known = {column.name for scorer in plan.scorers for column in scorer.columns}
    if wrong := sorted(weights.keys() - known - WEIGHTS.keys()):
        raise ConfigError(f"--rank: there is no column {wrong[0]!r}; there are {', '.join(sorted(known))}")


def rank(evaluation: Evaluation, weights: Mapping[str, float] = WEIGHTS) -> Ranking:
    """Order all but the recordings. ConfigError when nothing is left to rank by."""
    candidates = [judged for judged in evaluation.subjects if not judged.is_recorded]
    called = {judged.name: tuple(means.verdicts(evaluation, judged)) for judged in candidates}
    fit = [judged for judged in candidates if not unfit(called[judged.name])] or candidates
    tables = {judged.name: _table(evaluation, judged, list(weights)) for judged in candidates}
    has = [not any(np.isnan(tables[judged.name][column]).all() for judged in fit) for column in range(len(weights))]
    used = {name: weight for (name, weight), there in zip(weights.items(), has, strict=True) if there}
    if not used or not candidates:
        raise ConfigError(f"nothing to rank by: no value of {', '.join(weights)} for every candidate")
    weights_C = np.array(list(used.values()))
    sums_SD = _sums([tables[judged.name][has] for judged in candidates], weights_C, evaluation.plan.seed)
    terms = {judged.name: dict(zip(used, _mean(tables[judged.name][has]), strict=True)) for judged in candidates}
    placed = _placed(evaluation, candidates, called, sums_SD)
    return Ranking(placed, used, tuple(weights.keys() - used.keys()), terms[placed[0].judged.name])


def unfit(verdicts: Sequence[str]) -> bool:
    """Say whether a subject comes last whatever its sum."""
    return any(verdict in UNFIT for verdict in verdicts)


def _table(evaluation: Evaluation, judged: Judged, columns: Sequence[str]) -> Floats:
    """Give values by column and sentence: [C, N]; NaN where there is none."""
    names = {
        f"{line.sentence.language}\t{line.sentence.text}": None for line in evaluation.plan.lines
    }  # in one order for all
    rows = means.target_rows(evaluation, judged)
    found = [means.by_sentence(rows, column) for column in columns]
    return np.array([[values.get(name, math.nan) for name in names] for values in found])


def _sums(tables: Sequence[Floats], weights_C: Floats, seed: int) -> Floats:
    """Give each subject's weighted sum of column means, of all sentences and then of each draw of them: [S, 1 + D]."""
    count = tables[0].shape[1]
    drawn_DN = np.random.default_rng(seed).integers(count, size=(DRAWS, count))
    sums = []
    for table_CN in tables:
        there_CN, values_CN = ~np.isnan(table_CN), np.nan_to_num(table_CN)
        counted_CD = np.stack([there_CN.sum(1), *(there_CN[:, draw].sum(1) for draw in drawn_DN)], axis=1)
        summed_CD = np.stack([values_CN.sum(1), *(values_CN[:, draw].sum(1) for draw in drawn_DN)], axis=1)
        whole_C1 = summed_CD[:, :1] / np.maximum(counted_CD[:, :1], 1)  # an unfit one may lack a column: 0
        means_CD = np.where(counted_CD > 0, summed_CD / np.maximum(counted_CD, 1), whole_C1)
        sums.append(weights_C @ means_CD)
    return np.stack(sums)


def _placed(
    evaluation: Evaluation, candidates: Sequence[Judged], called: Mapping[str, tuple[str, ...]], sums_SD: Floats
) -> tuple[Placed, ...]:
    """Put candidates in order, unfit ones last; count how often each is first among the draws."""
    last = np.array([unfit(called[judged.name]) for judged in candidates])
    fair_SD = np.where(last[:, None] & ~last.all(), -np.inf, sums_SD)
    firsts = np.bincount(fair_SD[:, 1:].argmax(axis=0), minlength=len(candidates)) / DRAWS
    low, high = np.quantile(sums_SD[:, 1:], [(1 - COVERED) / 2, (1 + COVERED) / 2], axis=1)
    sentences = len({line.sentence for line in evaluation.plan.lines})
    placed = [
        Placed(judged, Interval(float(own[0]), float(a), float(b), sentences), float(first), called[judged.name])
        for judged, own, a, b, first in zip(candidates, sums_SD, low, high, firsts, strict=True)
    ]
    return tuple(sorted(placed, key=lambda each: (each.unfit, -each.value.mean)))


def _mean(table_CN: Floats) -> list[float]:
    return [float(np.nanmean(row)) if not np.isnan(row).all() else math.nan for row in table_CN]
