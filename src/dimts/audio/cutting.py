"""Clips out of speech: cuts lie in silence only, and every second of the recording is accounted for.

Speech that goes on for too long is parted at its longest pause; short neighbours are joined; then each clip takes as
much of the silence around as there is. The surprise: what has no pause is not cut but reported, for half a word under a
whole one teaches a voice to swallow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dimts.audio.levels import LEVEL_S, Levels, levels, loud
from dimts.audio.sound import Samples
from dimts.audio.spans import Free, Span, between, without
from dimts.audio.speech import Heard

PAUSE_WEIGHT = 0.3  # of a pause at the wrong place, against 1.0 for a clip of no length
EDGE_LEVELS = 3  # a word that was cut is loud within 30 ms of the edge


@dataclass(frozen=True)
class Lengths:
    """How clips are cut; all in seconds but the depth."""

    min_s: float = 3.0  # shorter ones are joined where a neighbour is near
    max_s: float = 11.0  # room included
    min_room_s: float = 0.05  # silence kept on both sides, where a pause inside speech is cut
    max_room_s: float = 0.15
    join_s: float = 0.8  # longest silence inside a clip
    pause_s: float = 0.15  # shortest pause that is no closure of a stop
    pause_depth_db: float = 20.0  # under the loud parts of the speech around


@dataclass(frozen=True)
class Cutting:
    """A recording in pieces that tile it: clips, speech too long to keep without a pause, and what lies between."""

    clips: list[Span]
    uncuttable: list[Span]
    gaps: list[Span]


def cut(spans: Sequence[Span], heard: Heard, lengths: Lengths | None = None) -> Cutting:
    """Cut the speech of one speaker: `spans` are sorted and apart, all of `heard.spans` or some parts of them."""
    lengths = lengths or Lengths()
    assert all(a.end_s <= b.start_s for a, b in zip(spans, spans[1:], strict=False)), "spans must be sorted and apart"
    pieces = [piece for span in spans for piece in _parted(span, heard, lengths)]
    joined = [_around(group) for group in _grouped(pieces, lengths)]
    fits = [span.duration_s <= _longest_s(lengths) for span in joined]
    free = Free([*pieces, *without(heard.spans, spans)], heard.duration_s)
    clips = [free.widen(span, lengths.max_room_s) for span, fit in zip(joined, fits, strict=True) if fit]
    uncuttable = [span for span, fit in zip(joined, fits, strict=True) if not fit]
    return Cutting(clips, uncuttable, between(sorted([*clips, *uncuttable]), heard.duration_s))


def edge_energy(samples: Samples, rate_hz: int) -> tuple[float, float]:
    """Give the levels in dB of the first and last 30 ms against the loud parts of the clip: near 0 is a cut word."""
    levels_db = levels(samples, rate_hz)
    if not len(levels_db):
        return 0.0, 0.0
    loud_db = loud(levels_db)
    return float(levels_db[:EDGE_LEVELS].max()) - loud_db, float(levels_db[-EDGE_LEVELS:].max()) - loud_db


def _longest_s(lengths: Lengths) -> float:
    """Speech that a clip can hold beside its room."""
    return lengths.max_s - 2 * lengths.max_room_s


def _parted(span: Span, heard: Heard, lengths: Lengths) -> list[Span]:
    """Part a span that is too long at its longest pause, again and again; whole where there is none."""
    if span.duration_s <= _longest_s(lengths):
        return [span]
    pauses = _pauses(span, heard.levels_db, lengths)
    inner = [pause for pause in pauses if _leaves(span, pause) >= lengths.min_s] or pauses
    if not inner:
        return [span]
    pause = max(inner, key=lambda pause: (round(pause.duration_s, 3), _leaves(span, pause)))
    before, after = Span(span.start_s, pause.start_s), Span(pause.end_s, span.end_s)
    return [*_parted(before, heard, lengths), *_parted(after, heard, lengths)]


def _leaves(span: Span, pause: Span) -> float:
    """Seconds of the shorter side when a span is parted at a pause."""
    return min(pause.start_s - span.start_s, span.end_s - pause.end_s)


def _pauses(span: Span, levels_db: Levels, lengths: Lengths) -> list[Span]:
    """Find pauses: at least `pause_s` in which each 10 ms is `pause_depth_db` under the loud parts of the span."""
    first = round(span.start_s / LEVEL_S)
    inside = levels_db[first : round(span.end_s / LEVEL_S)]
    quiet = inside < loud(inside) - lengths.pause_depth_db
    padded = np.concatenate([[False], quiet, [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    runs = [
        (start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if start > 0 and stop < len(quiet)
    ]
    found = [Span(float((first + start) * LEVEL_S), float((first + stop) * LEVEL_S)) for start, stop in runs]
    shortest_s = max(lengths.pause_s, 2 * lengths.min_room_s)
    return [pause for pause in found if pause.duration_s >= shortest_s - LEVEL_S / 2]


def _grouped(pieces: Sequence[Span], lengths: Lengths) -> list[list[Span]]:
    """Join neighbours at least cost: too short a clip costs its lack, a pause costs the more the worse it is placed."""
    pauses = [min((b.start_s - a.end_s) / lengths.join_s, 1.0) for a, b in zip(pieces, pieces[1:], strict=False)]
    costs, starts = [0.0], [0]  # of the best grouping of the first n pieces, and where its last group starts
    for stop in range(1, len(pieces) + 1):
        options = []
        for start in range(stop - 1, -1, -1):
            if not _may_be_one(pieces[start:stop], lengths):
                break
            lack = max(0.0, lengths.min_s - _around(pieces[start:stop]).duration_s) / lengths.min_s
            outer = 1 - pauses[start - 1] if start else 0.0  # a cut in a short pause
            cost = lack + PAUSE_WEIGHT * (outer + sum(pauses[start : stop - 1]))
            options.append((costs[start] + cost, start))
        cost, start = min(options)
        costs.append(cost)
        starts.append(start)
    groups, stop = [], len(pieces)
    while stop:
        groups.append(list(pieces[starts[stop] : stop]))
        stop = starts[stop]
    return groups[::-1]


def _may_be_one(pieces: Sequence[Span], lengths: Lengths) -> bool:
    if len(pieces) == 1:
        return True
    near = pieces[1].start_s - pieces[0].end_s <= lengths.join_s  # the others were asked before
    return near and _around(pieces).duration_s <= _longest_s(lengths)


def _around(pieces: Sequence[Span]) -> Span:
    return Span(pieces[0].start_s, pieces[-1].end_s)
