"""Check: everything that can be wrong with a dataset folder, one line each. It reads and never edits.

A folder that another tool made (LJ Speech and the like) is prepared into a temporary one, and what would be turned
away is listed.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dimts.audio import io
from dimts.data import filters, importers, manifest, review
from dimts.data.filters import Limits
from dimts.data.manifest import Clip, Dataset
from dimts.data.measures import measure
from dimts.data.options import Options
from dimts.data.prepare import prepare
from dimts.data.review import Decision
from dimts.data.saying import Reader
from dimts.data.split import straddling
from dimts.errors import AudioError, DataError, DimtsError
from dimts.files import sha256


def check(folder: Path, language: str = "am", options: Options | None = None) -> list[str]:
    """List the problems of a dataset folder, one line each; none when it is sound.

    `language` and `options` are for folders of other tools; a dataset of ours knows its own.
    """
    if _is_foreign(folder):
        return _foreign(folder, language, options or Options())
    try:
        dataset = manifest.read(folder, any_normaliser=True)
        today = dataset.front.identity
        dataset.front.require(dataset.language)
        decisions = review.read(folder)
    except DimtsError as error:
        return list(error.problems)
    limits = filters.from_settings(dataset.settings.get("limits", {}))
    reader = Reader(dataset.front, dataset.language, options.vocabulary if options else None)
    problems = [*_normaliser(dataset, today), *_repetitions(dataset), *_leaks(dataset)]
    for clip in dataset.clips:
        problems += [
            f"clip {clip.id}: {problem}"
            for problem in _clip_problems(clip, dataset, reader, limits if _judged(clip, decisions) else None)
        ]
    return problems


def _judged(clip: Clip, decisions: Mapping[str, Decision]) -> bool:
    """Whether the checks hold for a clip: a person who said keep has the last word."""
    return clip.id not in decisions or decisions[clip.id].decision != "keep"


def _is_foreign(folder: Path) -> bool:
    """Whether a folder is no dataset of ours and yet somebody can read it."""
    if not folder.exists() or any((folder / name).exists() for name in (manifest.HEAD, f"{manifest.HEAD}.new")):
        return False
    try:
        return any(True for _ in importers.read(folder))
    except DataError:
        return False


def _foreign(folder: Path, language: str, options: Options) -> list[str]:
    """List what `prepare` would turn away."""
    with tempfile.TemporaryDirectory() as place:
        try:
            dataset = prepare([folder], Path(place) / "dataset", language, options)
        except DimtsError as error:
            return list(error.problems)
    return [f"{each.source}: {each.reason}: {each.measured} (limit {each.limit})" for each in dataset.rejected]


def _normaliser(dataset: Dataset, today: str) -> Iterator[str]:
    if dataset.normaliser != today:
        yield f"texts were normalised by {dataset.normaliser}, this is {today}; run `dimts prepare` again"


def _repetitions(dataset: Dataset) -> Iterator[str]:
    """Ids, files and sounds that more than one clip has."""
    marks: list[tuple[str, Callable[[Clip], str]]] = [
        ("the same id", lambda clip: clip.id),
        ("the same file", lambda clip: clip.audio),
        ("the same sound", lambda clip: clip.content or clip.sha256),
    ]
    for what, mark in marks:
        clips = defaultdict(list)
        for clip in dataset.clips:
            clips[mark(clip)].append(clip.id)
        yield from (f"{len(ids)} clips have {what}: {', '.join(ids)}" for ids in clips.values() if len(ids) > 1)


def _leaks(dataset: Dataset) -> Iterator[str]:
    """What eval shares with train."""
    for what, pairs in (
        ("group", [(clip.group, clip.split) for clip in dataset.clips]),
        ("text", [(clip.spoken, clip.split) for clip in dataset.clips]),
        ("sound", [(clip.content or clip.sha256, clip.split) for clip in dataset.clips]),
    ):
        yield from (f"{what} on both sides of the split: {shared[:80]}" for shared in straddling(pairs))


def _clip_problems(clip: Clip, dataset: Dataset, reader: Reader, limits: Limits | None) -> Iterator[str]:
    """What is wrong with one clip, its sound decoded."""
    if clip.language != dataset.language:
        yield f"its language is {clip.language}, the dataset's {dataset.language}"
    front = dataset.front
    if dataset.normaliser == front.identity and clip.spoken != front.spoken(clip.text, clip.language):
        yield "its spoken text is not its text normalised; run `dimts prepare` again"
    path = dataset.folder / clip.audio
    try:
        if not path.is_file():
            yield f"{clip.audio} is missing; run `dimts prepare` again with its source {clip.source}"
            return
        if sha256(path) != clip.sha256:
            yield f"{clip.audio} is not the file that was prepared (hash differs); delete it and prepare again"
        measures = measure(io.read(path))
    except (AudioError, OSError) as error:
        yield f"{clip.audio} cannot be read: {error}"
        return
    if (measures.samples, measures.rate_hz) != (clip.samples, clip.rate_hz):
        held = f"{measures.samples} samples at {measures.rate_hz} Hz"
        yield f"{clip.audio} holds {held}, not {clip.samples} at {clip.rate_hz} Hz"
    said = replace(reader.said(clip.text, clip.start_s is not None, clip.alignment), spoken=clip.spoken)
    if limits and (finding := filters.judge(measures, said, limits)):
        yield f"{finding.reason}: {finding.measured} (limit {finding.limit})"
