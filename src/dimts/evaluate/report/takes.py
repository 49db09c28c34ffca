"""All takes of each sentence side by side, to listen to: what the best one says worst comes first."""

from collections.abc import Iterator, Mapping, Sequence

from dimts.data.report.markup import Markup, tag
from dimts.data.report.wording import short
from dimts.evaluate.evaluating import Evaluation, Row
from dimts.evaluate.report.embedded import Sounds, gaze
from dimts.evaluate.report.scores import LONGEST_NAME, subjects
from dimts.evaluate.select import Ranking

LONGEST_TEXT = 400  # characters shown
ABOUT = (
    "The sentences that the best one says worst come first. The picture shows where the network looked in its text"
    " (down) while it spoke (across): in good speech a line from corner to corner."
)
TOLD = ("nearest", "phone_error", "cer", "wer", "mos", "likeness", "voice_likeness", "code_loss")  # beside a player


def by_sentence(evaluation: Evaluation, ranking: Ranking) -> Iterator[Markup]:
    """Give every sentence with its takes."""
    sounds = Sounds()
    by_text: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for judged in subjects(evaluation, ranking):
        for row in judged.rows:
            sentence = row.take.line.sentence
            by_text.setdefault((sentence.language, sentence.text), {}).setdefault(judged.name, []).append(row)
    best = ranking.order[0].judged.name
    yield tag("p", ABOUT, class_="soft")
    ordered = sorted(by_text.items(), key=lambda item: _badness(evaluation, item, best), reverse=True)
    listed = [_sentence(evaluation, said, takes, sounds) for said, takes in ordered]
    yield tag("div", *listed)
    if sounds.left_out:
        yield tag("p", f"{sounds.left_out:,} takes found no room in this page; they lie beside it.", class_="warn")


def _badness(
    evaluation: Evaluation, item: tuple[tuple[str, str], Mapping[str, Sequence[Row]]], best: str
) -> tuple[bool, float]:
    """Tell how badly something was said: first in the voice's own languages; by what is unsaid, endless, wrong."""
    (language, _), takes = item
    found = [
        row.values.get("unsaid", 0.0)
        + row.values.get("run_on", 0.0)
        + (1 - row.values.get("nearest", 1.0))
        + row.values.get("phone_error", row.values.get("cer", 0.0))
        for row in takes.get(best, ())
    ]
    return language in evaluation.plan.targets, max(found, default=0.0)


def _sentence(
    evaluation: Evaluation, said: tuple[str, str], takes: Mapping[str, Sequence[Row]], sounds: Sounds
) -> Markup:
    language, text = said
    players = [_player(evaluation, name, row, sounds) for name, rows in takes.items() for row in rows]
    heading = tag(
        "p", tag("bdi", short(text, LONGEST_TEXT)), tag("small", f" {language}"), class_="said", lang=language
    )
    return tag("article", heading, tag("ul", *players, class_="clips"))


def _player(evaluation: Evaluation, name: str, row: Row, sounds: Sounds) -> Markup:
    url, picture, told = sounds.url(row.take), gaze(row.take.facts), row.take.facts
    shown = [f"{column.title} {column.shown(row.values[column.name])}" for column in evaluation.columns
             if column.name in TOLD and column.name in row.values]  # fmt: skip
    if row.take.refused:
        shown.insert(0, f"said nothing: {row.take.refused}")
    elif not told.get("ended", True):
        shown.insert(0, "did not end by itself")
    return tag(
        "li",
        tag("p", short(name, LONGEST_NAME), tag("small", f" {row.take.line.reference.name}"), class_="measured"),
        *([tag("audio", controls="", preload="none", src=url)] if url else []),
        *([tag("img", src=picture, alt="where the network looked in its text")] if picture else []),
        tag("p", " · ".join(shown), class_="soft"),
        class_="clip",
    )
