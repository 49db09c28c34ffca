"""Line charts as SVG, drawn on the server: no script, no network, readable by screen readers through a title."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dimts.data.report.markup import Markup, tag
from dimts.data.report.quantities import round_width

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BASE = 420, 190, 52, 8, 10, 164  # of a chart, in its own pixels
TICKS = 4
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A named line, or dots where the points are few; `kind` is its colour, a or b."""

    name: str
    points: Sequence[Point]
    kind: str = "a"


def chart(title: str, *lines: Line) -> Markup:
    """Draw lines over updates; nothing where there is no point."""
    drawn = [line for line in lines if line.points]
    points = [point for line in drawn for point in line.points if math.isfinite(point[1])]
    if not points:
        return Markup("")
    frame = _Frame(*_span([x for x, _ in points], 1.0), *_span([y for _, y in points], 1e-12))
    last = ", ".join(f"{line.name} {_number(line.points[-1][1])}" for line in drawn)
    picture = tag("svg", tag("title", f"{title}: {last}"), *_axes(frame), *(_line(line, frame) for line in drawn),
                  viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img")  # fmt: skip
    key = (
        tag("span", tag("i", class_=line.kind), f"{line.name} ", tag("b", _number(line.points[-1][1])))
        for line in drawn
    )
    return tag("figure", tag("figcaption", tag("b", title), tag("span", *key, class_="key")), picture)


@dataclass(frozen=True)
class _Frame:
    """Which values the chart spans."""

    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        return round(LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(BASE - (value - self.y0) / (self.y1 - self.y0) * (BASE - TOP), 1)


def _span(values: Sequence[float], least: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = max((high - low) * 0.05, abs(high) * 1e-3, least / 2)
    return (low - room if low < 0 or low > 0.3 * high else 0.0), high + room


def _line(line: Line, frame: _Frame) -> Markup:
    places = [(frame.x(x), frame.y(y)) for x, y in line.points if math.isfinite(y)]
    path = tag("polyline", class_=line.kind, points=" ".join(f"{x},{y}" for x, y in places))
    if len(places) > 60:
        return path
    return tag("g", path, *(tag("circle", class_=line.kind, cx=x, cy=y, r=2.2) for x, y in places))


def _axes(frame: _Frame) -> Iterator[Markup]:
    for value in _ticks(frame.y0, frame.y1):
        y = frame.y(value)
        yield tag("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
        yield tag("text", _number(value), x=LEFT - 5, y=y + 4, text_anchor="end")
    for value in _ticks(frame.x0, frame.x1, whole=True):
        yield tag("text", f"{value:,.0f}", x=frame.x(value), y=BASE + 18, text_anchor="middle")


def _ticks(low: float, high: float, whole: bool = False) -> Iterator[float]:
    width = round_width((high - low) / TICKS)
    width = max(1.0, math.ceil(width)) if whole else width
    number = math.ceil(low / width)
    while number * width <= high:
        yield number * width
        number += 1


def _number(value: float) -> str:
    if value and (abs(value) < 1e-3 or abs(value) >= 1e6):
        digits, exponent = f"{value:.2e}".split("e")
        return f"{float(digits):g}e{int(exponent)}"
    return f"{value:,.4g}"
