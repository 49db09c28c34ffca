"""What `dimts evaluate` says at its end: a table of means, what is missing in it, and what was chosen."""

from collections.abc import Iterator, Mapping
from typing import Any

from dimts.evaluate import means
from dimts.evaluate.evaluating import Evaluation, Judged
from dimts.evaluate.select import Ranking

SHOWN = ("nearest", "phone_distance", "cer", "run_on", "cut_off", "voice_likeness", "likeness", "mos", "code_loss")
MISSING = "–"


def lines(evaluation: Evaluation, ranking: Ranking, chosen: Mapping[str, Any] | None) -> Iterator[str]:
    """Give a screen."""
    columns = [column for column in evaluation.columns if column.name in SHOWN]
    titles = ["", *(column.title for column in columns), "rank", ""]
    values = {each.judged.name: "last" if each.unfit else f"{each.value.mean:.2f}" for each in ranking.order}
    rows = [titles]
    for judged in sorted(evaluation.subjects, key=lambda each: _place(each, ranking)):
        found = means.of(means.target_rows(evaluation, judged), columns)
        shown = [column.shown(found[column.name].mean) if column.name in found else MISSING for column in columns]
        called = ", ".join(means.verdicts(evaluation, judged))
        rows.append([judged.name, *shown, values.get(judged.name, MISSING), called])
    widths = [max(len(row[column]) for row in rows) for column in range(len(titles))]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *cells, row[-1]]).rstrip()
    yield from _worth(evaluation)
    for why in dict.fromkeys(evaluation.absent.values()):
        yield f"no {', '.join(name for name, each in evaluation.absent.items() if each == why)}: {why}"
    yield ranking.why()
    if chosen:
        yield f"best.json: update {chosen['update']}"


def _worth(evaluation: Evaluation) -> Iterator[str]:
    """Say what likeness is worth in the dataset."""
    for column in evaluation.columns:
        if column.name in evaluation.ranges and (said := evaluation.ranges[column.name].in_words(column.title)):
            yield said


def _place(judged: Judged, ranking: Ranking) -> tuple[bool, int]:
    """Recordings first, then by rank."""
    names = [each.judged.name for each in ranking.order]
    return (not judged.is_recorded, names.index(judged.name) if judged.name in names else 0)
