"""Speaking the sentences: every subject says the same with the same voices and seeds; what was said once is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dimts import files
from dimts.audio import io
from dimts.audio.io import Audio
from dimts.evaluate import ranges
from dimts.evaluate.cache import Cache, key_of
from dimts.evaluate.mouth import Mouth
from dimts.evaluate.pace import Paces
from dimts.evaluate.ranges import Heard, Ranges
from dimts.evaluate.sentences import Sentence
from dimts.evaluate.subject import Reference, Subject
from dimts.infer.decode import Sampling
from dimts.model.shapes import OUTPUT_RATE_HZ

MAKE = 1  # raise it when the same key would give other takes
SUFFIX = ".flac"
RECORDINGS = "recordings"  # as a subject


@dataclass(frozen=True)
class Line:
    """Something to say."""

    sentence: Sentence
    reference: Reference
    seed: int

    @property
    def name(self) -> str:
        """Equal for all subjects' takes of one line."""
        return key_of(self.sentence.text, self.sentence.language, self.reference.key, self.seed)[:16]


@dataclass(frozen=True)
class Take:
    """A line as one subject said it, or as it was recorded."""

    subject: str
    line: Line
    key: str
    path: Path | None  # of the sound; None when nothing was said
    facts: Mapping[str, Any]  # codes, pieces, ended, took_s, refused, likeness, follows, gaze

    @property
    def refused(self) -> str | None:
        """Why nothing was said."""
        why: str | None = self.facts.get("refused")
        return why

    def audio(self) -> Audio:
        """Read its sound; nothing said is silence."""
        return io.read(self.path) if self.path else Audio(np.zeros(0, np.float32), OUTPUT_RATE_HZ)


def lines(sentences: Sequence[Sentence], references: Sequence[Reference], takes: int, seed: int) -> list[Line]:
    """Say who speaks what: voices take turns, each further take of a sentence has the next voice and seed."""
    return [
        Line(sentence, references[(number + take) % len(references)], seed + take)
        for take in range(takes)
        for number, sentence in enumerate(sentences)
    ]


def recorded(said: Sequence[Line]) -> list[Take]:
    """Give the recordings of lines that have one, each text once: what speech can be at best."""
    once = {(line.sentence.text, line.sentence.language): line for line in said if line.sentence.recording}
    return [
        Take(RECORDINGS, line, key_of(MAKE, files.sha256(path)), path, {"codes": 1, "ended": True})
        for line in once.values()
        if (path := line.sentence.recording)
    ]


@dataclass(frozen=True)
class Speaking:
    """How lines are spoken and where takes are kept."""

    cache: Cache
    paces: Paces
    sampling: Sampling = Sampling()

    def for_line(self, line: Line) -> Sampling:
        """Bound how long a network is listened to that does not end."""
        most = self.paces.most_codes(line.sentence.text, line.sentence.language)
        return replace(self.sampling, max_codes=min(self.sampling.max_codes, most))


class Sitting:
    """A subject that speaks line after line; it is loaded only when something is not known yet."""

    def __init__(self, subject: Subject, speaking: Speaking) -> None:
        self.subject, self.speaking = subject, speaking

    def take(self, line: Line) -> Take:
        """Give its take of a line."""
        sampling, cache, sentence = self.speaking.for_line(line), self.speaking.cache, line.sentence
        said = [sentence.text, sentence.language, line.reference.key, asdict(sampling), line.seed]
        key = key_of(MAKE, self.subject.identity, *said)
        facts, path = cache.find(key, "take"), cache.place(key, SUFFIX)
        if facts is None or (facts["codes"] and not path.is_file()):
            facts = self.mouth.say(sentence, line.reference, line.seed, sampling, path)
            cache.keep(key, "take", facts)
        return Take(self.subject.name, line, key, path if facts["codes"] else None, facts)

    def foreseen(self, sentence: Sentence) -> dict[str, Any]:
        """Give how well it foresees a sentence's recording; {"refused": why} where it cannot."""
        assert sentence.recording
        key = key_of(MAKE, self.subject.identity, sentence.text, sentence.language, files.sha256(sentence.recording))
        found: dict[str, Any] = self.speaking.cache.remember(key, "foreseen", lambda: self.mouth.foresee(sentence))
        return found

    def own_ranges(self, heard: Heard) -> Ranges:
        """Tell what its own ear says of recordings."""
        everyone = {speaker: [files.sha256(path) for path in paths] for speaker, paths in heard.items()}
        key = key_of(MAKE, self.subject.identity, everyone)
        prints: dict[str, list[list[float]]] = self.speaking.cache.remember(
            key, "prints", lambda: {who: [self.mouth.print_of(path) for path in own] for who, own in heard.items()}
        )
        return ranges.of({who: [np.array(each, np.float32) for each in own] for who, own in prints.items()})

    @cached_property
    def mouth(self) -> Mouth:
        """The loaded subject."""
        return Mouth(self.subject.open())
