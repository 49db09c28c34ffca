"""The intake desk of `prepare`: takes candidates in order, gives ids, stores sound, turns repetitions away.

One process, source order: equal sources give equal datasets. A clip is known by its sound, so what an earlier run
stored comes back under its old id; no file of an existing clip is ever overwritten by other sound.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dimts.audio import io
from dimts.data.filters import Finding, Limits, Measures, judge
from dimts.data.importers import Utterance
from dimts.data.journal import Entry, Journal
from dimts.data.manifest import Clip, Rejection
from dimts.data.reading import Reading, Task, read
from dimts.errors import AudioError, DataError
from dimts.files import sha256

AUDIO = "audio"  # folder of the stored clips
ID_BYTES = 120  # of UTF-8: leaves room for suffixes in a file name


@dataclass(frozen=True)
class Candidate:
    """An utterance, what it says aloud, who speaks, and the hash of its file ("" where that cannot be read)."""

    utterance: Utterance
    spoken: str
    language: str
    speaker: str
    origin: str


class Intake:
    """What was accepted and turned away so far; `returning` clips of earlier runs are accepted when they are found."""

    def __init__(self, journal: Journal, limits: Limits, staying: Sequence[Clip], returning: Sequence[Clip]) -> None:
        self.accepted: list[Clip] = []
        self.rejected: list[Rejection] = []
        self._journal, self._limits = journal, limits
        self._returning = {clip.content: clip for clip in returning}
        self._from_row = {(clip.source.rpartition(":")[0], clip.text): clip for clip in returning}
        self._taken = {clip.id.casefold() for clip in (*staying, *returning)}
        self._first = {clip.content: clip for clip in staying}  # of each sound
        self._named: dict[Path, Clip] = {}
        self._asked: set[str] = set()

    def task(self, candidate: Candidate) -> Task | None:
        """Say what to read: nothing if the journal knows it or if the same file was asked for before."""
        if candidate.origin in self._asked or self._known(candidate):
            return None
        self._asked.add(candidate.origin)
        return self._task(candidate)

    def settle(self, candidate: Candidate, reading: Reading | None) -> None:
        """Accept a candidate or turn it away; `reading` is what its task gave. DataError when the disk is full."""
        reading = reading or self._known(candidate) or read(self._task(candidate))
        measures = reading.result
        if isinstance(measures, Finding):
            return self._reject(candidate, "read", measures, reading.duration_s)
        finding = judge(measures, candidate.spoken, self._limits) or self._repetition(candidate, measures)
        if finding is None:
            return self._accept(candidate, measures, reading.flac)
        if self._journal.find(candidate.origin) is None:
            self._journal.add(Entry(candidate.origin, measures))
        return self._reject(candidate, "filters", finding, measures.duration_s)

    def missing(self, rejection: Rejection) -> None:
        """Turn away a row that leads to no recording, unless an earlier run stored what it led to."""
        clip = self._from_row.get((rejection.source.rpartition(":")[0], rejection.text))
        if rejection.reason != "missing" or clip is None or clip.content in self._first:
            return self.rejected.append(rejection)
        self._first[clip.content] = clip
        return self.accepted.append(clip)

    def _task(self, candidate: Candidate) -> Task:
        return Task(candidate.utterance.audio, candidate.spoken, self._limits)

    def _known(self, candidate: Candidate) -> Reading | None:
        """Give what the journal knows, if that is enough: measures, and the stored file for a clip that passes."""
        entry = self._journal.find(candidate.origin)
        if entry is None:
            return None
        passes = judge(entry.measures, candidate.spoken, self._limits) is None
        return None if passes and not self._journal.stored(entry) else Reading(entry.measures)

    def _repetition(self, candidate: Candidate, measures: Measures) -> Finding | None:
        """Find the accepted clip that has the same file or the same sound; the first of them stays."""
        named, heard = self._named.get(candidate.utterance.audio.resolve()), self._first.get(measures.content)
        if named:
            return Finding("duplicate id", named.id, named.source)
        if heard:
            self._journal.add(self._entry(candidate.origin, measures, heard.audio, heard.sha256))
            same_text = heard.spoken == candidate.spoken
            return Finding("duplicate" if same_text else "duplicate audio, other text", heard.id, heard.source)
        return None

    def _reject(self, candidate: Candidate, stage: str, finding: Finding, duration_s: float) -> None:
        utterance = candidate.utterance
        self.rejected.append(
            Rejection(
                safe_id(utterance.audio.stem),
                stage,
                finding.reason,
                finding.measured,
                finding.limit,
                utterance.source,
                utterance.text,
                round(duration_s, 4),
            )
        )

    def _accept(self, candidate: Candidate, measures: Measures, flac: bytes) -> None:
        """Store the sound and take the clip in; its side of the split is decided when all are in."""
        utterance, old = candidate.utterance, self._returning.get(measures.content)
        entry = self._store(candidate, measures, flac)
        clip = Clip(
            id=Path(entry.audio).stem,
            audio=entry.audio,
            samples=measures.samples,
            rate_hz=measures.rate_hz,
            sha256=entry.sha256,
            text=utterance.text,
            spoken=candidate.spoken,
            language=candidate.language,
            speaker=candidate.speaker,
            source=utterance.source,
            split=old.split if old else "train",
            group=utterance.group or group_of(candidate.spoken),
            content=measures.content,
        )
        self._first[clip.content] = self._named[utterance.audio.resolve()] = clip
        self.accepted.append(clip)

    def _store(self, candidate: Candidate, measures: Measures, flac: bytes) -> Entry:
        """Put the sound into the dataset folder unless it is there."""
        entry, old = self._journal.find(candidate.origin), self._returning.get(measures.content)
        if entry and self._journal.stored(entry):
            return entry
        audio = old.audio if old else f"{AUDIO}/{self._new_id(candidate.utterance.audio.stem, measures.content)}.flac"
        path = self._journal.folder / audio
        if not (old and path.is_file() and sha256(path) == old.sha256):
            try:
                io.replace(path, flac)
            except AudioError as error:
                raise DataError(f"{error}; then run again: it goes on") from error
        entry = self._entry(candidate.origin, measures, audio, sha256(path))
        self._journal.add(entry)
        return entry

    def _entry(self, origin: str, measures: Measures, audio: str, sha256: str) -> Entry:
        return Entry(origin, measures, audio, (self._journal.folder / audio).stat().st_size, sha256)

    def _new_id(self, stem: str, content: str) -> str:
        """Give the stem; where another clip has it (in any case of letters), the stem and some of the sound's hash."""
        base = safe_id(stem)
        for name in (base, f"{base}-{content[:8]}", f"{base}-{content}"):
            if name.casefold() not in self._taken and self._journal.owner(f"{AUDIO}/{name}.flac") in (None, content):
                break
        self._taken.add(name.casefold())
        return name


def safe_id(stem: str) -> str:
    """Make an id of a file's stem: letters of any script stay, what file systems dislike becomes `_`."""
    kept = (c if c in "-_." or unicodedata.category(c)[0] in "LMN" else "_" for c in unicodedata.normalize("NFC", stem))
    return "".join(kept).lstrip(".").encode()[:ID_BYTES].decode(errors="ignore") or "clip"


def group_of(spoken: str) -> str:
    """Name the group of a text: its words without case and punctuation, for all readings of a sentence are one."""
    return " ".join("".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in spoken.casefold()).split())
