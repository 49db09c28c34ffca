"""The numbers of a dataset's report, as plain values: what the page shows, and what `dimts report --json` prints."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from statistics import median
from typing import Any

from dimts.data import filters
from dimts.data.manifest import Clip, Dataset, Rejection
from dimts.data.report import letters, listening, quantities
from dimts.data.report.letters import Coverage
from dimts.data.report.listening import Group
from dimts.data.report.quantities import Histogram
from dimts.data.totals import Totals
from dimts.text.languages import find

MOST_SOURCES, MOST_SPEAKERS, MOST_VALUES = 20, 20, 8  # named one by one


@dataclass(frozen=True)
class Amount:
    """So many clips, so many seconds."""

    clips: int
    seconds: float


@dataclass(frozen=True)
class Speaker:
    """What one person says; medians are None where nobody measured."""

    name: str
    amount: Amount
    eval_clips: int
    pace: float | None
    snr_db: float | None
    loudness_lufs: float | None


@dataclass(frozen=True)
class Reason:
    """Why utterances were turned away, and one of them."""

    reason: str
    amount: Amount
    example: Rejection


@dataclass(frozen=True)
class Field:
    """What sources say of their clips under one name: the most frequent values, and how many others there are."""

    name: str
    values: Mapping[str, Amount]
    others: int


@dataclass(frozen=True)
class Report:
    """All that a report says."""

    language: str
    code: str
    normaliser: str
    sha256: str  # of what training sees
    train: Amount
    eval: Amount
    rejected: Amount
    licence: str
    consent: str
    split_by: str
    sources: tuple[Totals, ...]
    other_sources: int  # that the last account stands for; 0 when each is named
    speakers: tuple[Speaker, ...]
    other_speakers: Amount
    other_speakers_count: int
    reasons: tuple[Reason, ...]
    warnings: Mapping[str, Amount]
    said: tuple[Field, ...]  # licence, consent and the like
    histograms: tuple[Histogram, ...]
    unmeasured: tuple[str, ...]
    coverage: Coverage
    worst: tuple[Group, ...]
    random: tuple[Clip, ...]

    @property
    def accepted(self) -> Amount:
        """Clips of both sides."""
        return Amount(self.train.clips + self.eval.clips, self.train.seconds + self.eval.seconds)

    @property
    def balanced(self) -> bool:
        """Whether found = accepted + turned away + not speech holds for every source."""
        return all(each.balanced for each in self.sources)


def of(dataset: Dataset) -> Report:
    """Count a dataset. TextError when files that its texts were read with are gone."""
    clips = dataset.clips
    seed = int(dataset.settings.get("seed", 0))
    limits = filters.as_settings(filters.from_settings(dataset.settings.get("limits", {})))
    sources = sorted(dataset.totals, key=lambda each: (-each.found_s, each.source))
    speakers = _speakers(clips)
    others = [each.amount for each in speakers[MOST_SPEAKERS:]]
    drawn = [quantity for quantity in quantities.QUANTITIES if quantity.drawn]
    histograms = [quantities.histogram(quantity, clips, limits) for quantity in drawn]
    return Report(
        language=find(dataset.language).name,
        code=dataset.language,
        normaliser=dataset.normaliser,
        sha256=dataset.sha256,
        train=_amount(dataset.side("train")),
        eval=_amount(dataset.side("eval")),
        rejected=_amount(dataset.rejected),
        licence=dataset.licence,
        consent=dataset.consent,
        split_by=str(dataset.settings.get("group_by", "text")),
        sources=(*sources[:MOST_SOURCES], *_together(sources[MOST_SOURCES:])),
        other_sources=max(0, len(sources) - MOST_SOURCES),
        speakers=tuple(speakers[:MOST_SPEAKERS]),
        other_speakers=Amount(sum(each.clips for each in others), sum(each.seconds for each in others)),
        other_speakers_count=len(others),
        reasons=tuple(_reasons(dataset.rejected)),
        warnings=_amounts((warning, clip) for clip in clips for warning in clip.warnings),
        said=tuple(_said(clips)),
        histograms=tuple(each for each in histograms if each),
        unmeasured=tuple(q.name for q, found in zip(drawn, histograms, strict=True) if not found),
        coverage=letters.coverage(dataset),
        worst=listening.worst(clips, limits, seed),
        random=tuple(listening.drawn(clips, seed, listening.RANDOM)),
    )


def facts(report: Report) -> dict[str, Any]:
    """Give a report as JSON holds it."""
    found = report.coverage
    named = {"rare": found.rare, "missing": found.missing, "untrained": found.untrained}
    letters_of = {f"{name}_characters": "".join(each.character for each in some) for name, some in named.items()}
    return asdict(report) | letters_of | {"balanced": report.balanced}


def _speakers(clips: Iterable[Clip]) -> list[Speaker]:
    """Who speaks, longest first."""
    by_name = defaultdict(list)
    for clip in clips:
        by_name[clip.speaker].append(clip)
    return sorted((_speaker(*each) for each in by_name.items()), key=lambda each: (-each.amount.seconds, each.name))


def _speaker(name: str, clips: Sequence[Clip]) -> Speaker:
    def middle(measure: Callable[[Clip], float | None]) -> float | None:
        values = [value for clip in clips if (value := measure(clip)) is not None]
        return round(median(values), 2) if values else None

    held_back = sum(clip.split == "eval" for clip in clips)
    medians = map(middle, (quantities.pace, lambda clip: clip.snr_db, lambda clip: clip.loudness_lufs))
    return Speaker(name, _amount(clips), held_back, *medians)


def _reasons(rejected: Iterable[Rejection]) -> list[Reason]:
    by_reason = defaultdict(list)
    for rejection in rejected:
        by_reason[rejection.reason].append(rejection)
    found = [Reason(reason, _amount(some), some[0]) for reason, some in by_reason.items()]
    return sorted(found, key=lambda each: (-each.amount.clips, each.reason))


def _said(clips: Iterable[Clip]) -> Iterator[Field]:
    """Count what sources say of their clips."""
    by_name = defaultdict(list)
    for clip in clips:
        for name, value in clip.extra.items():
            by_name[name].append((str(value), clip))
    for name in sorted(by_name):
        amounts = _amounts(by_name[name])
        kept = dict(list(amounts.items())[:MOST_VALUES])
        yield Field(name, kept, len(amounts) - len(kept))


def _amounts(named: Iterable[tuple[str, Clip]]) -> dict[str, Amount]:
    """Count clips by name, most frequent first."""
    by_name = defaultdict(list)
    for name, clip in named:
        by_name[name].append(clip)
    amounts = {name: _amount(some) for name, some in by_name.items()}
    return dict(sorted(amounts.items(), key=lambda each: (-each[1].clips, each[0])))


def _amount(some: Sequence[Clip | Rejection]) -> Amount:
    return Amount(len(some), round(sum(each.duration_s for each in some), 3))


def _together(some: Sequence[Totals]) -> list[Totals]:
    """Add up accounts, none when there are none."""
    if not some:
        return []
    columns = zip(*(astuple(each)[1:] for each in some), strict=True)
    return [Totals("", *(round(sum(column), 3) for column in columns))]
