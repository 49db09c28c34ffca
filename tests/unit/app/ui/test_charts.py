"""Charts draw what is finite, inside their frame, and escape what they are called."""

import re

from dimts.app.ui.charts import BASE, HEIGHT, LEFT, TOP, WIDTH, Line, chart


def test_points_lie_inside_and_names_are_escaped() -> None:
    drawn = chart("<b>loss</b>", Line("a&b", [(1, 3.0), (2, float("nan")), (500, 1.0)]), Line("none", [], "b"))
    assert "<b>loss" not in drawn.replace("<b>&lt;b&gt;loss", "") and "a&amp;b" in drawn and "none" not in drawn
    (places,) = re.findall(r'points="([^"]+)"', drawn)
    points = [tuple(map(float, place.split(","))) for place in places.split()]
    assert len(points) == 2 and all(LEFT <= x <= WIDTH and TOP <= y <= BASE < HEIGHT for x, y in points)


def test_nothing_is_drawn_of_nothing_and_one_point_is_enough() -> None:
    assert chart("x", Line("a", [])) == "" and chart("x", Line("a", [(1, float("nan"))])) == ""
    assert "<circle" in chart("x", Line("a", [(5, 0.0)]))
