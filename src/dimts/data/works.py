"""What is to be done with each file that a source names, and what becomes of its rows: clips to cut, lines of a ledger.

A row that takes a whole file of a clip's length is a clip. Rows with times are cut from their recording together. A
longer file is cut by its text or, where it has none, by its silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from dimts.data.importers import Found, Utterance
from dimts.data.importers.places import printable
from dimts.data.manifest import Rejection
from dimts.data.opening import Opened
from dimts.data.spans import Span
from dimts.data.stretches import Cue, Lost, Plan
from dimts.data.words import piece_id, safe_id
from dimts.text.languages import primary_of

Kind = Literal["whole", "cues", "by text", "by ear", "away"]
CUT = "cut"  # the stage, as the ledger calls it


@dataclass(frozen=True)
class Work:
    """The rows of one source about one file, with their places among all rows."""

    path: Path
    listing: str  # the source, as clips name it before the colon
    rows: tuple[tuple[int, Utterance], ...]
    away: tuple[tuple[int, Rejection], ...] = ()  # stretches of it that the source itself turned away
    opened: Opened = Opened("", None)

    @property
    def first(self) -> Utterance:
        """The first row, or the first stretch where the source turned all of them away."""
        if self.rows:
            return self.rows[0][1]
        lost = self.away[0][1]
        return Utterance(self.path, lost.text, None, lost.source, start_s=lost.start_s, end_s=lost.end_s)

    def kind(self, longest_s: float) -> Kind:
        """Say how it becomes clips of at most `longest_s`."""
        if _timed(self.first):
            return "cues"
        if not self.first.text.strip():
            return "by ear"
        fits = self.opened.duration_s is None or self.opened.duration_s <= longest_s
        return "whole" if fits else "by text"


@dataclass(frozen=True)
class Piece:
    """A clip to be: a row, or what was cut from a recording for one or several of them."""

    utterance: Utterance  # the first row it was made of: who speaks, in which group, under which licence
    row: int  # its place among all rows
    opened: Opened
    text: str
    span: Span | None  # of the file; None: all of it
    rows: int = 1  # how many it was made of
    score: float | None = None
    treatment: str = ""  # what is done to its sound

    @property
    def path(self) -> Path:
        """The file it is in."""
        return self.utterance.audio

    @property
    def key(self) -> str:
        """Names the sound: the file by its content, and the stretch."""
        stretch = f" {self.span[0]:.3f}-{self.span[1]:.3f}" if self.span else ""
        return f"{self.opened.origin}{stretch}{self.treatment}" if self.opened.origin else ""

    @property
    def name(self) -> str:
        """The id it would like to have."""
        return piece_id(self.path.stem, self.span[0]) if self.span else safe_id(self.path.stem)


@dataclass(frozen=True)
class Planned:
    """A file's work laid out: its pieces by time, what is lost already, and the seconds that it accounts for."""

    work: Work
    pieces: tuple[Piece, ...] = ()
    lost: tuple[Rejection, ...] = ()
    found_s: float = 0.0  # without pieces that are whole files: those are measured when read
    not_speech_s: float = field(default=0.0)


def works(found: Sequence[Found]) -> list[Work]:
    """Put the rows with times together by source and file, each other row alone, in order of their first rows."""
    grouped: dict[tuple[str, Path, str | int | None], list[tuple[int, Utterance]]] = {}
    away: dict[tuple[str, str], list[tuple[int, Rejection]]] = {}
    for row, each in enumerate(found):
        if isinstance(each, Rejection) and each.start_s is not None:
            away.setdefault((listing_of(each.source), each.recording), []).append((row, each))
        elif isinstance(each, Utterance):
            together = each.language if _timed(each) else row
            grouped.setdefault((listing_of(each.source), each.audio, together), []).append((row, each))

    def work(listing: str, path: Path, rows: Sequence[tuple[int, Utterance]]) -> Work:
        lost = away.pop((listing, printable(str(path))), []) if _timed(rows[0][1]) else []
        return Work(path, listing, tuple(rows), tuple(lost))

    found_in = [work(listing, path, rows) for (listing, path, _), rows in grouped.items()]
    return found_in + [Work(Path(path), listing, (), tuple(lost)) for (listing, path), lost in away.items()]


def whole(work: Work) -> Planned:
    """Plan a file that is one clip."""
    row, utterance = work.rows[0]
    return Planned(work, (Piece(utterance, row, work.opened, utterance.text, None),))


def cues_of(work: Work) -> list[Cue]:
    """Give the rows as cues; where an end is missing, the next cue's start, or the end of the file."""
    starts = sorted({utterance.start_s or 0.0 for _, utterance in work.rows})
    following = dict(zip(starts, [*starts[1:], work.opened.duration_s or float("inf")], strict=False))
    return [_cue(row, utterance, following) for row, utterance in work.rows]


def laid_out(work: Work, plan: Plan, duration_s: float, stage: str = CUT) -> Planned:
    """Turn a plan's cues into pieces and lines of the ledger."""
    rows = dict(work.rows)
    pieces = tuple(_piece(work, rows, cue) for cue in plan.cut)
    lost = tuple(_lost(work, rows, each, stage) for each in plan.lost)
    return Planned(work, pieces, lost, duration_s, plan.not_speech_s)


def turned_away(work: Work, reason: str, measured: float | str, limit: float | str, stage: str = CUT) -> Planned:
    """Turn every row of a file away."""
    lengths = [work.opened.duration_s or 0.0]
    if _timed(work.first):
        lengths = [max(0.0, cue.length_s) if cue.end_s < float("inf") else 0.0 for cue in cues_of(work)]
    lost = tuple(
        Rejection(
            safe_id(work.path.stem), stage, reason, measured, limit, row.source, row.text, round(length_s, 4),
            printable(str(work.path)), row.start_s, row.end_s,
        )
        for (_, row), length_s in zip(work.rows, lengths, strict=True)
    )  # fmt: skip
    lost = (*lost, *(each for _, each in work.away))
    return Planned(work, (), lost, sum(each.duration_s for each in lost))


def without(work: Work, language: str, longest_s: float) -> Planned:
    """Turn away what nothing at hand can make clips of: another language, no text, a long text without times."""
    duration_s = round(work.opened.duration_s or 0.0, 3)
    if work.first.language and primary_of(work.first.language) != primary_of(language):
        return turned_away(work, "other language", work.first.language, language)
    if work.kind(longest_s) == "by ear":
        return turned_away(work, "no transcript", duration_s, "a text, or --transcribe MODEL")
    hint = f"{longest_s:.2f}; give times, or --align hama (pip install 'dimts[align]') cuts it by its text"
    return turned_away(work, "too long", duration_s, hint)


def listing_of(source: str) -> str:
    """Give the source without the line."""
    return source.rpartition(":")[0]


def away_of(work: Work) -> list[Lost]:
    """Give the stretches that the source itself turned away."""
    return [
        Lost(Cue(each.start_s or 0.0, each.end_s or 0.0, each.text, rows=(row,)), each.reason, "", "", line=each)
        for row, each in work.away
    ]


def _cue(row: int, utterance: Utterance, following: dict[float, float]) -> Cue:
    start_s = utterance.start_s or 0.0
    end_s = following[start_s] if utterance.end_s is None else utterance.end_s
    kind = (utterance.group, utterance.language, utterance.extra)
    return Cue(start_s, end_s, utterance.text, utterance.speaker, (row,), kind=kind)


def _piece(work: Work, rows: Mapping[int, Utterance], cue: Cue) -> Piece:
    row = cue.rows[0]
    return Piece(rows[row], row, work.opened, cue.text, (cue.start_s, cue.end_s), len(cue.rows), cue.score)


def _lost(work: Work, rows: Mapping[int, Utterance], each: Lost, stage: str) -> Rejection:
    if isinstance(each.line, Rejection):
        return replace(each.line, duration_s=each.own_s)
    source = rows[each.cue.rows[0]].source if each.cue.rows else f"{work.listing}:0"
    cue, name = each.cue, piece_id(work.path.stem, each.cue.start_s)
    place = (source, cue.text, each.own_s, printable(str(work.path)), cue.start_s, cue.end_s)
    return Rejection(name, stage, each.reason, each.measured, each.limit, *place)


def _timed(utterance: Utterance) -> bool:
    return utterance.start_s is not None or utterance.end_s is not None


def by_row(planned: Sequence[Planned]) -> Iterator[Piece]:
    """Yield all pieces in the order of the sources' rows."""
    pieces = (piece for each in planned for piece in each.pieces)
    yield from sorted(pieces, key=lambda piece: (piece.row, piece.span or (0.0, 0.0)))
