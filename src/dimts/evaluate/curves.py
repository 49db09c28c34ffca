"""The picture of a training run: code loss above, learning rate and gradient norm below, over updates.

It reads metrics.jsonl as it lies, of a finished, a running or a killed run: a damaged last line is left out, and of an
update that was replayed after a resume the later line counts. The surprise: long runs are thinned out for drawing, but
each stretch keeps its lowest and its highest point, so that a single spike among 100,000 updates stays visible.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dimts.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_PX, DPI = (1200, 800), 100
POINTS = 4000  # drawn for each line: two for half a pixel, so that a thinned line is an even band
SMOOTHED_OVER = 0.03  # of the run: width of the running mean
DOTS = 60  # more evaluations than this are joined without dots
BLUE, LIGHT_BLUE, ORANGE, GREEN, PURPLE = "#1f4e8c", "#9dbbe0", "#d9661f", "#2d7d46", "#8a5aa8"
GRID: dict[str, Any] = {"color": "#dddddd", "linewidth": 0.6}

Numbers = npt.NDArray[np.float64]
Line = Mapping[str, Any]


def loss_curve(metrics: Path, picture: Path, title: str = "") -> Path:
    """Draw a run's metrics.jsonl as a PNG of 1200 x 800 pixels; return its path.

    Raises MissingExtra without matplotlib, DataError when the file is missing, damaged before its last line, or holds
    no measured update yet, or when the picture cannot be written.
    """
    lines = _read(metrics)
    updates, evaluations = _of_kind(lines, "update"), _of_kind(lines, "eval")
    if not updates and not evaluations:
        raise DataError(f"{metrics}: holds no update yet; draw it once training has begun")
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError:
        raise MissingExtra("matplotlib", "plot", "Drawing a loss curve") from None
    size_inches = (SIZE_PX[0] / DPI, SIZE_PX[1] / DPI)
    figure = Figure(size_inches, DPI, layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12))
    FigureCanvasAgg(figure)
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    _draw_losses(losses, updates, evaluations)
    _draw_rates(rates, updates)
    losses.set_xlim(*_limits([line["update"] for line in (*updates, *evaluations)]))
    _finish(figure, (losses, rates), title or metrics.parent.name)
    _save(figure, picture)
    return picture


def _read(metrics: Path) -> list[Line]:
    try:
        text = metrics.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{metrics}: cannot be read ({error.strerror}); name the metrics.jsonl of a run") from error
    rows = [(number, row) for number, row in enumerate(text.split("\n"), start=1) if row.strip()]
    lines: list[Line] = []
    for number, row in rows:
        line = _parse(row)
        if line is not None:
            lines.append(line)
        elif number < rows[-1][0]:
            raise DataError(f"{metrics}: line {number} is not a JSON object; remove that line")
    return lines


def _parse(row: str) -> Line | None:
    try:
        line = json.loads(row)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _of_kind(lines: Sequence[Line], kind: str) -> list[Line]:
    """The lines of a kind in the order of updates; of several for one update the last."""
    by_update = {
        line["update"]: line for line in lines if line.get("kind") == kind and isinstance(line.get("update"), int)
    }
    return [by_update[update] for update in sorted(by_update)]


def _column(lines: Sequence[Line], name: str) -> Numbers:
    """The values of a field; not a number, which leaves a gap, where it is absent, null or infinite."""
    values = (line.get(name) for line in lines)
    column = np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
    return np.where(np.isfinite(column), column, np.nan)


def _draw_losses(axes: "Axes", updates: Sequence[Line], evaluations: Sequence[Line]) -> None:
    steps, train = _column(updates, "update"), _column(updates, "loss_code")
    width = max(1, round(len(steps) * SMOOTHED_OVER))
    smooth = width > 1
    if updates:
        style = {"color": LIGHT_BLUE, "linewidth": 0.8} if smooth else {"color": BLUE, "linewidth": 1.4}
        _line(axes, steps, train, label="training", **style)
    if smooth:
        mean = _running_mean(train, width)
        _line(axes, steps, mean, label=f"training, mean of {width:,} updates", color=BLUE, linewidth=1.8)
    if evaluations:
        dots = {"marker": "o", "markersize": 4.5} if len(evaluations) <= DOTS else {}
        steps, loss = _column(evaluations, "update"), _column(evaluations, "code_loss")
        _line(axes, steps, loss, label="evaluation", color=ORANGE, linewidth=1.4, **dots)
    axes.grid(**GRID)
    axes.set_axisbelow(True)
    axes.set_ylabel("code loss (nats per code)")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False, borderaxespad=0.2)


def _draw_rates(axes: "Axes", updates: Sequence[Line]) -> None:
    steps = _column(updates, "update")
    norms = axes.twinx()
    _line(norms, steps, _column(updates, "grad_norm"), color=PURPLE, linewidth=0.8, alpha=0.6)
    _line(axes, steps, _column(updates, "lr"), color=GREEN, linewidth=1.8, drawstyle="steps-post")
    norms.grid(axis="x", **GRID)  # no lines across: the two scales would each want their own
    norms.set_axisbelow(True)
    axes.set_zorder(norms.get_zorder() + 1)  # the rate is drawn over the restless norm
    axes.patch.set_visible(False)
    axes.set_xlabel("optimizer update")
    for side, name, colour in ((axes, "learning rate", GREEN), (norms, "gradient norm", PURPLE)):
        side.set_ylabel(name, color=colour)
        side.tick_params(axis="y", colors=colour)
        side.set_ylim(bottom=0)
        side.spines["top"].set_visible(False)
    norms.set_ylim(top=norms.get_ylim()[1] * 1.25)  # clear of the rate, which mostly starts at its top


def _limits(steps: Sequence[int]) -> tuple[float, float]:
    margin = max(0.5, (max(steps) - min(steps)) * 0.02)
    return min(steps) - margin, max(steps) + margin


def _line(axes: "Axes", steps: Numbers, values: Numbers, **style: Any) -> None:
    if np.isfinite(values).sum() == 1:
        style.setdefault("marker", "o")  # a line of one point would not show
    axes.plot(*_thin(steps, values), **style)


def _thin(steps: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """At most POINTS points: of each stretch of a longer line its lowest and its highest."""
    if len(steps) <= POINTS:
        return steps, values
    stretch = -(-len(steps) // (POINTS // 2))
    padded = np.full(-(-len(steps) // stretch) * stretch, np.nan)
    padded[: len(values)] = values
    rows = padded.reshape(-1, stretch)
    lowest = np.where(np.isnan(rows), np.inf, rows).argmin(axis=1)
    highest = np.where(np.isnan(rows), -np.inf, rows).argmax(axis=1)
    starts = np.arange(len(rows)) * stretch
    kept = np.unique(np.concatenate([starts + lowest, starts + highest]))
    return steps[kept], values[kept]


def _running_mean(values: Numbers, width: int) -> Numbers:
    """The mean over `width` values around each, over fewer at the ends and at gaps."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    first = np.clip(np.arange(len(values)) - width // 2, 0, None)
    after = np.clip(np.arange(len(values)) - width // 2 + width, None, len(values))
    count = counts[after] - counts[first]
    mean: Numbers = np.where(count > 0, (sums[after] - sums[first]) / np.maximum(count, 1), np.nan)
    return mean


def _finish(figure: "Figure", panels: Sequence["Axes"], title: str) -> None:
    """Title and ticks: updates are whole numbers, and no axis hides an offset."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    panels[0].set_title(title, loc="left", fontsize=13, fontweight="bold")
    for axes in panels:
        axes.spines["top"].set_visible(False)
    panels[0].spines["right"].set_visible(False)
    panels[1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=(1, 2, 5, 10)))
    panels[1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for axes in figure.axes:
        axes.ticklabel_format(axis="y", useOffset=False, scilimits=(-3, 5))


def _save(figure: "Figure", picture: Path) -> None:
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(picture, format="png")
    except OSError as error:
        raise DataError(f"{picture}: cannot be written ({error.strerror}); choose another place") from error
