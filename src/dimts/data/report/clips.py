"""The part of a report that plays clips, each with the reason why it is there."""

from collections.abc import Iterator
from urllib.parse import quote

from dimts.data.manifest import Clip
from dimts.data.report.listening import Heard
from dimts.data.report.markup import Markup, tag
from dimts.data.report.numbers import Report
from dimts.data.report.wording import length, short

LONGEST_TEXT, LONGEST_PLACE, LONGEST_NAME = 400, 160, 80  # characters shown


def players(report: Report) -> Iterator[Markup]:
    """Show the worst clips by each measure, and some at random."""
    yield tag(
        "p",
        "The worst by each measure, then some at random. What you decide goes into review.jsonl, by the id of the clip:"
        " the next dimts prepare applies it. The sound is not in this page but in the folder audio beside it: move or"
        " send the dataset folder as a whole, else the players stay silent and all the rest can still be read.",
        class_="soft",
    )
    for group in report.worst:
        yield tag("h3", group.name, tag("small", f" {group.limits}", class_="soft"))
        yield tag("ul", *(_player(each, report.code) for each in group.clips), class_="clips")
    yield tag("h3", "At random")
    yield tag("ul", *(_player(Heard(clip, ""), report.code) for clip in report.random), class_="clips")


def _player(heard: Heard, language: str) -> Markup:
    clip = heard.clip
    said = tag("bdi", short(clip.text, LONGEST_TEXT))
    measured = [tag("p", heard.measured, class_="measured")] if heard.measured else []
    return tag(
        "li",
        *measured,
        tag("p", said, class_="said", lang=language),
        tag("audio", controls="", preload="none", src=quote(clip.audio, errors="replace")),
        tag("p", tag("code", clip.id), f" {_facts(clip)}", class_="soft"),
        class_="clip",
    )


def _facts(clip: Clip) -> str:
    """Who, how long, from where, with which warnings."""
    place = _place(clip)
    facts = [
        short(clip.speaker, LONGEST_NAME),
        length(clip.duration_s),
        "held back" if clip.split == "eval" else "",
        place,
        *clip.warnings,
    ]
    return " · ".join(filter(None, facts))


def _place(clip: Clip) -> str:
    """Where the source has it; of long names the end."""
    source = clip.source if len(clip.source) <= LONGEST_PLACE else f"…{clip.source[-LONGEST_PLACE:]}"
    return source if clip.start_s is None else f"{source} at {_clock(clip.start_s)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes // 60)}:{int(minutes % 60):02}:{rest:04.1f}"
