"""Is it the same voice? The network's own speaker encoder, which training may flatter, beside an independent one."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from dimts import files
from dimts.audio import io, voiceprint
from dimts.audio.voiceprint import Prints
from dimts.evaluate import ranges
from dimts.evaluate.cache import Cache, key_of
from dimts.evaluate.ranges import Heard, Ranges
from dimts.evaluate.scorers.base import Column, Scorer, Values
from dimts.evaluate.speaking import RECORDINGS, Take
from dimts.evaluate.subject import Reference


class OwnLikeness(Scorer):
    """What the network's own ear said when it spoke."""

    columns = (
        Column("likeness", "likeness", "high", "Cosine of the network's own speaker embeddings of speech and voice."),
        Column("follows", "reads along", "high", "How steadily its best head's gaze moves through the text, 0 to 1."),
    )

    def score(self, takes: Sequence[Take]) -> list[Values]:
        return [{name: take.facts.get(name) for name in ("likeness", "follows")} for take in takes]


class VoiceLikeness(Scorer):
    """What an ear says that training does not know: GE2E's prints of what was said and of the voice's recordings.

    Recordings have no value, for they need not be of the voice that a line is spoken with.
    """

    columns = (
        Column(
            "voice_likeness", "same voice", "high", "Cosine of an independent network's prints of speech and voice."
        ),
    )

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.voices: dict[str, Prints] = {}

    def absent(self) -> str | None:
        return None if voiceprint.where() else "needs weights: pip install --no-deps resemblyzer"

    def score(self, takes: Sequence[Take]) -> list[Values]:
        """Score takes that can be heard, of voices that are recordings."""
        asked = [take for take in takes if take.path and take.subject != RECORDINGS and take.line.reference.recordings]
        found = {id(take): self.cache.remember(take.key, "same voice", partial(self._alike, take)) for take in asked}
        return [{"voice_likeness": found.get(id(take))} for take in takes]

    def ranges(self, heard: Heard) -> Mapping[str, Ranges]:
        """Hear the dataset's speakers."""
        prints = {speaker: [self._kept(path) for path in paths] for speaker, paths in heard.items()}
        return {"voice_likeness": ranges.of(prints)}

    def _kept(self, path: Path) -> Prints:
        key = key_of("print", files.sha256(path))
        return np.array(self.cache.remember(key, "print", lambda: _print(path).tolist()), np.float32)

    def _alike(self, take: Take) -> float | None:
        """Compare speech with its voice; None where either is silence."""
        assert take.path
        said, voice = _print(take.path), self._voice(take.line.reference)
        length = float(np.linalg.norm(said) * np.linalg.norm(voice))
        return float(said @ voice) / length if length else None

    def _voice(self, reference: Reference) -> Prints:
        if reference.key not in self.voices:
            self.voices[reference.key] = np.mean([_print(path) for path in reference.recordings], axis=0)
        return self.voices[reference.key]


def _print(path: Path) -> Prints:
    audio = io.read(path)
    return voiceprint.embed(audio.samples, audio.rate_hz)
