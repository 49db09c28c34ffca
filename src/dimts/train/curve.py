"""The learning rate's curve over a run: points for programs, blocks for the terminal, a picture for a report."""

import math
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dimts.config import RunConfig, Schedule
from dimts.errors import ConfigError, MissingExtra
from dimts.train import schedule
from dimts.train.schedule import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 200  # a curve's at most, beside the milestones
ROWS, MOST_COLUMNS, LEAST_COLUMNS = 6, 100, 20
BLOCKS, ASCII = " ▁▂▃▄▅▆▇█", " .:|"  # from empty to full
SIZE_INCHES, DPI, TITLE_COLUMNS = (9, 4), 100, 110
SCALE_APART = 0.12  # of the picture's width: from one scale at the right to the next
NAMES = {"new_rows_lr": "new rows", "lora_lr": "adapters"}
Rates = Mapping[str, float]


def rates(run: RunConfig) -> Rates:
    """Return the highest learning rates of a run, by setting: `lr` first, then those of its own kinds of weights."""
    optimizer = run.optimizer
    own = {"new_rows_lr": optimizer.new_rows_lr, **({"lora_lr": optimizer.lora_lr} if run.train.with_lora else {})}
    return {"lr": optimizer.lr, **{name: optimizer.lr if rate == "same" else rate for name, rate in own.items()}}


def points(settings: Schedule, top: Rates, updates: int) -> list[dict[str, float]]:
    """Return the rates after so many updates, as points that a straight line may join."""
    factors = ((update, schedule.factor(settings, update, updates)) for update in _where(settings, updates))
    return [{"update": update, **{name: rate * f for name, rate in top.items()}} for update, f in factors]


def lines(settings: Schedule, top: Rates, updates: int, width: int, blocks: str = BLOCKS) -> list[str]:
    """Draw the curve in lines of at most `width` columns; [] where that is too narrow to show anything."""
    label = shown(top["lr"])
    margin = len(label) + 2
    columns = min(width, MOST_COLUMNS) - margin
    if columns < LEAST_COLUMNS:
        return []
    heights = [schedule.factor(settings, int((i + 0.5) * updates / columns), updates) for i in range(columns)]
    labels = [label, *[""] * (ROWS - 2), "0"]
    bars = ["".join(_block(height * ROWS - row, blocks) for height in heights) for row in reversed(range(ROWS))]
    drawn = [f"{left:>{margin - 2}} |{bar}" for left, bar in zip(labels, bars, strict=True)]
    axis = " " * margin + "0" + f"{updates:,} updates".rjust(columns - 1)
    others = [f"{NAMES[name]}: {shown(rate)}" for name, rate in _others(top).items()]
    heading = f"learning rate ({', '.join(others)} at the top)" if others else "learning rate"
    return [heading, *(line.rstrip() for line in (*drawn, axis))]


def blocks_for(encoding: str | None) -> str:
    """Return the signs that an output of this encoding can show."""
    try:
        BLOCKS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def picture(settings: Schedule, top: Rates, updates: int, path: Path) -> Path:
    """Draw the curve as a PNG. MissingExtra without matplotlib, ConfigError where the file cannot be written."""
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(SIZE_INCHES, DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    found = points(settings, top, updates)
    steps, rates = [point["update"] for point in found], [point["lr"] for point in found]
    axes.plot([*steps, updates], [*rates, rates[-1]], color="#2d7d46", linewidth=1.8)
    words = textwrap.fill(schedule.in_words(settings, updates, top["lr"]), TITLE_COLUMNS)
    axes.set_title(words, loc="left", fontsize=10)
    _label(axes, top, updates)
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


def _label(axes: "Axes", top: Rates, updates: int) -> None:
    """Give the axes their names; the other rates have the same curve on scales of their own."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, StrMethodFormatter

    axes.set_xlim(0, updates)
    axes.set_ylim(0, None)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=(1, 2, 5, 10)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel("optimizer updates")
    axes.set_ylabel("learning rate")
    scales: list[Any] = [axes]
    for number, (name, rate) in enumerate(_others(top).items()):
        scales.append(axes.secondary_yaxis(1 + SCALE_APART * number, functions=_scaled(rate / top["lr"])))
        scales[-1].set_ylabel(f"learning rate of {NAMES[name]}")
    for scale in scales:
        scale.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: shown(rate, 3)))


def _others(top: Rates) -> dict[str, float]:
    return {name: rate for name, rate in top.items() if rate != top["lr"]}


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
