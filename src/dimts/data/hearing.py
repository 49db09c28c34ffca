"""The speech stage: where somebody speaks in a long recording, and where it can be cut if no text says so."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dimts.audio import cutting, io, speech
from dimts.audio.cutting import Lengths
from dimts.audio.speech import Detector
from dimts.data.filters import Finding
from dimts.data.opening import SPEECH_HZ
from dimts.data.spans import Span


@dataclass(frozen=True)
class Listening:
    """A recording to hear; with `lengths` it is cut by its silence alone."""

    path: Path
    origin: str
    detector: Detector
    lengths: Lengths | None = None

    @property
    def key(self) -> str:
        """Names what the result depends on."""
        cut = f" {asdict(self.lengths)}" if self.lengths else ""
        return f"speech {self.origin} {self.detector}{cut}"


@dataclass(frozen=True)
class Heard:
    """Where somebody speaks; the clips that silence makes of it, and speech without a place to cut."""

    duration_s: float
    spans: tuple[Span, ...]
    clips: tuple[Span, ...] = ()
    uncuttable: tuple[Span, ...] = ()

    def note(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def of_note(cls, note: Any) -> "Heard":
        """Read what `note` gave."""
        lists = {name: tuple((start_s, end_s) for start_s, end_s in note[name]) for name in _LISTS}
        return cls(note["duration_s"], **lists)


_LISTS = ("spans", "clips", "uncuttable")


def hear(task: Listening) -> Heard | Finding:
    """Hear one recording in one pass, or say why it cannot be read; runs in worker processes."""
    try:
        with io.stream(task.path) as sound:
            if not SPEECH_HZ[0] <= sound.rate_hz <= SPEECH_HZ[1]:
                return Finding("sample rate", sound.rate_hz, f"{SPEECH_HZ[0]}..{SPEECH_HZ[1]} Hz")
            heard = speech.hear(sound.blocks, sound.rate_hz, task.detector)
    except io.UnreadableError as error:
        return Finding(error.reason, error.detail, "a whole recording")
    spans = _times(heard.spans)
    if task.lengths is None:
        return Heard(heard.duration_s, spans)
    cut = cutting.cut(heard.spans, heard, task.lengths)
    return Heard(heard.duration_s, spans, _times(cut.clips), _times(cut.uncuttable))


def _times(spans: list[speech.Span]) -> tuple[Span, ...]:
    return tuple((round(span.start_s, 3), round(span.end_s, 3)) for span in spans)
