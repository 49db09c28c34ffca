"""The stages between: hear where somebody speaks, align long texts, and so decide what becomes of each file's rows."""

from collections.abc import Sequence
from dataclasses import replace

from dimts.audio import silero
from dimts.audio.cutting import Lengths
from dimts.data import aligning, hearing, stretches, works, writing
from dimts.data.aligning import Aligning, Phrases
from dimts.data.filters import Finding
from dimts.data.hearing import Heard, Listening
from dimts.data.stages import Stages
from dimts.data.stretches import Cue, Lost
from dimts.data.works import Kind, Planned, Work
from dimts.data.writing import Writing, Written
from dimts.text.languages import primary_of

HEAR_SPEED, ALIGN_SPEED, WRITE_SPEED = 800.0, 15.0, 2.0  # times real time, about, by one process


def plan(stages: Stages, listed: Sequence[Work]) -> list[Planned]:
    """Decide what becomes of the rows of each file. MissingExtra, before the work, for a package that it needs."""
    longest_s = stages.options.limits.max_duration_s
    recogniser = aligning.chosen(stages.options.align, stages.reader.language)
    kinds = [_kind(stages, work, longest_s, recogniser) for work in listed]
    heard = _heard(stages, listed, kinds)
    phrases = _aligned(stages, listed, kinds, heard, recogniser)
    written = _written(stages, listed, kinds, heard)
    planned = [_planned(stages, *each) for each in zip(listed, kinds, heard, phrases, written, strict=True)]
    treatment = stages.options.treatment
    return [replace(each, pieces=tuple(replace(p, treatment=treatment) for p in each.pieces)) for each in planned]


def _kind(stages: Stages, work: Work, longest_s: float, recogniser: str | None) -> Kind:
    """Say how a file becomes clips; "away" where nothing at hand can do it."""
    language = work.first.language
    if language and primary_of(language) != primary_of(stages.reader.language):
        return "away"
    kind = work.kind(longest_s)
    if kind == "by text" and recogniser is None or kind == "by ear" and stages.options.transcribe is None:
        return "away"
    return kind


def _heard(stages: Stages, listed: Sequence[Work], kinds: Sequence[Kind]) -> list[Heard | Finding | None]:
    """Speech: hear every recording that is cut."""
    detector = stages.options.detector

    def task(work: Work, kind: Kind) -> Listening | None:
        lengths = Lengths() if kind == "by ear" else None
        cut = kind in ("cues", "by text", "by ear")
        return Listening(work.path, work.opened.origin, detector, lengths) if cut else None

    tasks = [task(work, kind) for work, kind in zip(listed, kinds, strict=True)]
    if detector == "silero" and any(task and not stages.journal.note(task.key) for task in tasks):
        silero.load()  # MissingExtra before anything is done
    sound_s = sum(work.opened.duration_s or 0.0 for work, task in zip(listed, tasks, strict=True) if task)
    return stages.noted("speech", hearing.hear, tasks, Heard.of_note, sound_s / HEAR_SPEED)


def _aligned(
    stages: Stages,
    listed: Sequence[Work],
    kinds: Sequence[Kind],
    heard: Sequence[Heard | Finding | None],
    recogniser: str | None,
) -> list[Phrases | Finding | None]:
    """Align: find the times of long texts."""
    language = stages.reader.language

    def task(work: Work, kind: Kind, found: Heard | Finding | None) -> Aligning | None:
        if kind != "by text" or recogniser is None or not isinstance(found, Heard) or not found.spans:
            return None
        return Aligning(work.path, work.opened.origin, work.first.text, language, recogniser, found.spans)

    tasks = [task(*each) for each in zip(listed, kinds, heard, strict=True)]
    sound_s = sum(work.opened.duration_s or 0.0 for work, each in zip(listed, tasks, strict=True) if each)
    return (
        stages.noted("align", aligning.align, tasks, Phrases.of_note, sound_s / ALIGN_SPEED)
        if any(tasks)
        else [None] * len(tasks)
    )


def _written(
    stages: Stages, listed: Sequence[Work], kinds: Sequence[Kind], heard: Sequence[Heard | Finding | None]
) -> list[Written | Finding | None]:
    """Transcribe: write down what has no text."""
    name, language = stages.options.transcribe, stages.reader.language

    def task(work: Work, kind: Kind, found: Heard | Finding | None) -> Writing | None:
        if kind != "by ear" or name is None or not isinstance(found, Heard):
            return None
        return Writing(work.path, work.opened.origin, found.clips, language, name)

    if name is None:
        return [None] * len(listed)
    tasks = [task(*each) for each in zip(listed, kinds, heard, strict=True)]
    if any(tasks):
        writing.loaded(name, language)
    sound_s = sum(work.opened.duration_s or 0.0 for work, each in zip(listed, tasks, strict=True) if each)
    return stages.noted("transcribe", writing.write, tasks, Written.of_note, sound_s / WRITE_SPEED)


def _planned(
    stages: Stages,
    work: Work,
    kind: Kind,
    heard: Heard | Finding | None,
    phrases: Phrases | Finding | None,
    written: Written | Finding | None,
) -> Planned:
    if kind == "whole":
        return works.whole(work)
    for found, stage in ((heard, "read"), (phrases, "align"), (written, "transcribe")):
        if isinstance(found, Finding):
            return works.turned_away(work, found.reason, found.measured, found.limit, stage)
    if kind == "away":
        return works.without(work, stages.reader.language, stages.options.limits.max_duration_s)
    assert isinstance(heard, Heard), work.path
    if kind != "cues" and not heard.spans:
        return works.turned_away(work, "no speech", 0.0, "speech in it")
    if kind == "cues":
        cues, away, rules = works.cues_of(work), works.away_of(work), stages.options.cutting
    else:
        said = _by_text(work, phrases) if isinstance(phrases, Phrases) else _by_ear(work, heard, written)
        (cues, away), rules = said, replace(stages.options.cutting, join=False)
    return works.laid_out(work, stretches.plan(cues, heard.spans, heard.duration_s, rules, away), heard.duration_s)


def _by_text(work: Work, phrases: Phrases) -> tuple[list[Cue], list[Lost]]:
    """Give the clips of a text that was aligned."""
    row = (work.rows[0][0],)
    return [Cue(start_s, end_s, text, rows=row, score=score) for start_s, end_s, text, score in phrases.phrases], []


def _by_ear(work: Work, heard: Heard, written: Written | Finding | None) -> tuple[list[Cue], list[Lost]]:
    """Give what was written down, and what was heard without words or without a place to cut."""
    assert isinstance(written, Written), work.path
    row = (work.rows[0][0],)
    said = [Cue(*span, text, rows=row) for span, text in zip(heard.clips, written.texts, strict=True)]
    whole = [Cue(*span, "", rows=row) for span in heard.uncuttable]
    lost = [Lost(cue, "no words", "nothing", "words that are heard") for cue in said if not cue.text]
    lost += [Lost(cue, "no pause", round(cue.length_s, 3), "a place to cut") for cue in whole]
    return [cue for cue in said if cue.text], lost
