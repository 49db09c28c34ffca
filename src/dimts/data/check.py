"""Check: everything that can be wrong with a dataset folder, one line each. It reads and never edits."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from dimts.audio import io
from dimts.data import filters, manifest
from dimts.data.filters import Limits
from dimts.data.manifest import Clip, Dataset
from dimts.data.split import straddling
from dimts.errors import AudioError, DimtsError
from dimts.files import sha256


def check(folder: Path) -> list[str]:
    """List the problems of a dataset folder, one line each; none when it is sound."""
    try:
        dataset = manifest.read(folder, any_normaliser=True)
        today = dataset.front.identity
        dataset.front.require(dataset.language)
    except DimtsError as error:
        return list(error.problems)
    limits = filters.from_settings(dataset.settings.get("limits", {}))
    problems = [*_normaliser(dataset, today), *_repetitions(dataset), *_leaks(dataset)]
    for clip in dataset.clips:
        problems += [f"clip {clip.id}: {problem}" for problem in _clip_problems(folder, clip, dataset, limits)]
    return problems


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


def _clip_problems(folder: Path, clip: Clip, dataset: Dataset, limits: Limits) -> Iterator[str]:
    """What is wrong with one clip, its sound decoded."""
    if clip.language != dataset.language:
        yield f"its language is {clip.language}, the dataset's {dataset.language}"
    front = dataset.front
    if dataset.normaliser == front.identity and clip.spoken != front.spoken(clip.text, clip.language):
        yield "its spoken text is not its text normalised; run `dimts prepare` again"
    path = folder / clip.audio
    try:
        if not path.is_file():
            yield f"{clip.audio} is missing; run `dimts prepare` again with its source {clip.source}"
            return
        if sha256(path) != clip.sha256:
            yield f"{clip.audio} is not the file that was prepared (hash differs); delete it and prepare again"
        measures = filters.measure(io.read(path))
    except (AudioError, OSError) as error:
        yield f"{clip.audio} cannot be read: {error}"
        return
    if (measures.samples, measures.rate_hz) != (clip.samples, clip.rate_hz):
        held = f"{measures.samples} samples at {measures.rate_hz} Hz"
        yield f"{clip.audio} holds {held}, not {clip.samples} at {clip.rate_hz} Hz"
    if finding := filters.judge(measures, clip.spoken, limits):
        yield f"{finding.reason}: {finding.measured} (limit {finding.limit})"
