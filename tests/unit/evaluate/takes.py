"""Takes of made-up sounds, and evaluations of made-up values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dimts.audio import io
from dimts.audio.io import Audio, Samples
from dimts.evaluate.cache import Cache, key_of
from dimts.evaluate.evaluating import Evaluation, Judged, Plan, Row
from dimts.evaluate.pace import Paces
from dimts.evaluate.scorers import Column
from dimts.evaluate.sentences import Sentence
from dimts.evaluate.speaking import Line, Speaking, Take
from dimts.evaluate.subject import Reference

VOICE = Reference("voice")


def take(folder: Path, samples: Samples, text: str = "Good morning, everyone.", ended: bool = True) -> Take:
    """A take that sounds so, at 24 kHz, by a network that ended by itself or not."""
    key = key_of(text, samples.tobytes().hex()[:2000], len(samples), ended)
    path = folder / f"{key}.flac"
    io.write(path, Audio(samples, 24_000))
    return Take("subject", Line(Sentence(text, "en"), VOICE, 0), key, path, {"codes": 1, "ended": ended})


def hum(seconds: float, level: float = 0.2) -> Samples:
    """A loud sound."""
    wave: Samples = (level * np.sin(np.arange(round(24_000 * seconds)) * 0.05)).astype(np.float32)
    return wave


def silence(seconds: float) -> Samples:
    return np.zeros(round(24_000 * seconds), np.float32)


def evaluation(values: Mapping[str, Mapping[str, list[Any]]], folder: Path = Path()) -> Evaluation:
    """An evaluation with these values by subject and column, one for each sentence; None is not measured."""
    names = dict.fromkeys(name for columns in values.values() for name in columns)
    count = max(len(column) for columns in values.values() for column in columns.values())
    lines = [Line(Sentence(f"Sentence {number}.", "en"), VOICE, 0) for number in range(count)]
    subjects = []
    for number, (subject, columns) in enumerate(values.items()):
        rows = [
            _row(subject, line, {name: column[at] for name, column in columns.items()}) for at, line in enumerate(lines)
        ]
        subjects.append(Judged(subject, tuple(rows), number))
    plan = Plan(tuple(lines), frozenset({"en"}), Speaking(Cache(folder), Paces()), (), folder)
    return Evaluation(plan, tuple(Column(name, name, "high", "") for name in names), {}, tuple(subjects))


def _row(subject: str, line: Line, values: Mapping[str, float | None]) -> Row:
    there = {name: value for name, value in values.items() if value is not None}
    return Row(Take(subject, line, "", None, {"codes": 1, "ended": True}), there)
