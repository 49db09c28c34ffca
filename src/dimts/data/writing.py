"""The transcription stage: what is said in the clips of a recording that has no text. Only on request.

A transcriber is loaded once in each process that needs it.
"""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dimts.audio import io
from dimts.audio.resample import sinc
from dimts.data import transcribe
from dimts.data.filters import Finding
from dimts.data.spans import Span
from dimts.data.transcribe import Transcriber


@dataclass(frozen=True)
class Writing:
    """Clips of a recording to write down, by a transcriber of this name."""

    path: Path
    origin: str
    clips: tuple[Span, ...]
    language: str
    transcriber: str

    @property
    def key(self) -> str:
        """Names what the result depends on."""
        places = hashlib.sha256(str(self.clips).encode()).hexdigest()[:16]
        return f"write {self.origin} {self.transcriber} {self.language} {places}"


@dataclass(frozen=True)
class Written:
    """The text of each clip, "" where no word was heard."""

    texts: tuple[str, ...]

    def note(self) -> Any:
        """As JSON holds it."""
        return {"texts": list(self.texts)}

    @classmethod
    def of_note(cls, note: Any) -> "Written":
        """Read what `note` gave."""
        return cls(tuple(note["texts"]))


def write(task: Writing) -> Written | Finding:
    """Write down one recording; runs in worker processes."""
    transcriber = loaded(task.transcriber, task.language)
    try:
        return Written(tuple(_text(transcriber, audio) for audio in io.stretches(task.path, task.clips)))
    except io.UnreadableError as error:
        return Finding(error.reason, error.detail, "a whole recording")


@functools.cache
def loaded(name: str, language: str) -> Transcriber:
    """Load a transcriber, once in a process. ConfigError for one that there is not."""
    return transcribe.load(name, language)


def _text(transcriber: Transcriber, audio: io.Audio) -> str:
    samples = sinc(torch.from_numpy(audio.samples), audio.rate_hz, transcriber.rate_hz).numpy()
    return "".join(word.text + word.gap for word in transcriber.transcribe(samples)).strip()
