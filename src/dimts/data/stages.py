"""The stages of `prepare` that look at files, each done once for a file, in parallel over files.

What a stage finds is in the journal before the next file is asked for, so a killed run goes on where it stopped. Here
are the first stage (open) and the last (cut); `planning.py` has those between.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from dimts.data import opening, reading, works
from dimts.data.filters import Finding, Said, judge
from dimts.data.importers import Found
from dimts.data.journal import Entry, Journal
from dimts.data.measures import Measures
from dimts.data.options import Options
from dimts.data.pool import Workers
from dimts.data.reading import Part, Reading
from dimts.data.saying import Reader
from dimts.data.works import Piece, Planned, Work

HASHED_BYTES_S, OPENED_FILES_S = 5e8, 5e3  # by one process, about: decides whether others are started
CUT_SPEED, TREATED_SPEED = 600.0, 50.0  # times real time, about
Progress = Callable[[str, int, int], None]  # stage, files done, files in all


class Keyed(Protocol):
    """A task of which the result can be kept."""

    @property
    def key(self) -> str:
        """Names the stage and all that the result depends on."""


class Noted(Protocol):
    """A result that a journal can keep."""

    def note(self) -> Any:
        """As JSON holds it."""


Task = TypeVar("Task")
KeyedTask = TypeVar("KeyedTask", bound=Keyed)
Result = TypeVar("Result")
NotedResult = TypeVar("NotedResult", bound=Noted)


class Stages:
    """The stages of one run into one dataset folder."""

    def __init__(
        self, journal: Journal, options: Options, reader: Reader, workers: Workers, progress: Progress | None
    ) -> None:
        self.journal, self.options, self.reader, self._workers = journal, options, reader, workers
        self._progress = progress or (lambda stage, done, total: None)
        self.staged = journal.folder / reading.STAGED

    def open(self, found: Sequence[Found]) -> list[Work]:
        """Read: hash every file and tell its length."""
        listed = works.works(found)
        paths = list(dict.fromkeys(work.path for work in listed))
        sizes = sum(path.stat().st_size for path in paths if path.is_file())
        about_s = sizes / HASHED_BYTES_S + len(paths) / OPENED_FILES_S
        results = dict(zip(paths, self._each("read", opening.opened, paths, about_s), strict=True))
        return [replace(work, opened=results[work.path] or work.opened) for work in listed]

    def noted(
        self,
        stage: str,
        work: Callable[[KeyedTask], NotedResult | Finding],
        tasks: Sequence[KeyedTask | None],
        of_note: Callable[[Any], NotedResult],
        about_s: float,
    ) -> list[NotedResult | Finding | None]:
        """Do a stage's tasks, but for those whose result is known; a finding is not kept, its file may be mended.

        `about_s` is how long all of them would take this process.
        """
        notes = [self.journal.note(task.key) if task else None for task in tasks]
        todo = [None if note else task for task, note in zip(tasks, notes, strict=True)]
        results: list[NotedResult | Finding | None] = []
        for task, note, result in zip(tasks, notes, self._each(stage, work, todo, about_s), strict=True):
            if task and result is not None and not isinstance(result, Finding):
                self.journal.add_note(task.key, result.note())
            results.append(of_note(note) if note else result)
        return results

    def cut(self, planned: Sequence[Planned]) -> dict[Piece, Reading]:
        """Cut: read, repair, measure and stage every piece that no earlier run did; give what each piece gave."""
        asked: set[str] = set()
        wanted = [[piece for piece in each.pieces if self._asks(piece, asked)] for each in planned]
        tasks = [self._task(pieces) if pieces else None for pieces in wanted]
        if any(tasks):
            self._require()
        results: dict[Piece, Reading] = {}
        found: dict[str, Reading] = {}
        cuts = self._each("cut", reading.read, tasks, sum(map(_length_s, wanted)) / self._cutting_speed)
        for pieces, readings in zip(wanted, cuts, strict=True):
            for piece, result in zip(pieces, readings or [], strict=True):
                results[piece] = found[piece.key] = result
                self._learn(piece, result)
        others = (piece for each in planned for piece in each.pieces if piece not in results)
        return results | {piece: found.get(piece.key) or self._known(piece) for piece in others}

    def again(self, piece: Piece) -> None:
        """Stage a single piece whose sound is needed after all."""
        reading.read(replace(self._task([piece]), limits=None))

    def note_copy(self, piece: Piece, is_copy: bool) -> None:
        """Remember whether a piece is a near-duplicate, so that its sound is not asked for again."""
        key = f"copy {piece.key}"
        if piece.key and is_copy != bool(self.journal.note(key)):
            self.journal.add_note(key, is_copy)

    def said(self, piece: Piece) -> Said:
        """Give what a piece says."""
        return self.reader.said(piece.text, piece.span is not None, piece.score)

    def _learn(self, piece: Piece, result: Reading) -> None:
        if isinstance(result.result, Measures) and self.journal.find(piece.key) is None:
            self.journal.add(Entry(piece.key, result.result))

    def _require(self) -> None:
        """MissingWeights before anything is done, not by the first clip."""
        if self.options.hear_voices:
            from dimts.audio import voiceprint

            voiceprint.load()

    def _asks(self, piece: Piece, asked: set[str]) -> bool:
        """Whether a piece must be read: nobody did, or it passes now and its sound lies nowhere."""
        if piece.key and piece.key in asked:
            return False
        asked.add(piece.key)
        entry = self.journal.find(piece.key)
        if entry is None:
            return True
        if self.journal.note(f"copy {piece.key}"):
            return False  # a near-duplicate of another clip: its sound is not wanted
        waits = self.journal.stored(entry) or reading.staged(self.staged, entry.measures.content).is_file()
        return not waits and judge(entry.measures, self.said(piece), self.options.limits) is None

    def _task(self, pieces: Sequence[Piece]) -> reading.Task:
        parts = tuple(Part(piece.span, self.said(piece)) for piece in pieces)
        options = self.options
        treatment = (options.repairs, options.hear_music, options.hear_voices)
        return reading.Task(pieces[0].path, parts, options.limits, self.staged, *treatment)

    def _known(self, piece: Piece) -> Reading:
        entry = self.journal.find(piece.key)
        assert entry, piece
        return Reading(entry.measures, entry.measures.duration_s)

    @property
    def _cutting_speed(self) -> float:
        """About how many times faster than real time one process cuts."""
        return TREATED_SPEED if self.options.treatment else CUT_SPEED

    def _each(
        self, stage: str, work: Callable[[Task], Result], tasks: Sequence[Task | None], about_s: float
    ) -> Iterator[Result | None]:
        """Do a stage's tasks; a task counts as done when the next one is asked for."""
        for done, result in enumerate(self._workers.in_order(work, tasks, about_s), start=1):
            yield result
            self._progress(stage, done, len(tasks))


def _length_s(pieces: Sequence[Piece]) -> float:
    """About how much sound is read."""
    return sum(piece.span[1] - piece.span[0] if piece.span else piece.opened.duration_s or 0.0 for piece in pieces)
