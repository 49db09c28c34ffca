"""The page of an evaluation, read top down: what is best and why, scores, curves, then takes, worst cases first."""

from pathlib import Path
from string import Template

from dimts.data.report.markup import Markup, escaped, joined, tag
from dimts.data.report.wording import short
from dimts.evaluate.evaluating import Evaluation
from dimts.evaluate.report import curves, scores, takes
from dimts.evaluate.report.scores import LONGEST_NAME
from dimts.evaluate.select import Ranking

TEMPLATE = Path(__file__).with_name("page.html")


def page(evaluation: Evaluation, ranking: Ranking) -> str:
    """Write an evaluation as HTML."""
    best = ranking.order[0].judged
    title = f"{best.name} speaks best" if len(ranking.order) > 1 else f"How {best.name} speaks"
    body = [
        tag("h1", short(title, LONGEST_NAME)),
        tag("p", ranking.why() + ".", class_="soft"),
        tag("section", tag("h2", "Scores"), *scores.table(evaluation, ranking)),
        *curves.by_update(evaluation, ranking),
        *scores.others(evaluation, ranking),
        tag("section", tag("h2", "Listen"), *takes.by_sentence(evaluation, ranking)),
        tag("section", tag("h2", "What the columns mean"), _meanings(evaluation)),
    ]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(title=escaped(title), body=joined(*body))


def _meanings(evaluation: Evaluation) -> Markup:
    pairs = [(tag("dt", column.title), tag("dd", column.about)) for column in evaluation.columns]
    return tag("dl", *(piece for pair in pairs for piece in pair))
