"""Tables of means with their intervals, in the languages that the voice is for and, for what was lost, in others."""

from collections.abc import Iterable, Iterator, Sequence

from dimts.data.report.markup import Markup, tag
from dimts.data.report.wording import short
from dimts.evaluate import means
from dimts.evaluate.evaluating import Evaluation, Judged, Row
from dimts.evaluate.means import Means
from dimts.evaluate.scorers import Column
from dimts.evaluate.select import Placed, Ranking

LONGEST_NAME = 80  # characters shown
MISSING = "–"
OF_OTHERS = ("nearest", "phone_distance", "unsaid", "run_on", "cut_off", "voice_likeness", "mos")
ABOUT_INTERVALS = "Small: where 95 of 100 draws of as many sentences lie. In the languages that the voice is for."
ABOUT_OTHERS = "The same scores in languages that the voice is not for, to tell what was forgotten since the base."


def table(evaluation: Evaluation, ranking: Ranking) -> Iterator[Markup]:
    """Give the table of subjects, what the rank is made of, and what is missing."""
    placed = {each.judged.name: each for each in ranking.order}
    used = [column for column in evaluation.columns if _has(evaluation, column)]
    rows = [_row(evaluation, judged, used, placed.get(judged.name)) for judged in subjects(evaluation, ranking)]
    yield _framed(_head(["", "rank"], used), tag("tbody", *rows))
    yield tag("p", ABOUT_INTERVALS, class_="soft")
    titles = {column.name: column.title for column in evaluation.columns}
    for name, each in evaluation.ranges.items():
        if said := each.in_words(titles.get(name, name).capitalize()):
            yield tag("p", f"{said}; nine of ten lie there.", class_="soft")
    weights = ", ".join(f"{titles.get(name, name)} × {weight:g}" for name, weight in ranking.weights.items())
    yield tag("p", f"Rank: {weights}. Silent, endless, cut off or damaged comes last.", class_="soft")
    if lacking := sorted(set(ranking.left_out) - evaluation.absent.keys()):
        yield tag("p", f"Not every candidate has {', '.join(lacking)}: left out of the rank for all.", class_="soft")
    for why in dict.fromkeys(evaluation.absent.values()):
        names = ", ".join(name for name, each in evaluation.absent.items() if each == why)
        yield tag("p", f"Not measured: {names}. {why[:1].upper()}{why[1:]}", class_="soft")


def others(evaluation: Evaluation, ranking: Ranking) -> Iterator[Markup]:
    """Give what was kept and what was forgotten of other languages, language by language."""
    languages = sorted(
        {row.language for judged in evaluation.subjects for row in judged.rows} - evaluation.plan.targets
    )
    columns = [column for column in evaluation.columns if column.name in OF_OTHERS and _has(evaluation, column)]
    if not languages or not columns:
        return
    bodies = [
        tag("tbody", tag("tr", tag("th", code, scope="rowgroup", class_="group", colspan=len(columns) + 1)),
            *_of_language(evaluation, subjects(evaluation, ranking), columns, code)) for code in languages
    ]  # fmt: skip
    heading = (tag("h2", "Other languages"), tag("p", ABOUT_OTHERS, class_="soft"))
    yield tag("section", *heading, _framed(_head([""], columns), *bodies))


def subjects(evaluation: Evaluation, ranking: Ranking) -> list[Judged]:
    """Recordings first, then by rank."""
    recorded = [judged for judged in evaluation.subjects if judged.is_recorded]
    return [*recorded, *(placed.judged for placed in ranking.order)]


def _of_language(
    evaluation: Evaluation, everyone: Iterable[Judged], columns: Sequence[Column], language: str
) -> Iterator[Markup]:
    for judged in everyone:
        rows = [row for row in judged.rows if row.language == language]
        if rows:
            found = means.of(rows, columns, evaluation.plan.seed)
            yield tag("tr", _name(judged), *(_cell(column, found) for column in columns))


def _has(evaluation: Evaluation, column: Column) -> bool:
    rows: Iterable[Row] = (row for judged in evaluation.subjects for row in judged.rows)
    return any(column.name in row.values for row in rows)


def _framed(*content: Markup) -> Markup:
    return tag("div", tag("table", *content), class_="wide", tabindex=0)


def _head(first: Sequence[str], columns: Sequence[Column]) -> Markup:
    titles = (tag("th", column.title, title=column.about, scope="col") for column in columns)
    return tag("thead", tag("tr", *(tag("th", each, scope="col") for each in first), *titles))


def _row(evaluation: Evaluation, judged: Judged, columns: Sequence[Column], placed: Placed | None) -> Markup:
    found = means.of(means.target_rows(evaluation, judged), columns, evaluation.plan.seed)
    called = placed.verdicts if placed else ()
    rank = tag("td", "last" if placed.unfit else f"{placed.value.mean:.2f}") if placed else tag("td")
    return tag("tr", _name(judged, called), rank, *(_cell(column, found) for column in columns))


def _name(judged: Judged, called: Sequence[str] = ()) -> Markup:
    verdict = [tag("small", ", ".join(called), class_="bad")] if called else []
    return tag("th", short(judged.name, LONGEST_NAME), *verdict, scope="row")


def _cell(column: Column, found: Means) -> Markup:
    if column.name not in found:
        return tag("td", MISSING, class_="soft")
    each = found[column.name]
    reach = tag("small", f"{column.shown(each.low)} to {column.shown(each.high)}")
    return tag("td", column.shown(each.mean), reach)
