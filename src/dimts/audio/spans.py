"""Stretches of a recording and what lies between them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of a recording, in seconds from its start."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """Give what is left of spans outside of the taken ones, both sorted and apart."""
    left, waiting = [], list(taken)[::-1]
    for span in spans:
        start_s = span.start_s
        while waiting and waiting[-1].start_s < span.end_s:
            left.append(Span(start_s, waiting[-1].start_s))
            start_s = max(start_s, waiting[-1].end_s)
            if waiting[-1].end_s > span.end_s:  # reaches into the next one
                break
            waiting.pop()
        left.append(Span(start_s, span.end_s))
    return [span for span in left if span.duration_s > 0]


def between(pieces: Sequence[Span], duration_s: float) -> list[Span]:
    """Give what the pieces leave of the recording."""
    edges = [0.0, *(edge for piece in pieces for edge in (piece.start_s, piece.end_s)), duration_s]
    gaps = [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return [gap for gap in gaps if gap.duration_s > 0]


class Free:
    """The silence around speech: to the middle of what lies between two stretches of it, or to the recording's edge."""

    def __init__(self, speech: Sequence[Span], duration_s: float) -> None:
        self._duration_s = duration_s
        self._starts = sorted(span.start_s for span in speech)
        self._ends = sorted(span.end_s for span in speech)

    def widen(self, span: Span, room_s: float) -> Span:
        """Widen a span by `room_s` to both sides, less where that is not free."""
        before, after = bisect_left(self._starts, span.start_s), bisect_right(self._ends, span.end_s)
        free_before, free_after = span.start_s, self._duration_s - span.end_s
        if before:
            free_before = (span.start_s - min(self._ends[before - 1], span.start_s)) / 2
        if after < len(self._ends):
            free_after = (max(self._starts[after], span.end_s) - span.end_s) / 2
        return Span(span.start_s - min(free_before, room_s), span.end_s + min(free_after, room_s))
