"""The drawings of a report: histograms as SVG, parts of a whole as bars. Colours are the page's own, by class."""

from collections.abc import Callable, Iterator

from dimts.data.report.markup import Markup, tag
from dimts.data.report.quantities import Histogram, round_width

WIDTH, HEIGHT, BASE, TOP, SIDE = 360, 170, 146, 20, 12  # of a histogram in its own pixels
LEAST_BAR = 1.5  # height of a bar that holds a single clip
LABELS = 5  # numbers under a histogram, about


def histogram(found: Histogram) -> Markup:
    """Draw how a quantity spreads: bars, the limits as lines, round numbers below."""
    low, high = found.edges[0], found.edges[-1]
    scale = (WIDTH - 2 * SIDE) / (high - low)

    def x(value: float) -> float:
        return round(SIDE + (value - low) * scale, 1)

    most = max(found.counts)
    bars = [_bar(found, number, x, most) for number, count in enumerate(found.counts) if count]
    lines = [
        tag("line", class_=kind, x1=x(value), x2=x(value), y1=TOP - 2, y2=BASE)
        for kind, values in (("limit", found.limits), ("warned", found.warned))
        for value in values
        if low <= value <= high
    ]
    middle = tag("line", class_="median", x1=x(found.median), x2=x(found.median), y1=TOP - 2, y2=BASE)
    base = tag("line", class_="axis", x1=SIDE, x2=WIDTH - SIDE, y1=BASE, y2=BASE)
    numbers = [
        tag("text", _number(value), x=x(value), y=BASE + 16, text_anchor=_anchor(x(value)))
        for value in _ticks(low, high)
    ]
    highest = tag("text", f"{most:,}", x=_centre(found, x), y=TOP - 4, text_anchor="middle", class_="most")
    return tag(
        "svg",
        *bars,
        base,
        *lines,
        middle,
        *numbers,
        highest,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{found.name}: {found.measured} clips, median {_number(found.median)} {found.unit}",
    )


def parts(*named: tuple[str, float]) -> Markup:
    """Draw the parts of a whole as one bar; each is a class and an amount."""
    whole = sum(amount for _, amount in named)
    if not whole:
        return Markup("")
    pieces = (tag("i", class_=name, style=f"width:{100 * amount / whole:.2f}%") for name, amount in named if amount > 0)
    return tag("div", *pieces, class_="parts")


def share(amount: float, most: float) -> Markup:
    """Draw an amount beside the largest of its kind."""
    return tag("div", tag("i", style=f"width:{100 * amount / (most or 1):.2f}%"), class_="parts")


def _bar(found: Histogram, number: int, x: Callable[[float], float], most: int) -> Markup:
    left, right, count = found.edges[number], found.edges[number + 1], found.counts[number]
    height = round(max(LEAST_BAR, count / most * (BASE - TOP)), 1)
    width = max(0.8, round(x(right) - x(left) - 0.8, 1))
    first, last = number == 0 and found.smallest < left, number == len(found.counts) - 1 and found.largest > right
    place = f"{'under ' if first else ''}{_number(left)} to {_number(right)}{' and more' if last else ''}"
    said = tag("title", f"{place} {found.unit}: {count:,} clips")
    return tag("rect", said, x=x(left), y=round(BASE - height, 1), width=width, height=height)


def _centre(found: Histogram, x: Callable[[float], float]) -> float:
    """Where the highest bar stands."""
    number = found.counts.index(max(found.counts))
    return round((x(found.edges[number]) + x(found.edges[number + 1])) / 2, 1)


def _ticks(low: float, high: float) -> Iterator[float]:
    """Round numbers between two."""
    width = round_width((high - low) / LABELS)
    number = -(-low // width)
    while number * width <= high:
        yield number * width
        number += 1


def _anchor(x: float) -> str:
    """Keep a number inside the drawing."""
    return "start" if x < 2 * SIDE else "end" if x > WIDTH - 2 * SIDE else "middle"


def _number(value: float) -> str:
    return f"{round(value, 4) + 0.0:,.10g}"  # + 0.0: no -0
