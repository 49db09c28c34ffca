"""Tables and plots of what `run.py` found.

    python benchmarks/evidence/draw.py FOLDER docs/evidence

Prints a table in Markdown for each experiment and draws OUT/NAME.png: code loss by update on the run's own held-back
clips, at the end on the demo's, and how often the right one of twenty texts is heard, with its interval over sentences.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import EXPERIMENTS, Variant
from matplotlib.figure import Figure
from run import key_of, read

from dimts.evaluate import intervals
from dimts.evaluate.intervals import Interval

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#17becf", "#7f7f7f", "#bcbd22")
CHANCE = 0.05
HEARD = ("amharic", "amharic, distance", "english", "english in new voices")
HEAD = "| | seeds | code loss | nearest of 20 | phone distance | English, base's voices | in new voices | s |"

Runs = Sequence[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    lines = read(options.folder)
    for name, variants in EXPERIMENTS.items():
        found = {label: runs for label, variant in variants.items() if (runs := of(variant, lines))}
        if found:
            print(f"\n**{name}**\n\n{HEAD}\n|{'---|' * HEAD.count(' |')}")
            print(*(row(label, runs) for label, runs in found.items()), sep="\n")
            draw(name, found).savefig(options.out / f"{name.replace(' ', '-').replace(',', '')}.png", dpi=90)


def of(variant: Variant, lines: Runs) -> Runs:
    return sorted((line for line in lines if line["key"] == key_of(variant)), key=lambda line: int(line["seed"]))


def row(label: str, runs: Runs) -> str:
    """Give a line of the table: code loss by seeds, what was heard by sentences."""
    losses = [run["common"] for run in runs]
    seconds = round(sum(run["seconds"] for run in runs) / len(runs))
    spread = f"{sum(losses) / len(losses):.3f} ({min(losses):.3f}..{max(losses):.3f})"
    return f"| {label} | {len(runs)} | {spread} | {' | '.join(str(over(runs, each)) for each in HEARD)} | {seconds} |"


def over(runs: Runs, name: str) -> Interval:
    """Give the mean over all sentences of all seeds."""
    return intervals.mean([value for run in runs for value in run[name]])


def draw(name: str, found: Mapping[str, Runs]) -> Figure:
    figure = Figure((11, 0.9 + 0.34 * max(6, len(found))), layout="constrained")
    curves, ends, heard = figure.subplots(1, 3, width_ratios=(1.3, 1, 1))
    for at, runs in enumerate(found.values()):
        colour = COLOURS[at % len(COLOURS)]
        for run in runs:
            by_update = sorted((int(update), loss) for update, loss in run["curve"].items())
            curves.plot(*zip(*by_update, strict=True), color=colour, alpha=0.8, linewidth=1.2)
        ends.plot([run["common"] for run in runs], [at] * len(runs), "o", color=colour, alpha=0.7)
        right = over(runs, "amharic")
        heard.errorbar(
            right.mean, at, xerr=[[right.mean - right.low], [right.high - right.mean]], fmt="o", color=colour
        )
    for axes, shown in ((ends, [*found]), (heard, [])):
        axes.set_yticks(range(len(found)), shown or [""] * len(found))
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.grid(axis="x", color="#eeeeee")
    curves.set(xlabel="update", ylabel="code loss (nats)", title=f"{name}: held-back clips of the run")
    ends.set(xlabel="code loss (nats), a dot a seed", title="held-back clips of the demo")
    heard.set(xlabel="share heard right", title="right text of twenty", xlim=(0, 1.02))
    heard.axvline(CHANCE, color="#bbbbbb", linestyle=":")
    return figure


if __name__ == "__main__":
    main()
