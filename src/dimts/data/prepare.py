"""Prepare: sources in, a dataset folder out, every utterance accepted or turned away with a reason.

Find -> read -> judge -> settle (ids, duplicates) -> split -> write. A clip is known by its sound: prepared again it
keeps id, file and side, also when its text was mended. The surprise: clips of sources that are not named this time
stay; those of sources that are named are found anew.
"""

import functools
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dimts.data import filters, importers, manifest, split
from dimts.data.filters import Limits
from dimts.data.importers import Utterance
from dimts.data.intake import AUDIO, Candidate, Intake, group_of
from dimts.data.journal import NAME as JOURNAL
from dimts.data.journal import Journal
from dimts.data.manifest import Clip, Dataset, Rejection, Side
from dimts.data.reading import in_order
from dimts.errors import ConfigError, DataError
from dimts.files import sha256
from dimts.text.front import STORED, Choice, Front

MAX_DEFAULT_WORKERS = 4
OWN = {AUDIO, JOURNAL, f"{manifest.CLIPS}.new", f"{manifest.REJECTED}.new"}  # what a killed first run leaves
Progress = Callable[[int, int], None]  # done, total


@dataclass(frozen=True)
class Options:
    """How to prepare; a dataset keeps `eval_share` and `seed` for life, so that no clip ever changes sides."""

    eval_share: float = 0.05  # of the groups; 0 means no eval clips
    seed: int = 0
    speaker: str = manifest.UNNAMED  # where a source does not say who speaks
    text: Choice = Choice()  # how it is read; what is not asked for stays as the dataset has it
    limits: Limits = field(default_factory=Limits)
    workers: int = field(default_factory=lambda: min(MAX_DEFAULT_WORKERS, os.cpu_count() or 1))

    def __post_init__(self) -> None:
        if not 0 <= self.eval_share < 1:
            raise ConfigError(f"eval_share is {self.eval_share}; give a share from 0 to below 1")
        if self.workers < 1:
            raise ConfigError(f"workers is {self.workers}; give 1 or more")

    def settings(self) -> dict[str, object]:
        """What the dataset keeps of them."""
        return {"eval_share": self.eval_share, "seed": self.seed, "limits": filters.as_settings(self.limits)}


def prepare(
    sources: Sequence[Path], out: Path, language: str, options: Options, progress: Progress | None = None
) -> Dataset:
    """Turn sources into a dataset folder, or add them to the one that is there; return it.

    `progress(done, total)` is called after each utterance. With more than one worker, a calling script needs the usual
    `if __name__ == "__main__":` guard. DataError or ConfigError in one line: a source that cannot be read, another
    language or other options than the dataset's, no clip accepted (reasons counted); TextError: no such language, or
    another way of reading than the dataset's.
    """
    old = _existing(out, language, options)
    front = options.text.of(old.front if old else None, str(out))
    front.require(language)
    old = replace(old, clips=tuple(_read_today(clip, front) for clip in old.clips)) if old else None
    found = [each for source in sources for each in importers.read(source)]
    if not found:
        raise DataError(f"nothing to prepare: {', '.join(map(str, sources)) or 'no source'} lists no utterance")
    staying, returning, gone = _divided(old, sources)
    _refuse_other_limits(out, old, options.limits, (*staying, *gone))
    intake = Intake(Journal(out), options.limits, staying, returning)
    candidates = (
        each if isinstance(each, Rejection) else _candidate(each, language, options.speaker, front) for each in found
    )
    _take_in(intake, list(candidates), options.workers, progress)
    _refuse_nothing(intake, len(found))
    heard = {clip.content for clip in intake.accepted}
    clips = [*staying, *(clip for clip in gone if clip.content not in heard), *intake.accepted]
    rejected = [*_still_rejected(old, sources), *intake.rejected]
    front = _stored(front, out)
    dataset = Dataset(out, language, front.identity, _sided(clips, old, options), _sorted(rejected), options.settings())
    manifest.write(dataset)
    front.sweep(out)
    for left_over in (out / AUDIO).glob(".*.tmp"):  # by a run that was killed
        left_over.unlink(missing_ok=True)
    return dataset


def _take_in(intake: Intake, finds: Sequence[Candidate | Rejection], workers: int, progress: Progress | None) -> None:
    """Read what must be read and settle every find in order."""
    tasks = [None if isinstance(each, Rejection) else intake.task(each) for each in finds]
    for done, (find, reading) in enumerate(zip(finds, in_order(tasks, workers), strict=True), start=1):
        if isinstance(find, Rejection):
            intake.missing(find)
        else:
            intake.settle(find, reading)
        if progress:
            progress(done, len(finds))


def _candidate(utterance: Utterance, language: str, speaker: str, front: Front) -> Candidate:
    try:
        origin = sha256(utterance.audio)
    except OSError:  # reading it will tell what is wrong
        origin = ""
    spoken = front.spoken(utterance.text, language)
    return Candidate(utterance, spoken, language, utterance.speaker or speaker, origin)


def _existing(out: Path, language: str, options: Options) -> Dataset | None:
    """Give the dataset to add to; None where there is none yet."""
    names = {name for name in os.listdir(out) if not STORED.fullmatch(name)} if out.is_dir() else set()
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file; give a folder for the dataset")
    if not names & {manifest.HEAD, f"{manifest.HEAD}.new"}:
        if names - OWN:
            raise DataError(f"{out}: holds other things ({sorted(names - OWN)[0]}); give a new folder for the dataset")
        return None
    old = manifest.read(out, any_normaliser=True)
    if old.language != language:
        raise DataError(f"{out}: is a dataset of language {old.language}, not {language}; prepare into another folder")
    for name, value in (("eval_share", options.eval_share), ("seed", options.seed)):
        if old.settings.get(name, value) != value:
            kept = f"{name} {old.settings[name]}, now it is {value}"
            raise ConfigError(f"{out}: was split with {kept}; clips never change sides: give the same or a new folder")
    return old


def _read_today(clip: Clip, front: Front) -> Clip:
    spoken = front.spoken(clip.text, clip.language)
    grouped_by_text = clip.group == group_of(clip.spoken)
    return replace(clip, spoken=spoken, group=group_of(spoken) if grouped_by_text else clip.group)


def _stored(front: Front, out: Path) -> Front:
    """Put the user's files into the dataset folder. DataError when the disk refuses."""
    try:
        return front.store(out)
    except OSError as error:
        raise DataError(f"{out}: cannot be written: {error.strerror}; the old dataset is intact") from error


def _divided(old: Dataset | None, sources: Sequence[Path]) -> tuple[list[Clip], list[Clip], list[Clip]]:
    """Part the old clips: those that stay, those that may be found again, and of these those whose source is gone."""
    named, exists = _named(sources), functools.cache(Path.exists)
    clips = old.clips if old else ()
    returning = [clip for clip in clips if named(clip.source) or not exists(_listing(clip.source))]
    staying = [clip for clip in clips if not named(clip.source) and exists(_listing(clip.source))]
    gone = [clip for clip in returning if not named(clip.source)]
    return staying, returning, gone


def _refuse_other_limits(out: Path, old: Dataset | None, limits: Limits, kept: Sequence[Clip]) -> None:
    """Clips of sources that are not named cannot be judged anew: the limits must be theirs."""
    were = old.settings.get("limits", {}) if old and kept else {}
    for name, value in filters.as_settings(limits).items():
        if were.get(name, value) != value:
            raise ConfigError(
                f"{out}: was prepared with {name} {were[name]}, now it is {value};"
                f" name all its sources (also {_listing(kept[0].source)}), or give the same limit"
            )


def _refuse_nothing(intake: Intake, found: int) -> None:
    """DataError when every find was turned away; the dataset stays as it was."""
    if intake.accepted:
        return
    first = intake.rejected[0]
    counted = ", ".join(f"{n} {reason}" for reason, n in Counter(r.reason for r in intake.rejected).most_common())
    example = f"{first.source}: {first.reason}: {first.measured} ({first.limit})"
    raise DataError(f"none of {found} utterances accepted: {counted}; for instance {example}")


def _still_rejected(old: Dataset | None, sources: Sequence[Path]) -> list[Rejection]:
    named = _named(sources)
    return [rejection for rejection in (old.rejected if old else ()) if not named(rejection.source)]


def _sided(clips: Sequence[Clip], old: Dataset | None, options: Options) -> tuple[Clip, ...]:
    """Give every clip its side and sort by id. A clip keeps its side, unless its text is now one of a train group."""
    known: dict[str, Side] = {}
    before = {clip.id: clip for clip in (old.clips if old else ())}
    for clip in (*before.values(), *(clip for clip in clips if clip.id in before)):
        known[clip.group] = "train" if known.get(clip.group) == "train" else clip.split
    groups = Counter(clip.group for clip in clips)
    sides = split.assign(groups, known, options.eval_share, options.seed)
    return tuple(sorted((replace(clip, split=sides[clip.group]) for clip in clips), key=lambda clip: clip.id))


def _sorted(rejected: Sequence[Rejection]) -> tuple[Rejection, ...]:
    """Sort by table and line."""

    def place(rejection: Rejection) -> tuple[str, int, str]:
        listing, _, line = rejection.source.rpartition(":")
        return listing, int(line) if line.isdigit() else 0, rejection.id

    return tuple(sorted(rejected, key=place))


def _named(sources: Sequence[Path]) -> Callable[[str], bool]:
    """Give the test whether what a clip says of its source lies in one of these, however they are spelled."""
    listings = {importers.listing(each).resolve() for each in sources}
    known = functools.cache(lambda listing: listing.resolve() in listings)
    return lambda source: known(_listing(source))


def _listing(source: str) -> Path:
    return Path(source.rpartition(":")[0])
