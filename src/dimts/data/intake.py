"""The intake desk of `prepare`: takes pieces in order, gives ids, stores sound, turns repetitions away.

One process, source order, what earlier runs stored first: equal sources give equal datasets. A clip is known by its
sound, so what an earlier run stored comes back under its old id; no file of an existing clip is ever overwritten by
other sound. A person's decisions go before the checks, but no decision makes two clips of one sound.
"""

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dimts.audio import io
from dimts.data import near, reading
from dimts.data.filters import Finding, Said, judge, warnings
from dimts.data.importers.places import printable
from dimts.data.journal import Entry
from dimts.data.manifest import Clip, Rejection
from dimts.data.measures import Measures, marks_of
from dimts.data.reading import Reading
from dimts.data.review import Decision
from dimts.data.stages import Stages
from dimts.data.words import group_of, safe_id
from dimts.data.works import Piece
from dimts.errors import AudioError, DataError
from dimts.files import sha256

AUDIO = "audio"  # folder of the stored clips
CHECKS = "filters"  # the stage, as the ledger calls it
COPY = "near-duplicate"


class Intake:
    """What was accepted and turned away so far; `returning` clips of earlier runs are accepted when they are found."""

    def __init__(
        self,
        stages: Stages,
        staying: Sequence[Clip],
        returning: Sequence[Clip],
        decisions: Mapping[str, Decision],
        scores: Mapping[Piece, float],
        new_shares: bool = False,
    ) -> None:
        """`new_shares`: the limits of near-duplicates are not what they were."""
        self.accepted: list[Clip] = []
        self.rejected: list[Rejection] = []
        self.returned: list[Clip] = []  # of the accepted, those whose recording is gone
        self._stages, self._journal, self._limits = stages, stages.journal, stages.options.limits
        self._decisions, self._scores, self._new_shares = decisions, scores, new_shares
        self._returning = {clip.content: clip for clip in returning}
        self._from_row = {(clip.source.rpartition(":")[0], clip.text): clip for clip in returning}
        self._taken = {clip.id.casefold() for clip in (*staying, *returning)}
        self._first = {clip.content: clip for clip in staying}  # of each sound
        self._named: dict[tuple[Path, object], Clip] = {}
        self._heard = near.Heard()
        self._known_marks = {entry.measures.content: entry.measures.marks for entry in self._journal.entries()}
        for clip in staying:
            self._heard.add(clip.id, self._marks(clip), group_of(clip.spoken))

    def settle_all(self, pieces: Sequence[Piece], readings: Mapping[Piece, Reading]) -> None:
        """Accept every piece or turn it away: those of earlier runs first, so that no newcomer displaces them."""

        def is_new(placed: tuple[int, Piece]) -> bool:
            result = readings[placed[1]].result
            return isinstance(result, Finding) or result.content not in self._returning

        for place, piece in sorted(enumerate(pieces), key=is_new):
            self._settle(place, piece, readings[piece])

    def missing(self, rejection: Rejection) -> None:
        """Turn away a row that leads to no recording, unless an earlier run stored what it led to."""
        clip = self._from_row.get((rejection.source.rpartition(":")[0], rejection.text))
        if rejection.reason != "missing" or clip is None or clip.content in self._first:
            return self.rejected.append(rejection)
        self._first[clip.content] = clip
        self.returned.append(clip)
        return self.accepted.append(clip)

    def _settle(self, place: int, piece: Piece, found: Reading) -> None:
        measures = found.result
        if isinstance(measures, Finding):
            return self._reject(safe_id(piece.path.stem), "read", measures, piece, found.duration_s)
        if finding := self._repetition(piece, measures):
            return self._reject(piece.name, CHECKS, finding, piece, measures.duration_s)
        name = self._id(piece, measures)
        decision = self._decisions.get(name)
        mended = decision is not None and decision.decision == "text"
        text, score = (decision.text, None) if decision and mended else (piece.text, self._scores.get(piece))
        said = self._stages.said(replace(piece, text=text, score=score))
        finding = self._finding(place, measures, said, decision)
        self._stages.note_copy(piece, finding is not None and finding.reason == COPY)
        if finding:
            return self._reject(name, "review" if decision else CHECKS, finding, piece, measures.duration_s)
        return self._accept(name, place, replace(piece, text=text), measures, said)

    def _finding(self, place: int, measures: Measures, said: Said, decision: Decision | None) -> Finding | None:
        """Give the reason to turn a piece away; who says keep has the last word."""
        if decision and decision.decision == "drop":
            return Finding("review", decision.note or "drop", "keep")
        if decision and decision.decision == "keep":
            return None
        if finding := judge(measures, said, self._limits):
            return finding
        if measures.content in self._returning and not self._new_shares:
            return None  # was no copy before: what is found in another order must not turn it away
        shares = self._limits.same_marks, self._limits.other_marks
        copy = self._heard.find(marks_of(measures), group_of(said.spoken), *shares, place)
        return Finding(COPY, copy[0], copy[1]) if copy else None

    def _repetition(self, piece: Piece, measures: Measures) -> Finding | None:
        """Find the accepted clip that has the same file or the same sound; the first of them stays."""
        named, heard = self._named.get(_place(piece)), self._first.get(measures.content)
        if named:
            return Finding("duplicate id", named.id, named.source)
        if heard:
            self._journal.add(self._entry(piece.key, measures, heard.audio, heard.sha256))
            same_text = group_of(heard.text) == group_of(piece.text)
            return Finding("duplicate" if same_text else "duplicate audio, other text", heard.id, heard.source)
        return None

    def _reject(self, name: str, stage: str, finding: Finding, piece: Piece, duration_s: float) -> None:
        start_s, end_s = piece.span or (None, None)
        self.rejected.append(
            Rejection(
                name,
                stage,
                finding.reason,
                finding.measured,
                finding.limit,
                piece.utterance.source,
                piece.text,
                round(duration_s, 4),
                printable(str(piece.path)),
                start_s,
                end_s,
            )
        )

    def _accept(self, name: str, place: int, piece: Piece, measures: Measures, said: Said) -> None:
        """Store the sound and take the clip in; its side of the split is decided when all are in."""
        utterance, old = piece.utterance, self._returning.get(measures.content)
        entry = self._store(name, piece, measures)
        start_s, end_s = piece.span or (None, None)
        clip = Clip(
            id=name,
            audio=entry.audio,
            samples=measures.samples,
            rate_hz=measures.rate_hz,
            sha256=entry.sha256,
            text=piece.text,
            spoken=said.spoken,
            language=self._stages.reader.language,
            speaker=utterance.speaker or self._stages.options.speaker,
            source=utterance.source,
            split=old.split if old else "train",
            group=utterance.group or group_of(said.spoken),
            content=measures.content,
            origin=piece.opened.origin,
            start_s=start_s,
            end_s=end_s,
            snr_db=measures.snr_db,
            loudness_lufs=measures.loudness_lufs,
            clipped_share=measures.clipped_share,
            bandwidth_hz=measures.bandwidth_hz,
            alignment=said.alignment,
            same_voice=measures.same_voice,
            warnings=warnings(measures, said, self._limits),
            extra=dict(utterance.extra),
        )
        self._first[clip.content] = self._named[_place(piece)] = clip
        self._heard.add(clip.id, marks_of(measures), group_of(said.spoken), place)
        self.accepted.append(clip)

    def _store(self, name: str, piece: Piece, measures: Measures) -> Entry:
        """Put the sound into the dataset folder unless it is there."""
        entry, old = self._journal.find(piece.key), self._returning.get(measures.content)
        if entry and self._journal.stored(entry):
            return entry
        audio = old.audio if old else f"{AUDIO}/{name}.flac"
        path = self._journal.folder / audio
        if not (old and path.is_file() and sha256(path) == old.sha256):
            self._move(piece, measures, path)
        entry = self._entry(piece.key, measures, audio, sha256(path))
        self._journal.add(entry)
        return entry

    def _move(self, piece: Piece, measures: Measures, path: Path) -> None:
        """Give a staged sound its place. DataError when the disk refuses."""
        waiting = reading.staged(self._stages.staged, measures.content)
        if not waiting.is_file():
            self._stages.again(piece)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(waiting, path)
        except OSError as error:
            raise DataError(f"{path}: cannot be written: {error.strerror}; then run again: it goes on") from error

    def _entry(self, key: str, measures: Measures, audio: str, sha256: str) -> Entry:
        return Entry(key, measures, audio, (self._journal.folder / audio).stat().st_size, sha256)

    def _id(self, piece: Piece, measures: Measures) -> str:
        """Give the id that the sound had; else the one it would like, with some of its hash where another has that."""
        if old := self._returning.get(measures.content):
            return old.id
        entry = self._journal.find(piece.key)
        had = [Path(entry.audio).stem] if entry and self._journal.stored(entry) else []
        for name in (*had, piece.name, f"{piece.name}-{measures.content[:8]}", f"{piece.name}-{measures.content}"):
            free = self._journal.owner(f"{AUDIO}/{name}.flac") in (None, measures.content)
            if name.casefold() not in self._taken and free:
                break
        self._taken.add(name.casefold())
        return name

    def _marks(self, clip: Clip) -> near.Marks:
        """Give the marks of a clip that stays; where the journal is lost, its sound is read again."""
        key = f"marks {clip.content}"
        if clip.content not in self._known_marks:
            found = self._journal.note(key)
            if found is None and (path := self._journal.folder / clip.audio).is_file():
                found = _marks_in(path)
                self._journal.add_note(key, found)
            self._known_marks[clip.content] = found or ""
        return near.unpacked(self._known_marks[clip.content])


def _marks_in(path: Path) -> str:
    """Give the marks of a stored clip, none where it was damaged: `dimts check` says so."""
    try:
        return near.packed(near.marks(io.read(path)))
    except AudioError:
        return ""


def _place(piece: Piece) -> tuple[Path, object]:
    return _resolved(piece.path), piece.span


@functools.lru_cache
def _resolved(path: Path) -> Path:
    return path.resolve()
