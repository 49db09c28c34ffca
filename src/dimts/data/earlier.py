"""What an earlier run left in the dataset folder: what of it stays, what is found anew, what must be as it was."""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dimts.data import filters, holding, importers, manifest, reading, review
from dimts.data.filters import Limits
from dimts.data.importers import Found
from dimts.data.intake import AUDIO
from dimts.data.journal import NAME as JOURNAL
from dimts.data.manifest import Clip, Dataset, Rejection
from dimts.data.options import Options
from dimts.data.review import Decision
from dimts.data.split import By, choose
from dimts.data.words import group_of
from dimts.data.works import listing_of
from dimts.errors import ConfigError, DataError
from dimts.text.front import STORED, Front

LISTS = {manifest.CLIPS, manifest.REJECTED}
OWN = {AUDIO, JOURNAL, reading.STAGED, review.NAME, manifest.REPORT, holding.NAME, f"{manifest.HEAD}.new"}
OWN |= {f"{name}.new" for name in LISTS}
SIGNS = {JOURNAL, manifest.REJECTED}  # that lists without a dataset.json are ours, and not another tool's clips.jsonl


def existing(out: Path, language: str, options: Options) -> Dataset | None:
    """Give the dataset to add to; None where there is none yet."""
    names = {name for name in os.listdir(out) if not STORED.fullmatch(name)} if out.is_dir() else set()
    if manifest.HEAD not in names and not manifest.waits(out):
        if others := names - OWN - (LISTS if names & SIGNS else set()):
            raise DataError(f"{out}: holds other things ({min(others)}); give a new folder for the dataset")
        return None
    old = manifest.read(out, any_normaliser=True)
    if old.language != language:
        raise DataError(f"{out}: is a dataset of language {old.language}, not {language}; prepare into another folder")
    asked: dict[str, object] = {"eval_share": options.eval_share, "seed": options.seed}
    asked |= {} if options.group_by == "auto" else {"group_by": options.group_by}
    for name, value in asked.items():
        if _setting(old, name, value) != value:
            kept = f"{name} {_setting(old, name, value)}, now it is {value}"
            raise ConfigError(f"{out}: was split with {kept}; clips never change sides: give the same or a new folder")
    return old


def group_by(old: Dataset | None, options: Options, clips: Sequence[Clip]) -> By:
    """Give what ties clips together, chosen once for the life of a dataset."""
    if old and old.settings:
        kept = old.settings.get("group_by", "text")
        return "recording" if kept == "recording" else "speaker" if kept == "speaker" else "text"
    return choose(clips) if options.group_by == "auto" else options.group_by


def named(sources: Sequence[Path | str], found: Sequence[Found]) -> Callable[[str], bool]:
    """Give the test whether a clip's source was read now, however it is spelled."""
    listings = {Path(each).resolve() for each in {listing_of(each.source) for each in found}}
    listings |= {importers.listing(each).resolve() for each in sources}
    known = functools.cache(lambda listing: listing.resolve() in listings)
    return lambda source: known(_listing(source))


def divided(old: Dataset | None, named: Callable[[str], bool]) -> tuple[list[Clip], list[Clip], list[Clip]]:
    """Part the old clips: those that stay, those that may be found again, and of these those whose source is gone."""
    exists = functools.cache(Path.exists)
    clips = old.clips if old else ()
    returning = [clip for clip in clips if named(clip.source) or not exists(_listing(clip.source))]
    staying = [clip for clip in clips if not named(clip.source) and exists(_listing(clip.source))]
    gone = [clip for clip in returning if not named(clip.source)]
    return staying, returning, gone


def refuse_other_limits(out: Path, old: Dataset | None, limits: Limits, kept: Sequence[Clip]) -> None:
    """Clips of sources that are not named cannot be judged anew: the limits must be theirs."""
    were = old.settings.get("limits", {}) if old and kept else {}
    for name, value in filters.as_settings(limits).items():
        if were.get(name, value) != value:
            raise ConfigError(
                f"{out}: was prepared with {name} {were[name]}, now it is {value};"
                f" name all its sources (also {_listing(kept[0].source)}), or give the same limit"
            )


def has_other_shares(old: Dataset | None, limits: Limits) -> bool:
    """Whether near-duplicates were told by other limits."""
    were = old.settings.get("limits", {}) if old else {}
    return any(were.get(name, getattr(limits, name)) != getattr(limits, name) for name in ("same_marks", "other_marks"))


def still_rejected(old: Dataset | None, named: Callable[[str], bool]) -> list[Rejection]:
    return [rejection for rejection in (old.rejected if old else ()) if not named(rejection.source)]


def decided(
    clips: Sequence[Clip], decisions: Mapping[str, Decision], front: Front
) -> tuple[list[Clip], list[Rejection]]:
    """Apply decisions to clips that stay as they are: some get another text, some leave."""
    kept, dropped = [], []
    for clip in clips:
        decision = decisions.get(clip.id)
        if decision and decision.decision == "drop":
            place = (clip.source, clip.text, round(clip.duration_s, 4), "", clip.start_s, clip.end_s)
            dropped.append(Rejection(clip.id, "review", "review", decision.note or "drop", "keep", *place))
            continue
        if decision and decision.decision == "text":
            clip = read_today(replace(clip, text=decision.text), front)
        kept.append(clip)
    return kept, dropped


def read_today(clip: Clip, front: Front) -> Clip:
    spoken = front.spoken(clip.text, clip.language)
    grouped_by_text = clip.group == group_of(clip.spoken)
    return replace(clip, spoken=spoken, group=group_of(spoken) if grouped_by_text else clip.group)


def _setting(old: Dataset, name: str, default: object) -> object:
    """What a dataset was prepared with; those of before grouped by text alone."""
    return old.settings.get(name, "text" if name == "group_by" and old.settings else default)


def _listing(source: str) -> Path:
    return Path(listing_of(source))
