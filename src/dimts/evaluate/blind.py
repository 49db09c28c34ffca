"""Listening blind: two takes of one sentence by two subjects whose names are hidden; each judgement is kept.

`votes.jsonl` lies beside the evaluation's takes; lines are only ever added.
"""

import json
import math
import os
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, get_args

from dimts.errors import DataError

TAKES, VOTES = "takes.jsonl", "votes.jsonl"
Choice = Literal["a", "b", "same"]
Z95 = 1.96  # of a normal distribution, both sides


@dataclass(frozen=True)
class Take:
    """What one subject made of a sentence."""

    subject: str
    text: str
    voice: str
    seed: int
    audio: Path


@dataclass(frozen=True)
class Pair:
    """Two takes of one sentence, in the order in which they are heard."""

    a: Take
    b: Take


@dataclass(frozen=True)
class Tally:
    """How two subjects were judged against each other."""

    first: str
    second: str
    first_better: int
    second_better: int
    same: int

    @property
    def share(self) -> tuple[float, float, float]:
        """Share of the decided judgements for the first, and a 95 % interval of it (Wilson's)."""
        n = self.first_better + self.second_better
        if not n:
            return 0.5, 0.0, 1.0
        p, z2 = self.first_better / n, Z95**2
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return p, max(0.0, middle - half), min(1.0, middle + half)


def takes(folder: Path) -> list[Take]:
    """Read the takes of an evaluation that have a sound; [] where there are none."""
    path = folder / TAKES
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [json.loads(line) for line in lines if line.strip()]
    return [
        Take(each["subject"], each["text"], str(each["voice"]), int(each["seed"]), folder / each["audio"])
        for each in found
        if each.get("audio")
    ]


def draw(known: Sequence[Take], chance: random.Random, subjects: Sequence[str] = ()) -> Pair | None:
    """Draw two takes of one sentence by different subjects, of the named ones if any are; None where there are none."""
    said: dict[tuple[str, str, int], list[Take]] = {}
    for take in known:
        if not subjects or take.subject in subjects:
            said.setdefault((take.text, take.voice, take.seed), []).append(take)
    pairs = [pair for each in said.values() for pair in combinations(each, 2) if pair[0].subject != pair[1].subject]
    if not pairs:
        return None
    a, b = chance.sample(chance.choice(pairs), 2)
    return Pair(a, b)


def vote(folder: Path, pair: Pair, choice: str) -> None:
    """Keep a judgement. DataError for one that there is not, or when the disk refuses."""
    if choice not in get_args(Choice):
        raise DataError(f"{choice!r}: choose from {', '.join(get_args(Choice))}")
    line = {"a": _facts(pair.a), "b": _facts(pair.b), "choice": choice}
    try:
        with (folder / VOTES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DataError(f"{folder / VOTES}: cannot be written: {error.strerror}") from error


def tallies(folder: Path) -> list[Tally]:
    """Count the judgements of each two subjects; lines that do not read are left out."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    path = folder / VOTES
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            content = json.loads(line)
            a, b, choice = content["a"]["subject"], content["b"]["subject"], content["choice"]
        except (ValueError, KeyError, TypeError):
            continue
        first, second = sorted((a, b))
        better = "same" if choice == "same" else a if choice == "a" else b
        own = counts.setdefault((first, second), {first: 0, second: 0, "same": 0})
        own[better] += 1
    return [Tally(a, b, own[a], own[b], own["same"]) for (a, b), own in sorted(counts.items())]


def _facts(take: Take) -> dict[str, Any]:
    return {**asdict(take), "audio": take.audio.name}
