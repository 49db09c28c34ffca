"""The stages of `prepare` that look at files: open, hear, cut. Each is done once for a file, in parallel over files.

What a stage finds is in the journal before the next file is asked for, so a killed run goes on where it stopped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from dimts.audio import silero
from dimts.audio.cutting import Lengths
from dimts.data import hearing, opening, pool, reading, stretches, works
from dimts.data.filters import Finding, Said, judge
from dimts.data.hearing import Heard, Listening
from dimts.data.importers import Found
from dimts.data.journal import Entry, Journal
from dimts.data.measures import Measures
from dimts.data.options import Options
from dimts.data.reading import Part, Reading
from dimts.data.saying import Reader
from dimts.data.works import Kind, Piece, Planned, Work
from dimts.text.languages import primary_of

Progress = Callable[[str, int, int], None]  # stage, files done, files in all
Task = TypeVar("Task")
Result = TypeVar("Result")


class Stages:
    """The stages of one run into one dataset folder."""

    def __init__(self, journal: Journal, options: Options, reader: Reader, progress: Progress | None) -> None:
        self.journal, self.options, self.reader = journal, options, reader
        self._progress = progress or (lambda stage, done, total: None)
        self.staged = journal.folder / reading.STAGED

    def open(self, found: Sequence[Found]) -> list[Work]:
        """Read: hash every file and tell its length."""
        listed = works.works(found)
        paths = list(dict.fromkeys(work.path for work in listed))
        sound_s = float(len(paths))  # about as long as a second of sound takes elsewhere
        results = dict(zip(paths, self._each("read", opening.opened, paths, sound_s), strict=True))
        return [replace(work, opened=results[work.path] or work.opened) for work in listed]

    def plan(self, listed: Sequence[Work]) -> list[Planned]:
        """Decide what becomes of each file's rows: hear those that are cut."""
        longest_s = self.options.limits.max_duration_s
        kinds = [work.kind(longest_s) for work in listed]
        heard = self._heard(listed, kinds)
        return [self._planned(*each) for each in zip(listed, kinds, heard, strict=True)]

    def cut(self, planned: Sequence[Planned]) -> dict[Piece, Reading]:
        """Cut: read, measure and stage every piece that no earlier run did; give what each piece gave."""
        asked: set[str] = set()
        wanted = [[piece for piece in each.pieces if self._asks(piece, asked)] for each in planned]
        tasks = [self._task(pieces) if pieces else None for pieces in wanted]
        sound_s = sum(map(_length_s, wanted))
        results: dict[Piece, Reading] = {}
        found: dict[str, Reading] = {}
        for pieces, readings in zip(wanted, self._each("cut", reading.read, tasks, sound_s), strict=True):
            for piece, result in zip(pieces, readings or [], strict=True):
                results[piece] = found[piece.key] = result
                self.learn(piece, result)
        every = (piece for each in planned for piece in each.pieces if piece not in results)
        return results | {piece: found.get(piece.key) or self._known(piece) for piece in every}

    def again(self, piece: Piece) -> Reading:
        """Read a single piece once more, whose sound is needed after all; what does not pass is staged too."""
        (result,) = reading.read(replace(self._task([piece]), limits=None))
        self.learn(piece, result)
        return result

    def learn(self, piece: Piece, result: Reading) -> None:
        """Remember the measures of a piece."""
        if isinstance(result.result, Measures) and self.journal.find(piece.key) is None:
            self.journal.add(Entry(piece.key, result.result))

    def _asks(self, piece: Piece, asked: set[str]) -> bool:
        """Whether a piece must be read: nobody did, or it passes now and its sound lies nowhere."""
        if piece.key and piece.key in asked:
            return False
        asked.add(piece.key)
        entry = self.journal.find(piece.key)
        if entry is None:
            return True
        said = self.said(piece)
        waits = self.journal.stored(entry) or reading.staged(self.staged, entry.measures.content).is_file()
        return not waits and judge(entry.measures, said, self.options.limits) is None

    def said(self, piece: Piece) -> Said:
        """Give what a piece says."""
        return self.reader.said(piece.text, piece.span is not None, piece.score)

    def _task(self, pieces: Sequence[Piece]) -> reading.Task:
        parts = tuple(Part(piece.span, self.said(piece)) for piece in pieces)
        return reading.Task(pieces[0].work.path, parts, self.options.limits, self.staged)

    def _known(self, piece: Piece) -> Reading:
        entry = self.journal.find(piece.key)
        assert entry, piece
        return Reading(entry.measures, entry.measures.duration_s)

    def _heard(self, listed: Sequence[Work], kinds: Sequence[Kind]) -> list[Heard | Finding | None]:
        """Speech: hear every recording that is cut."""
        tasks = [self._listening(work, kind) for work, kind in zip(listed, kinds, strict=True)]
        notes = [self.journal.note(task.key) if task else None for task in tasks]
        todo = [task if task and not note else None for task, note in zip(tasks, notes, strict=True)]
        if any(todo) and self.options.detector == "silero":
            silero.load()  # MissingExtra before anything is done
        sound_s = sum(work.opened.duration_s or 0.0 for work, task in zip(listed, todo, strict=True) if task)
        heard: list[Heard | Finding | None] = []
        for task, note, result in zip(tasks, notes, self._each("speech", hearing.hear, todo, sound_s), strict=True):
            if task and isinstance(result, Heard):
                self.journal.add_note(task.key, hearing.note(result))
            heard.append(Heard.of_note(note) if note else result)
        return heard

    def _listening(self, work: Work, kind: Kind) -> Listening | None:
        """Say what to hear of a file."""
        by_ear = kind == "by ear" and self.options.transcribe is not None
        if kind != "cues" and not by_ear:
            return None
        return Listening(work.path, work.opened.origin, self.options.detector, Lengths() if by_ear else None)

    def _planned(self, work: Work, kind: Kind, heard: Heard | Finding | None) -> Planned:
        own, language = self.reader.language, work.first.language
        if language and primary_of(language) != primary_of(own):
            return works.turned_away(work, "other language", language, own, "read")
        if kind == "whole":
            return works.whole(work)
        if isinstance(heard, Finding):
            return works.turned_away(work, heard.reason, heard.measured, heard.limit, "read")
        if kind == "cues":
            assert heard, work.path
            plan = stretches.plan(works.cues_of(work), heard.spans, heard.duration_s, self.options.cutting)
            return works.laid_out(work, plan, heard.duration_s)
        return works.without(work, kind, self.options.limits.max_duration_s)

    def _each(
        self, stage: str, work: Callable[[Task], Result], tasks: Sequence[Task | None], sound_s: float
    ) -> Iterator[Result | None]:
        """Do a stage's tasks; a task counts as done when the next one is asked for."""
        for done, result in enumerate(pool.in_order(work, tasks, self.options.workers, sound_s), start=1):
            yield result
            self._progress(stage, done, len(tasks))


def _length_s(pieces: Sequence[Piece]) -> float:
    """About how much sound is read."""
    if pieces and pieces[0].span is None:
        return pieces[0].work.opened.duration_s or 0.0
    return sum(piece.span[1] - piece.span[0] for piece in pieces if piece.span)
