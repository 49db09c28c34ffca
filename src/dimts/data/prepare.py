"""Prepare: sources in, a dataset folder out, every second accepted or turned away with a reason.

Find -> read -> speech -> align -> cut and repair -> score -> settle (checks, ids, duplicates) -> split -> write ->
report. A clip is known by its sound: prepared again it keeps id, file and side, also when its text was mended. The
surprise: clips of sources that are not named this time stay; those of sources that are named are found anew.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dimts.data import (
    earlier,
    fence,
    holding,
    importers,
    manifest,
    planning,
    reading,
    report,
    review,
    scoring,
    split,
    totals,
)
from dimts.data.accounts import accounts
from dimts.data.importers import Found
from dimts.data.intake import AUDIO, COPY, Intake
from dimts.data.journal import Journal
from dimts.data.manifest import Dataset, Rejection
from dimts.data.options import Options as Options
from dimts.data.pace import with_pace
from dimts.data.pool import Workers
from dimts.data.reading import Reading
from dimts.data.saying import Reader
from dimts.data.stages import Progress, Stages
from dimts.data.works import Piece, Planned, by_row
from dimts.errors import DataError
from dimts.text.front import Front

KNOWN = ("duplicate", COPY)  # reasons for which nothing is lost


def prepare(
    sources: Sequence[Path | str], out: Path, language: str, options: Options, progress: Progress | None = None
) -> Dataset:
    """Turn sources into a dataset folder, or add them to the one that is there; return it.

    `progress(stage, done, total)` is called after each file of a stage. With more than one worker, a calling script
    needs the usual `if __name__ == "__main__":` guard. DataError or ConfigError in one line: a source that cannot be
    read, another language or other options than the dataset's, no clip accepted (reasons counted); TextError: no such
    language, or another way of reading than the dataset's; MissingExtra: a package that the work needs.
    """
    with holding.held(out):
        return _prepared(sources, out, language, options, progress)


def _prepared(
    sources: Sequence[Path | str], out: Path, language: str, options: Options, progress: Progress | None
) -> Dataset:
    old = earlier.existing(out, language, options)
    front = options.text.of(old.front if old else None, str(out))
    front.require(language)
    old = replace(old, clips=tuple(earlier.read_today(clip, front) for clip in old.clips)) if old else None
    decisions = review.read(out)
    found = list(fence.within((each for one in sources for each in importers.read(one, language)), options.inside))
    if not found and not (old and decisions and not sources):
        raise DataError(f"nothing to prepare: {', '.join(map(str, sources)) or 'no source'} lists no utterance")
    named = earlier.named(sources, found)
    staying, returning, gone = earlier.divided(old, named)
    earlier.refuse_other_limits(out, old, options.limits, (*staying, *gone))
    staying, dropped = earlier.decided(staying, decisions, front)

    reader = Reader(front, language, options.vocabulary)
    with Workers(options.workers) as workers:
        stages = Stages(Journal(out), options, reader, workers, progress)
        planned = planning.plan(stages, stages.open(found))
        readings = stages.cut(planned)
        scores = scoring.scores(stages, readings)
    intake = Intake(stages, staying, returning, decisions, scores, earlier.has_other_shares(old, options.limits))
    _settle(intake, found, planned, readings)
    _refuse_nothing(intake, len(found))

    heard = {clip.content for clip in intake.accepted}
    left, more = earlier.decided([clip for clip in gone if clip.content not in heard], decisions, front)
    clips = with_pace([*staying, *left, *intake.accepted], options.limits)
    by = earlier.group_by(old, options, clips)
    before = {clip.id: clip for clip in (old.clips if old else ())}
    clips, torn = split.divide(clips, before, by, options.eval_share, options.seed)
    rejected = [*earlier.still_rejected(old, named), *dropped, *more, *intake.rejected, *map(split.turned_away, torn)]
    now = accounts(sources, found, planned, readings, intake.returned)
    front = _stored(front, out)
    dataset = Dataset(
        out,
        language,
        front.identity,
        tuple(sorted(clips, key=lambda clip: clip.id)),
        _sorted(rejected),
        options.settings(by),
        totals.settled(now, old.totals if old else (), clips, rejected),
        (old.licence if old else "") if options.licence is None else options.licence,
        (old.consent if old else "") if options.consent is None else options.consent,
    )
    manifest.write(dataset)
    report.write(dataset)
    _tidy(out, front)
    return dataset


def _settle(intake: Intake, found: Sequence[Found], planned: Sequence[Planned], readings: dict[Piece, Reading]) -> None:
    """Decide about every piece, row that leads nowhere and stretch that is lost."""
    known = {row for plan in planned for row, _ in plan.work.away}
    for row, each in enumerate(found):
        if isinstance(each, Rejection) and row not in known:
            intake.missing(each)
    for plan in planned:
        intake.rejected.extend(plan.lost)
    intake.settle_all(list(by_row(planned)), readings)


def _stored(front: Front, out: Path) -> Front:
    """Put the user's files into the dataset folder. DataError when the disk refuses."""
    try:
        return front.store(out)
    except OSError as error:
        raise DataError(f"{out}: cannot be written: {error.strerror}; the old dataset is intact") from error


def _tidy(out: Path, front: Front) -> None:
    """Remove what is of no use any more."""
    front.sweep(out)
    shutil.rmtree(out / reading.STAGED, ignore_errors=True)
    beside = f".{manifest.REPORT}.*.part"
    for left_over in (*(out / AUDIO).glob(".*.tmp"), *out.glob(beside)):  # by a run that was killed
        left_over.unlink(missing_ok=True)


def _refuse_nothing(intake: Intake, found: int) -> None:
    """DataError when every find was turned away, but for what the dataset has already; it stays as it was."""
    if intake.accepted or not any(each.reason not in KNOWN for each in intake.rejected):
        return
    first = intake.rejected[0]
    counted = ", ".join(f"{n} {reason}" for reason, n in Counter(r.reason for r in intake.rejected).most_common())
    example = f"{first.source}: {first.reason}: {first.measured} ({first.limit})"
    raise DataError(f"none of {found} utterances accepted: {counted}; for instance {example}")


def _sorted(rejected: Sequence[Rejection]) -> tuple[Rejection, ...]:
    """Sort by table, line and time."""

    def place(rejection: Rejection) -> tuple[str, int, float, str]:
        listing, _, line = rejection.source.rpartition(":")
        return listing, int(line) if line.isdigit() else 0, rejection.start_s or 0.0, rejection.id

    return tuple(sorted(rejected, key=place))
