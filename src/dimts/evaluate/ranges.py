"""What a likeness is worth in a dataset: that of recordings with the voice of their own speaker, and with others'.

A speaker's voice is the mean print of three clips, as speech is given three; further clips are held against it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dimts.data.manifest import Dataset

SPEAKERS, VOICE_CLIPS, CLIPS = 6, 3, 9  # at most; clips that make a voice; clips of each speaker
SHORTEST_S = 1.0  # less tells little of a voice
INNER = (0.05, 0.95)  # what lies between these quantiles
LEAST = 3  # cosines

Heard = Mapping[str, tuple[Path, ...]]  # clips by speaker
Print = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Range:
    """Where nine of ten cosines lie."""

    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.low:.2f} to {self.high:.2f}"


@dataclass(frozen=True)
class Ranges:
    """Cosines of recordings with a voice: of their own speaker, and of another."""

    same: Range | None
    other: Range | None

    def in_words(self, title: str) -> str:
        """Say it; "" where there is nothing to say."""
        said = [
            f"{whose} {each}" for whose, each in (("the voice's own", self.same), ("another's", self.other)) if each
        ]
        return f"{title} of recordings with a voice: {', '.join(said)}" if said else ""

    def facts(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {name: each and asdict(each) for name, each in (("same", self.same), ("other", self.other))}


def clips(datasets: Sequence[Dataset]) -> dict[str, tuple[Path, ...]]:
    """Choose clips of the speakers with the most of them, by their ids."""
    found: dict[str, list[tuple[str, Path]]] = {}
    for data in datasets:
        for clip in data.clips:
            path = data.folder / clip.audio
            if clip.duration_s >= SHORTEST_S and path.is_file():
                place = sha256(clip.id.encode()).hexdigest(), path
                found.setdefault(f"{data.folder.name} {clip.speaker}", []).append(place)
    most = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))[:SPEAKERS]
    return {speaker: tuple(path for _, path in sorted(own)[:CLIPS]) for speaker, own in most if len(own) > VOICE_CLIPS}


def of(prints: Mapping[str, Sequence[Print]]) -> Ranges:
    """Hold each speaker's further clips against all voices."""
    voices = {speaker: np.mean(own[:VOICE_CLIPS], axis=0) for speaker, own in prints.items()}
    same: list[float] = []
    other: list[float] = []
    for speaker, own in prints.items():
        for each in own[VOICE_CLIPS:]:
            for name, voice in voices.items():
                (same if name == speaker else other).append(_cosine(each, voice))
    return Ranges(_range(same), _range(other))


def _cosine(one: Print, other: Print) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else math.nan  # of silence


def _range(cosines: Sequence[float]) -> Range | None:
    told = [cosine for cosine in cosines if math.isfinite(cosine)]
    if len(told) < LEAST:
        return None
    low, high = np.quantile(told, INNER)
    return Range(round(float(low), 4), round(float(high), 4), len(told))
