"""report.html: what an evaluation found, in one page that needs no network, sound included."""

from pathlib import Path

from dimts import files
from dimts.evaluate.evaluating import Evaluation
from dimts.evaluate.report.page import page
from dimts.evaluate.select import Ranking

NAME = "report.html"


def write(evaluation: Evaluation, ranking: Ranking) -> Path:
    """Write the page into the plan's folder; return its path. DataError where the disk refuses."""
    path = evaluation.plan.out / NAME
    with files.writing(path):
        files.write_text(path, page(evaluation, ranking))
    return path
