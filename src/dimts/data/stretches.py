"""Where a recording is cut: its cues joined to clips, moved to the nearest silence, and every second accounted for.

Pure arithmetic on times: cues and the stretches of speech go in, a plan comes out. A cue's times are a hint by hand or
by machine, often a quarter of a second off; silence is where a cut hurts nobody.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dimts.data.spans import Span, merged, within, without
from dimts.text.sentences import CLOSERS, ENDS, SPACED_ENDS

LEAST_LEFT_S = 0.3  # shorter speech outside of all cues is the fringe of a cut, not words
SAME_REMARK_S = 1.0  # speech left over with less silence between is one line of the ledger


@dataclass(frozen=True)
class CutRules:
    """How recordings are cut."""

    join: bool = True  # short neighbours of one speaker
    longest_s: float = 11.0  # of what is joined
    short_s: float = 3.0  # a cue shorter than this is joined to a neighbour; so is half a sentence
    gap_s: float = 0.8  # silence that may lie between two that are joined
    snap_s: float = 0.35  # how far an edge moves to reach silence inside of speech
    room_s: float = 0.1  # kept before the first and after the last sound
    pause_s: float = 0.1  # the shortest silence that is a place to cut
    overlap_s: float = 0.5  # cues that overlap by more are two people at once, or wrong


@dataclass(frozen=True)
class Cue:
    """What is said from when to when; `rows` are the numbers of the source's rows it was made of."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None
    rows: tuple[int, ...] = ()
    score: float | None = None  # how well the sound fits the text, where a recogniser looked
    kind: object = None  # cues of different kinds (group, language, licence) are never joined

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Lost:
    """A cue, or speech without one (no rows), that becomes no clip; `own_s` are seconds that no other line counts."""

    cue: Cue
    reason: str
    measured: float | str
    limit: float | str
    own_s: float = 0.0
    line: object = None  # of the ledger, where it has one already


@dataclass(frozen=True)
class Plan:
    """Stretches to cut, none over another; what is lost; what is not speech. Together: all of the recording."""

    cut: tuple[Cue, ...]
    lost: tuple[Lost, ...] = field(default=())
    not_speech_s: float = 0.0


def plan(
    cues: Sequence[Cue], spans: Sequence[Span], duration_s: float, rules: CutRules, away: Sequence[Lost] = ()
) -> Plan:
    """Plan the cuts of one recording of `duration_s` seconds in which somebody speaks during `spans`.

    `away` are stretches that are lost already.
    """
    placed, misplaced = _placed(cues, duration_s)
    lost = [*away, *misplaced]
    placed, mixed = _apart(placed, rules.overlap_s)
    joined = list(_joined(placed, spans, rules)) if rules.join else placed
    mirrored = [(-end_s, -start_s) for start_s, end_s in reversed(spans)]
    pieces: list[Cue] = []
    for cue in joined:
        free = (pieces[-1].end_s if pieces else 0.0, duration_s)
        moved = _moved(cue, spans, mirrored, rules, free)
        if moved is None:
            lost.append(Lost(cue, "no speech", 0.0, "speech in it"))
        else:
            pieces.append(moved)
    left_over = list(_left_over(spans, [*pieces, *(each.cue for each in (*lost, *mixed))], duration_s))
    owned = list(_owned([*lost, *mixed, *left_over], [(piece.start_s, piece.end_s) for piece in pieces], duration_s))
    taken_s = sum(piece.length_s for piece in pieces) + sum(each.own_s for each in owned)
    return Plan(tuple(pieces), tuple(owned), round(max(0.0, duration_s - taken_s), 3))


def _placed(cues: Sequence[Cue], duration_s: float) -> tuple[list[Cue], list[Lost]]:
    """Sort cues by time, without those that lie nowhere."""
    placed, lost = [], []
    for cue in cues:
        inside = replace(cue, start_s=max(0.0, cue.start_s), end_s=min(cue.end_s, duration_s))
        if cue.end_s <= cue.start_s:
            lost.append(Lost(cue, "times", f"{cue.start_s:g}..{cue.end_s:g} s", "an end after the start"))
        elif inside.length_s <= 0:
            held = f"inside the recording's {duration_s:.3f} s"
            lost.append(Lost(cue, "outside the recording", f"{cue.start_s:g}..{cue.end_s:g} s", held))
        else:
            placed.append(inside)
    return sorted(placed, key=lambda cue: (cue.start_s, cue.end_s, cue.rows)), lost


def _apart(cues: Sequence[Cue], most_s: float) -> tuple[list[Cue], list[Lost]]:
    """Part cues that overlap a little in the middle; turn those away that overlap more."""
    mixed: dict[int, float] = {}
    reach = -1  # the cue that reaches furthest so far
    for index, cue in enumerate(cues):
        over_s = min(cues[reach].end_s, cue.end_s) - cue.start_s if reach >= 0 else 0.0
        if over_s > _bearable(cue, cues[reach], most_s):
            mixed |= {each: max(mixed.get(each, 0.0), over_s) for each in (reach, index)}
        if reach < 0 or cue.end_s > cues[reach].end_s:
            reach = index
    apart: list[Cue] = []
    for index, cue in enumerate(cues):
        if index in mixed:
            continue
        if apart and apart[-1].end_s > cue.start_s:
            middle = round((apart[-1].end_s + cue.start_s) / 2, 3)
            apart[-1] = replace(apart[-1], end_s=middle)
            cue = replace(cue, start_s=middle)
        apart.append(cue)
    lost = [Lost(cues[i], "overlapping cues", round(over_s, 3), most_s) for i, over_s in sorted(mixed.items())]
    return apart, lost


def _bearable(one: Cue, other: Cue, most_s: float) -> float:
    """How many seconds two cues may overlap: never half of the shorter."""
    return min(most_s, min(one.length_s, other.length_s) / 2)


def _joined(cues: Sequence[Cue], spans: Sequence[Span], rules: CutRules) -> Iterator[Cue]:
    """Join neighbours, each to what stands before it."""
    current: Cue | None = None
    for cue in cues:
        if current and _belong_together(current, cue, spans, rules):
            current = _union(current, cue)
            continue
        if current:
            yield current
        current = cue
    if current:
        yield current


def _belong_together(one: Cue, other: Cue, spans: Sequence[Span], rules: CutRules) -> bool:
    """Whether two cues become one clip: they may, and apart one would be short, half a sentence or half a word."""
    gap_s = other.start_s - one.end_s
    alike = (one.speaker, one.kind) == (other.speaker, other.kind) and one.text.strip() and other.text.strip()
    if not alike or other.end_s - one.start_s > rules.longest_s or gap_s > rules.gap_s:
        return False
    short = min(one.length_s, other.length_s) < rules.short_s
    return short or not _ends(one.text) or not _pause(one.end_s, other.start_s, spans, rules)


def _union(one: Cue, other: Cue) -> Cue:
    wide = unicodedata.east_asian_width(one.text.rstrip()[-1]) in "WF"  # scripts that write no spaces
    text = one.text.rstrip() + ("" if wide else " ") + other.text.lstrip()
    scores = [(cue.score, cue.length_s) for cue in (one, other) if cue.score is not None]
    total_s = sum(length_s for _, length_s in scores)
    score = sum(score * length_s for score, length_s in scores) / total_s if total_s else None
    return Cue(one.start_s, other.end_s, text, one.speaker, one.rows + other.rows, score, one.kind)


def _ends(text: str) -> bool:
    """Whether a text ends a sentence."""
    return text.rstrip().rstrip(CLOSERS)[-1:] in {*ENDS, *SPACED_ENDS} and bool(text.strip())


def _pause(end_s: float, start_s: float, spans: Sequence[Span], rules: CutRules) -> bool:
    """Whether silence long enough to cut lies near the bound of two cues."""
    first_s, last_s = end_s - rules.snap_s, start_s + rules.snap_s
    inside = within(spans, first_s, last_s)
    edges = [first_s, *(edge for span in inside for edge in span), last_s]
    return any(after - before >= rules.pause_s for before, after in zip(edges[::2], edges[1::2], strict=True))


def _moved(cue: Cue, spans: Sequence[Span], mirrored: Sequence[Span], rules: CutRules, free: Span) -> Cue | None:
    """Move both edges of a cue into silence, but inside `free`. None where nobody speaks in it."""
    if not within(spans, cue.start_s, cue.end_s):
        return None
    start_s = round(max(free[0], _begin(cue.start_s, cue.end_s, spans, rules)), 3)
    end_s = round(min(free[1], -_begin(-cue.end_s, -cue.start_s, mirrored, rules)), 3)
    return replace(cue, start_s=start_s, end_s=end_s) if start_s < end_s else None


def _begin(start_s: float, end_s: float, spans: Sequence[Span], rules: CutRules) -> float:
    """Give where a stretch should begin: a little before the first sound that is its own."""
    index = bisect_right(spans, start_s, key=lambda span: span[1])
    onset_s, offset_s = spans[index]
    if onset_s < start_s:  # in the middle of speech
        back_s, on_s = start_s - onset_s, offset_s - start_s
        after_s = spans[index + 1][0] if index + 1 < len(spans) else end_s
        if on_s < min(back_s, rules.snap_s) and after_s < end_s:
            index, onset_s = index + 1, after_s
        elif back_s > rules.snap_s:
            return start_s
    before_s = spans[index - 1][1] if index else onset_s - 2 * rules.room_s
    return max(onset_s - rules.room_s, (before_s + onset_s) / 2)


def _left_over(spans: Sequence[Span], cues: Sequence[Cue], duration_s: float) -> Iterator[Lost]:
    """Speech that no cue covers: neighbours in one line."""
    taken = merged((cue.start_s, cue.end_s) for cue in cues)
    free = [piece for span in spans for piece in without((span[0], min(span[1], duration_s)), taken)]
    speech = merged((piece for piece in free if piece[1] - piece[0] >= LEAST_LEFT_S), SAME_REMARK_S, taken)
    for start_s, end_s in speech:
        cue = Cue(round(start_s, 3), round(end_s, 3), "")
        yield Lost(cue, "no transcript", round(end_s - start_s, 3), "a text for what is said")


def _owned(lost: Iterable[Lost], taken: Sequence[Span], duration_s: float) -> Iterator[Lost]:
    """Give to each lost stretch, in order of time, the seconds that neither a clip nor a stretch before it has."""
    reach_s = 0.0
    for each in sorted(lost, key=lambda each: (each.cue.start_s, each.cue.end_s, each.cue.rows)):
        stretch = (max(reach_s, each.cue.start_s), min(each.cue.end_s, duration_s))
        own_s = sum(end_s - start_s for start_s, end_s in without(stretch, taken))
        reach_s = max(reach_s, stretch[1])
        yield replace(each, own_s=round(own_s, 3))
