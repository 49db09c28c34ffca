"""The scoring stage: does each clip say its text? Only where a recogniser was named; long texts have scores already."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dimts.audio import io
from dimts.audio.resample import sinc
from dimts.data import align as alignment
from dimts.data import reading
from dimts.data.aligning import AUTO, NONE, loaded
from dimts.data.filters import Finding
from dimts.data.measures import Measures
from dimts.data.planning import ALIGN_SPEED
from dimts.data.reading import Reading
from dimts.data.stages import Stages
from dimts.data.works import Piece


@dataclass(frozen=True)
class Scoring:
    """A clip's sound and text, to score by a recogniser of this name."""

    path: Path
    content: str
    text: str
    language: str
    recogniser: str

    @property
    def key(self) -> str:
        """Names what the result depends on."""
        words = hashlib.sha256(self.text.encode()).hexdigest()[:16]
        return f"score {self.content} {self.recogniser} {self.language} {words}"


@dataclass(frozen=True)
class Score:
    """From 0, no better than other words of the same sounds, to 1."""

    value: float | None  # None for a text too short to tell

    def note(self) -> Any:
        """As JSON holds it."""
        return {"score": self.value}

    @classmethod
    def of_note(cls, note: Any) -> "Score":
        """Read what `note` gave."""
        return cls(note["score"])


def scores(stages: Stages, readings: Mapping[Piece, Reading]) -> dict[Piece, float]:
    """Score: give what is known of each piece, by alignment or by listening now."""
    pieces = list(readings)
    tasks = [_task(stages, piece, readings[piece]) for piece in pieces]
    known = {piece: piece.score for piece in pieces if piece.score is not None}
    if not any(tasks):
        return known
    sound_s = sum(readings[piece].duration_s for piece, task in zip(pieces, tasks, strict=True) if task)
    found = stages.noted("score", score, tasks, Score.of_note, sound_s / ALIGN_SPEED)
    told = {piece: each.value for piece, each in zip(pieces, found, strict=True) if isinstance(each, Score)}
    return known | {piece: value for piece, value in told.items() if value is not None}


def score(task: Scoring) -> Score | Finding:
    """Score one clip; runs in worker processes."""
    recogniser = loaded(task.recogniser, task.language)
    try:
        audio = io.read(task.path)
    except io.UnreadableError as error:
        return Finding(error.reason, error.detail, "a whole recording")
    samples = sinc(torch.from_numpy(audio.samples), audio.rate_hz, recogniser.rate_hz).numpy()
    return Score(alignment.score_clip(recogniser, samples, task.text, task.language))


def _task(stages: Stages, piece: Piece, found: Reading) -> Scoring | None:
    """Say what to listen to, None where nobody asked or nothing is there."""
    name = stages.options.align
    if name in (AUTO, NONE) or piece.score is not None or not isinstance(found.result, Measures):
        return None
    content = found.result.content
    entry, waiting = stages.journal.find(piece.key), reading.staged(stages.staged, content)
    path = stages.journal.folder / entry.audio if entry and stages.journal.stored(entry) else waiting
    return Scoring(path, content, piece.text, stages.reader.language, name) if path.is_file() else None
