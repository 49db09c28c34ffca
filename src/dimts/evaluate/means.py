"""Means of an evaluation: by subject, language and kind of sentence, with bootstrap intervals over sentences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dimts.evaluate import intervals
from dimts.evaluate.evaluating import Evaluation, Judged, Row
from dimts.evaluate.intervals import Interval
from dimts.evaluate.scorers import Column

Means = dict[str, Interval]  # by column; a column without values has none
CALLED = {  # what a subject is called when so many of its sentences are so
    "unsaid": "silent",
    "run_on": "endless",
    "cut_off": "cut off",
}
CALLED_SHARE = 0.5
GUESSED = ("nearest", 10, 0.2)  # below this, of so many sentences, nobody understands it


def of(rows: Iterable[Row], columns: Sequence[Column], seed: int = 0) -> Means:
    """Give the mean of each column; several takes of a sentence count as one."""
    listed = list(rows)
    found = {}
    for column in columns:
        values = by_sentence(listed, column.name)
        if values:
            found[column.name] = intervals.mean(list(values.values()), seed)
    return found


def by_sentence(rows: Iterable[Row], column: str) -> dict[str, float]:
    """Give a column's value of each sentence, the mean over its takes."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if column in row.values:
            sentence = row.take.line.sentence
            found.setdefault(f"{sentence.language}\t{sentence.text}", []).append(row.values[column])
    return {sentence: sum(values) / len(values) for sentence, values in found.items()}


def target_rows(evaluation: Evaluation, judged: Judged) -> list[Row]:
    """Give the rows in the languages that the voice is for."""
    return [row for row in judged.rows if row.language in evaluation.plan.targets]


def verdicts(evaluation: Evaluation, judged: Judged) -> list[str]:
    """Call a subject what it is: damaged, silent, endless, cut off, or understood by nobody; [] when none of these."""
    rows = target_rows(evaluation, judged)
    means = of(rows, evaluation.columns)
    broken = any(row.take.facts.get("broken") or row.take.facts.get("finite") is False for row in judged.rows)
    found = ["damaged"] if broken else []
    found += [word for name, word in CALLED.items() if name in means and means[name].mean >= CALLED_SHARE]
    name, least, limit = GUESSED
    if name in means and means[name].count >= least and means[name].high < limit:
        found.append("not understood")
    return found


def facts(evaluation: Evaluation) -> dict[str, Any]:
    """Give everything as JSON holds it."""
    return {
        "columns": [_column(column) for column in evaluation.columns],
        "absent": dict(evaluation.absent),
        "ranges": {name: each.facts() for name, each in evaluation.ranges.items()},
        "subjects": [_subject(evaluation, judged) for judged in evaluation.subjects],
    }


def _subject(evaluation: Evaluation, judged: Judged) -> dict[str, Any]:
    languages = sorted({row.language for row in judged.rows})
    kinds = sorted({kind for row in judged.rows for kind in row.take.line.sentence.kinds})
    target, columns, seed = target_rows(evaluation, judged), evaluation.columns, evaluation.plan.seed
    return {
        "name": judged.name,
        "update": judged.update,
        "verdicts": verdicts(evaluation, judged),
        "scores": written(of(target, columns, seed)),
        "languages": {
            language: written(of((row for row in judged.rows if row.language == language), columns, seed))
            for language in languages
        },
        "kinds": {
            kind: written(of((row for row in target if kind in row.take.line.sentence.kinds), columns, seed))
            for kind in kinds
        },
    }


def written(means: Means) -> dict[str, dict[str, float]]:
    """Write means as JSON holds them."""
    return {
        name: {"mean": round(each.mean, 5), "low": round(each.low, 5), "high": round(each.high, 5), "count": each.count}
        for name, each in means.items()
    }


def _column(column: Column) -> Mapping[str, Any]:
    return {"name": column.name, "title": column.title, "better": column.better, "about": column.about}
