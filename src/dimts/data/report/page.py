"""The page of a report, read top down: what there is, what became of every second, how it sounds, what it says."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from dimts.data.report import clips, drawing
from dimts.data.report.coverage import coverage
from dimts.data.report.markup import Markup, escaped, joined, tag
from dimts.data.report.numbers import Amount, Field, Report, Speaker
from dimts.data.report.quantities import Histogram
from dimts.data.report.wording import clock, count, length, short
from dimts.data.totals import Totals

TEMPLATE = Path(__file__).with_name("page.html")
MOST_REASONS, FEW, LONGEST_NAME = 40, 3, 200
SECTIONS = (("what", "What became of it"), ("who", "Who speaks"), ("sound", "How it sounds"), ("says", "What it says"),
            ("listen", "Listen"))  # fmt: skip
KEY = tag("p", tag("i", class_="yes"), "accepted", tag("i", class_="no"), "turned away", tag("i", class_="quiet"),
          "not speech", class_="key soft")  # fmt: skip


def page(report: Report) -> str:
    """Write a report as HTML."""
    title = f"{report.language}: {length(report.accepted.seconds)} of speech"
    sections = zip(SECTIONS, (_ledger, _speakers, _sound, coverage, clips.players), strict=True)
    body = [
        *_head(report, title),
        *(tag("section", tag("h2", name), *content(report), id=mark) for (mark, name), content in sections),
    ]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(title=escaped(title), body=joined(*body))


def _head(report: Report, title: str) -> Iterator[Markup]:
    yield tag("h1", title)
    yield tag("p", f"Dataset {report.sha256[:12]}, texts read by {report.normaliser}.", class_="soft")
    tiles = [
        (report.accepted.clips, f"clips, {length(report.accepted.seconds)}"),
        (report.train.clips, f"to train, {length(report.train.seconds)}"),
        (report.eval.clips, f"held back by {report.split_by}, {length(report.eval.seconds)}"),
        (len(report.speakers) + report.other_speakers_count, "who speak"),
        (report.rejected.clips, f"turned away, {length(report.rejected.seconds)}"),
    ]
    yield tag(
        "div",
        *(tag("div", tag("b", f"{big:,}"), tag("span", small), class_="tile") for big, small in tiles),
        class_="tiles",
    )
    yield tag("dl", *_rights("Licence", report.licence, "--licence"), *_rights("Consent", report.consent, "--consent"),
              *(piece for field in report.said for piece in _field(field)))  # fmt: skip
    yield tag("nav", *(tag("a", name, href=f"#{mark}") for mark, name in SECTIONS))


def _rights(name: str, value: str, option: str) -> tuple[Markup, Markup]:
    """Say what the user stated, or that nothing was."""
    missing = tag("span", "not stated; give ", tag("code", option, class_="whole"), " to dimts prepare", class_="warn")
    return tag("dt", name), tag("dd", value or missing)


def _field(field: Field) -> tuple[Markup, Markup]:
    """Say what sources say of their clips under one name."""
    named = list(field.values.items())[: FEW if field.others else None]
    lines = [
        tag("div", short(value, LONGEST_NAME), tag("span", f" {count(each.clips, 'clip')}", class_="soft whole"))
        for value, each in named
    ]
    if more := field.others + len(field.values) - len(named):
        lines.append(tag("div", f"and {more:,} others", class_="soft"))
    return tag("dt", f"{field.name.capitalize()}, as sources say"), tag("dd", *lines)


def _ledger(report: Report) -> Iterator[Markup]:
    """What became of every second, by source and by reason."""
    yield tag("p", "Found = accepted + turned away + not speech, for every source, in clips and in seconds.")
    if not report.balanced:
        yield tag("p", "The accounts do not add up: run dimts prepare again with all sources.", class_="bad")
    yield KEY
    names = [each.source for each in report.sources]
    if report.other_sources:
        names[-1] = f"{report.other_sources:,} others"
    yield tag("ul", *map(_source, names, report.sources), class_="rows")
    if report.reasons:
        yield tag("h3", "Why clips were turned away")
        yield tag("p", "Each is a line in rejected.jsonl, with what was measured and the limit.", class_="soft")
        yield _reasons(report)
    if report.warnings:
        yield tag("h3", "Kept with a warning")
        most = max(amount.seconds for amount in report.warnings.values())
        yield tag("ul", *(_amount(name, amount, most) for name, amount in report.warnings.items()), class_="rows")


def _source(name: str, each: Totals) -> Markup:
    clips = f"{count(each.found, 'clip')} = {each.accepted:,} accepted + {each.rejected:,} turned away"
    seconds = " + ".join(map(clock, (each.accepted_s, each.rejected_s, each.not_speech_s)))
    account = f"{count(each.rows, 'row')}, {clips}; {clock(each.found_s)} = {seconds} not speech"
    bar = drawing.parts(("yes", each.accepted_s), ("no", each.rejected_s), ("quiet", each.not_speech_s))
    return tag(
        "li",
        tag("span", short(name, LONGEST_NAME)),
        tag("b", length(each.accepted_s)),
        bar,
        tag("span", account, class_="soft"),
    )


def _reasons(report: Report) -> Markup:
    most = max(each.amount.seconds for each in report.reasons)
    rows = []
    for each in report.reasons[:MOST_REASONS]:
        measured = f"for instance {each.example.source}: {each.example.measured} (limit {each.example.limit})"
        rows.append(_amount(each.reason, each.amount, most, measured))
    return tag("ul", *rows, class_="rows")


def _amount(name: str, amount: Amount, most: float, more: str = "") -> Markup:
    """One line of a list: a name, how much, a bar, and more about it."""
    much = f"{count(amount.clips, 'clip')}, {length(amount.seconds)}"
    below = [tag("span", short(more, 2 * LONGEST_NAME), class_="soft")] if more else []
    bar = drawing.share(amount.seconds, most)
    return tag("li", tag("span", short(name, LONGEST_NAME)), tag("span", much), bar, *below)


def _speakers(report: Report) -> Iterator[Markup]:
    """Hours and ways of speaking of each person."""
    most, rest = report.speakers[0].amount.seconds, report.other_speakers
    rows = [_speaker(each, most) for each in report.speakers]
    if report.other_speakers_count:
        rows.append(_amount(f"{report.other_speakers_count:,} others", rest, most))
    yield tag("p", "Longest first; rates and levels are medians.", class_="soft")
    yield tag("ul", *rows, class_="rows")


def _speaker(each: Speaker, most: float) -> Markup:
    measures = (
        (each.pace, "characters a second"),
        (each.snr_db, "dB signal to noise"),
        (each.loudness_lufs, "LUFS"),
    )
    measured = (f"{value:.1f} {unit}" for value, unit in measures if value is not None)
    return _amount(each.name, each.amount, most, " · ".join([f"{each.eval_clips:,} held back", *measured]))


def _sound(report: Report) -> Iterator[Markup]:
    """How measures spread over the accepted clips."""
    said = "Accepted clips. Dashed: the median; red: clips beyond were turned away; orange: kept with a warning."
    yield tag("p", said, class_="soft")
    yield tag("div", *(_figure(each) for each in report.histograms), class_="figures")
    if report.unmeasured:
        yield tag("p", f"Not measured in any clip: {', '.join(report.unmeasured).lower()}.", class_="soft")


def _figure(each: Histogram) -> Markup:
    low, middle, high = (f"{value:,.{each.digits}f}" for value in (each.low, each.median, each.high))
    caption = f"median {middle} {each.unit}; nine of ten from {low} to {high}; {count(each.measured, 'clip')}"
    return tag("figure", tag("h3", each.name), drawing.histogram(each), tag("figcaption", caption))
