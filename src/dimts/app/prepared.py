"""What `dimts prepare` says at its end: one screen for a person, one object for a program."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from typing import Any

from dimts.data import review
from dimts.data.manifest import Dataset
from dimts.data.report.wording import clock
from dimts.data.totals import Totals

MOST_SOURCES, MOST_REASONS = 8, 10  # lines of a screen


def facts(dataset: Dataset) -> dict[str, Any]:
    """Give what a program may want to know."""
    return {
        "dataset": str(dataset.folder),
        "clips": len(dataset.clips),
        "hours": round(sum(clip.duration_s for clip in dataset.clips) / 3600, 4),
        "eval_clips": len(dataset.side("eval")),
        "group_by": dataset.settings.get("group_by"),
        "rejected": dataset.reasons,
        "rejected_s": {reason: round(seconds, 1) for reason, seconds in _seconds(dataset).items()},
        "warnings": _warnings(dataset),
        "sources": [asdict(each) for each in dataset.totals],
        "normaliser": dataset.normaliser,
        "unread": _unread(dataset),
        "unknown_decisions": _unknown(dataset),
    }


def lines(dataset: Dataset) -> Iterator[str]:
    """Give a screen."""
    hours = sum(clip.duration_s for clip in dataset.clips) / 3600
    held_back, by = len(dataset.side("eval")), dataset.settings.get("group_by")
    yield (
        f"{dataset.folder}: {len(dataset.clips):,} clips accepted ({hours:.2f} h),"
        f" {held_back:,} of them held back for evaluation (by {by})"
    )
    yield from _accounts(dataset.totals)
    seconds, reasons = _seconds(dataset), dataset.reasons
    for reason, count in list(reasons.items())[:MOST_REASONS]:
        yield f"  turned away: {count:,} x {reason} ({clock(seconds[reason])})"
    if rest := list(reasons.values())[MOST_REASONS:]:
        yield f"  turned away: {sum(rest):,} for {len(rest)} other reasons"
    if reasons:
        yield f"  each with its reason in {dataset.folder / 'rejected.jsonl'}"
    yield from (f"  kept, but listen: {count:,} x {warning}" for warning, count in _warnings(dataset).items())
    yield from _remarks(dataset)


def _accounts(totals: tuple[Totals, ...]) -> Iterator[str]:
    """Give the account of each source, largest first, the smaller ones of many together."""
    ordered = sorted(totals, key=lambda each: -each.found_s)
    shown = ordered if len(ordered) <= MOST_SOURCES else ordered[: MOST_SOURCES - 1]
    for each in shown:
        yield f"  {each.source}: {account(each)}"
    if rest := ordered[len(shown) :]:
        yield f"  {len(rest)} other sources: {account(_together(rest))}"


def account(each: Totals) -> str:
    """Write found = accepted + turned away + not speech, in clips and in seconds."""
    return (
        f"{each.rows:,} rows, {each.found:,} clips = {each.accepted:,} accepted + {each.rejected:,} turned away;"
        f" {clock(each.found_s)} = {clock(each.accepted_s)} + {clock(each.rejected_s)}"
        f" + {clock(each.not_speech_s)} not speech"
    )


def _together(some: list[Totals]) -> Totals:
    numbers = [{name: value for name, value in asdict(each).items() if name != "source"} for each in some]
    return Totals("", **{name: sum(each[name] for each in numbers) for name in numbers[0]})


def _seconds(dataset: Dataset) -> Counter[str]:
    """Seconds turned away for each reason."""
    seconds: Counter[str] = Counter()
    for rejection in dataset.rejected:
        seconds[rejection.reason] += rejection.duration_s  # type: ignore[assignment]
    return seconds


def _warnings(dataset: Dataset) -> dict[str, int]:
    return dict(Counter(chain.from_iterable(clip.warnings for clip in dataset.clips)).most_common())


def _unread(dataset: Dataset) -> list[str]:
    """Name the letters of other scripts that the texts hold."""
    front, language = dataset.front, dataset.language
    found = (front.unread(front.normalised(clip.text, language), language) for clip in dataset.clips)
    return sorted(set(chain.from_iterable(found)))


def _unknown(dataset: Dataset) -> list[str]:
    """Name what decisions were made about that is no clip and was none."""
    known = {clip.id for clip in dataset.clips} | {rejection.id for rejection in dataset.rejected}
    return sorted(review.read(dataset.folder).keys() - known)


def _remarks(dataset: Dataset) -> Iterator[str]:
    """Yield what a person should know about how the texts were read, and what to do next."""
    language = dataset.front.language(dataset.language)
    if language.generic:
        yield f"  language {language.name}"
    if foreign := _unread(dataset):
        yield f"  some texts hold letters of another script, which nobody reads: {' '.join(foreign[:20])}"
    if unknown := _unknown(dataset):
        yield f"  {review.NAME} decides about {len(unknown)} clips that there are not: {', '.join(unknown[:5])}"
