"""The learning rate's curve over a run: points for programs, blocks for the terminal, a picture for a report."""

import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dimts.config import Optimizer, Schedule
from dimts.errors import ConfigError, MissingExtra
from dimts.train import schedule
from dimts.train.schedule import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 200  # a curve's at most, beside the milestones
ROWS, MOST_COLUMNS, LEAST_COLUMNS = 6, 100, 20
BLOCKS, ASCII = " ▁▂▃▄▅▆▇█", " .:|"  # from empty to full
SIZE_INCHES, DPI, TITLE_COLUMNS = (9, 4), 100, 110


def points(settings: Schedule, optimizer: Optimizer, updates: int) -> list[dict[str, float]]:
    """Return the rates after so many updates, as points that a straight line may join."""
    own = new_rows_rate(optimizer)
    factors = ((update, schedule.factor(settings, update, updates)) for update in _where(settings, updates))
    return [{"update": update, "lr": optimizer.lr * f, "new_rows_lr": own * f} for update, f in factors]


def new_rows_rate(optimizer: Optimizer) -> float:
    """Return the highest rate of the rows that the vocabulary added."""
    return optimizer.lr if optimizer.new_rows_lr == "same" else optimizer.new_rows_lr


def lines(settings: Schedule, optimizer: Optimizer, updates: int, width: int, blocks: str = BLOCKS) -> list[str]:
    """Draw the curve in lines of at most `width` columns; [] where that is too narrow to show anything."""
    top, own = shown(optimizer.lr), new_rows_rate(optimizer)
    margin = len(top) + 2
    columns = min(width, MOST_COLUMNS) - margin
    if columns < LEAST_COLUMNS:
        return []
    heights = [schedule.factor(settings, int((i + 0.5) * updates / columns), updates) for i in range(columns)]
    labels = [top, *[""] * (ROWS - 2), "0"]
    bars = ["".join(_block(height * ROWS - row, blocks) for height in heights) for row in reversed(range(ROWS))]
    drawn = [f"{label:>{margin - 2}} |{bar}" for label, bar in zip(labels, bars, strict=True)]
    axis = " " * margin + "0" + f"{updates:,} updates".rjust(columns - 1)
    rows = f" (new rows: {shown(own)} at the top)" if own != optimizer.lr else ""
    return [f"learning rate{rows}", *(line.rstrip() for line in (*drawn, axis))]


def blocks_for(encoding: str | None) -> str:
    """Return the signs that an output of this encoding can show."""
    try:
        BLOCKS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def picture(settings: Schedule, optimizer: Optimizer, updates: int, path: Path) -> Path:
    """Draw the curve as a PNG. MissingExtra without matplotlib, ConfigError where the file cannot be written."""
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(SIZE_INCHES, DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    found = points(settings, optimizer, updates)
    steps, rates = [point["update"] for point in found], [point["lr"] for point in found]
    axes.plot([*steps, updates], [*rates, rates[-1]], color="#2d7d46", linewidth=1.8)
    words = textwrap.fill(schedule.in_words(settings, updates, optimizer.lr), TITLE_COLUMNS)
    axes.set_title(words, loc="left", fontsize=10)
    _label(axes, new_rows_rate(optimizer) / optimizer.lr, updates)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png")
    except OSError as error:
        raise ConfigError(f"--plot {path}: cannot be written ({error.strerror}); choose another place") from error
    return path


def require_matplotlib() -> None:
    """Raise MissingExtra where no picture can be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtra("matplotlib", "plot", "Drawing the learning rate") from None


def _label(axes: "Axes", ratio: float, updates: int) -> None:
    """Give the axes their names; the new rows' rate has the same curve on a scale of its own."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, StrMethodFormatter

    axes.set_xlim(0, updates)
    axes.set_ylim(0, None)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=(1, 2, 5, 10)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel("optimizer updates")
    axes.set_ylabel("learning rate")
    scales: list[Any] = [axes]
    if ratio != 1:
        scales.append(axes.secondary_yaxis("right", functions=_scaled(ratio)))
        scales[-1].set_ylabel("new rows' learning rate")
    for scale in scales:
        scale.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: shown(rate, 3)))


def _scaled(ratio: float) -> tuple[Any, Any]:
    """Return the functions from one scale to the other and back."""
    return (lambda rates: rates * ratio), (lambda rates: rates / ratio)


def _where(settings: Schedule, updates: int) -> list[int]:
    """Choose the updates that show the curve: evenly, and on both sides of each jump and bend."""
    even = {round(i * (updates - 1) / (POINTS - 1)) for i in range(POINTS)}
    bends = {settings.warmup_updates, *(settings.milestones if settings.kind == "multistep" else ())}
    beside = {update + step for update in bends for step in (-1, 0)}
    return sorted(update for update in even | beside if 0 <= update < updates)


def _block(height: float, blocks: str) -> str:
    """Return the sign for what of a column lies in one row; 1 fills it."""
    return blocks[max(0, min(len(blocks) - 1, math.ceil(height * (len(blocks) - 1))))]
