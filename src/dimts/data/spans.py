"""Sets of seconds: sorted spans of time, and what is inside, between and left of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

Span = tuple[float, float]  # start and end in seconds


def within(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """Give the parts of spans between two times."""
    first = bisect_right(spans, start_s, key=lambda span: span[1])
    stop = bisect_left(spans, end_s, lo=first, key=lambda span: span[0])
    return [(max(span[0], start_s), min(span[1], end_s)) for span in spans[first:stop]]


def merged(spans: Iterable[Span], gap_s: float = 0.0, apart: Sequence[Span] = ()) -> list[Span]:
    """Sort spans and make one of those with less than `gap_s` between, unless something of `apart` lies there."""
    found: list[Span] = []
    for start_s, end_s in sorted(span for span in spans if span[1] > span[0]):
        near = bool(found) and start_s - found[-1][1] <= gap_s
        if near and not within(apart, found[-1][1], start_s):
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        else:
            found.append((start_s, end_s))
    return found


def without(span: Span, taken: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of a span that none of the sorted `taken` covers."""
    at_s = span[0]
    for start_s, end_s in within(taken, *span):
        if start_s > at_s:
            yield at_s, start_s
        at_s = max(at_s, end_s)
    if span[1] > at_s:
        yield at_s, span[1]
