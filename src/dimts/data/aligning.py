"""The alignment stage: the clips of a long recording found by its text, and how well sound and text fit.

A recogniser is loaded once in each process that needs it.
"""

import functools
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from dimts.audio import io, resample
from dimts.data import align as alignment
from dimts.data import phrases, recognisers
from dimts.data.filters import Finding
from dimts.data.recognisers import Recogniser
from dimts.data.spans import Span
from dimts.errors import DataError

NONE, AUTO, OFFLINE = "none", "auto", "hama"


@dataclass(frozen=True)
class Aligning:
    """A recording to align with its text, by a recogniser of this name."""

    path: Path
    origin: str
    text: str
    language: str
    recogniser: str
    spans: tuple[Span, ...]  # where somebody speaks

    @property
    def key(self) -> str:
        """Names what the result depends on."""
        words = hashlib.sha256(f"{self.text}\n{self.spans}".encode()).hexdigest()[:16]
        return f"align {self.origin} {self.recogniser} {self.language} {words}"


@dataclass(frozen=True)
class Phrases:
    """Clips of a recording: start and end in seconds, text, and how well they fit (None: too short to tell)."""

    phrases: tuple[tuple[float, float, str, float | None], ...]

    def note(self) -> Any:
        """As JSON holds it."""
        return [list(phrase) for phrase in self.phrases]

    @classmethod
    def of_note(cls, note: Any) -> "Phrases":
        """Read what `note` gave."""
        return cls(tuple((start_s, end_s, text, score) for start_s, end_s, text, score in note))


def chosen(name: str, language: str) -> str | None:
    """Give the recogniser that a name stands for, None where there is none. ConfigError for one that there is not."""
    if name == NONE:
        return None
    if name == AUTO:
        return OFFLINE if find_spec(OFFLINE) else None
    loaded(name, language)
    return name


def align(task: Aligning) -> Phrases | Finding:
    """Align one recording; runs in worker processes."""
    recogniser = loaded(task.recogniser, task.language)
    try:
        with io.stream(task.path) as sound:
            blocks = (torch.from_numpy(block) for block in sound.blocks)
            heard = resample.stream(blocks, sound.rate_hz, recogniser.rate_hz)
            log_probs_TV = recognisers.posteriors(recogniser, (block.numpy() for block in heard), task.spans)
        words = alignment.align(recogniser, log_probs_TV, task.text, task.language)
    except io.UnreadableError as error:
        return Finding(error.reason, error.detail, "a whole recording")
    except DataError as error:
        return Finding("cannot be aligned", str(error), "a text of what is said")
    found = phrases.fitted(phrases.clips(words, task.spans), recogniser, log_probs_TV, task.language)
    return Phrases(tuple((each.start_s, each.end_s, each.text, each.fit) for each in found))


@functools.cache
def loaded(name: str, language: str) -> Recogniser:
    """Load a recogniser, once in a process."""
    return recognisers.load(name, language)
