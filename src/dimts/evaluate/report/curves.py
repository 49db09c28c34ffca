"""Scores over updates, as small drawings: a mean, its interval, and the one that was chosen."""

from collections.abc import Iterator, Mapping, Sequence

from dimts.data.report.markup import Markup, tag
from dimts.evaluate import means
from dimts.evaluate.evaluating import Evaluation
from dimts.evaluate.intervals import Interval
from dimts.evaluate.scorers import Column
from dimts.evaluate.select import Ranking

WIDTH, HEIGHT, MARGIN = 320, 110, 14


def by_update(evaluation: Evaluation, ranking: Ranking) -> Iterator[Markup]:
    """Draw scores by update, where there are several checkpoints."""
    known = {
        judged.update: means.of(means.target_rows(evaluation, judged), evaluation.columns, evaluation.plan.seed)
        for judged in evaluation.subjects
        if judged.update is not None and not judged.is_recorded
    }
    drawn = [
        curve(column, found, ranking.order[0].judged.update)
        for column in evaluation.columns
        if len(found := points(known, column.name)) > 1
    ]
    if drawn:
        yield tag("section", tag("h2", "By update"), tag("div", *drawn, class_="figures"))


def curve(column: Column, points: Sequence[tuple[int, Interval]], best: int | None) -> Markup:
    """Draw a column's means by update; at least two."""
    updates = [update for update, _ in points]
    low, high = min(each.low for _, each in points), max(each.high for _, each in points)
    reach = (updates[-1] - updates[0]) or 1

    def place(update: int, value: float) -> tuple[float, float]:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (update - updates[0]) / reach
        down = (high - value) / (high - low) if high > low else 0.5
        return round(x, 1), round(MARGIN + (HEIGHT - 2 * MARGIN) * down, 1)

    line = " ".join("{},{}".format(*place(update, each.mean)) for update, each in points)
    bars = [_bar(place(update, each.low), place(update, each.high)) for update, each in points]
    dots = [_dot(place(update, each.mean), update == best) for update, each in points]
    drawing = tag("svg", *bars, tag("polyline", points=line), *dots, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
                  aria_label=f"{column.title} by update")  # fmt: skip
    first, last = (column.shown(points[at][1].mean) for at in (0, -1))
    better = {"high": ", higher is better", "low": ", lower is better", "": ""}[column.better]
    caption = f"{first} at update {updates[0]:,}, {last} at {updates[-1]:,}{better}"
    return tag("figure", tag("h3", column.title), drawing, tag("figcaption", caption))


def points(means: Mapping[int, Mapping[str, Interval]], column: str) -> list[tuple[int, Interval]]:
    """Return a column's means by update, where it has any."""
    return [(update, means[update][column]) for update in sorted(means) if column in means[update]]


def _bar(low: tuple[float, float], high: tuple[float, float]) -> Markup:
    return tag("line", x1=low[0], y1=low[1], x2=high[0], y2=high[1], class_="reach")


def _dot(at: tuple[float, float], best: bool) -> Markup:
    return tag("circle", cx=at[0], cy=at[1], r=5 if best else 3, class_="best" if best else None)
