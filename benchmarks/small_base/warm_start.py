# ruff: noqa: T201
"""Do new rows that start from their sounds help? The demo's Amharic, with each start of new rows and each seed.

    python benchmarks/small_base/warm_start.py DEMO --work FOLDER [--updates 200] [--seeds 0 1 2]

DEMO is what `dimts demo --out DEMO` made. One JSON line a run: code loss on held-back clips by update, and, before and
after, how often the right one of twenty texts is heard in held-out sentences. FOLDER/warm-start.png draws them all.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from dimts import log
from dimts.app.demo import corpus

STARTS = ("phonetic", "mean", "noise")
SENTENCES = 24
COLOURS = dict(zip(STARTS, ("#1f77b4", "#d62728", "#7f7f7f"), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    texts = options.work / "texts.txt"
    texts.write_text("\n".join(corpus.read_sentences("held_out.txt")[:SENTENCES]) + "\n", encoding="utf-8")
    runs = []
    for seed in options.seeds:
        for start in STARTS:
            runs.append(one(options, start, seed, texts))
            print(json.dumps(runs[-1]), flush=True)
    draw(runs, options.work / "warm-start.png")


def one(options: argparse.Namespace, start: str, seed: int, texts: Path) -> dict[str, Any]:
    """Train once, for no update and for all of them, and judge both."""
    nearest, curve = {}, {}
    for updates in (1, options.updates):
        out = options.work / f"{start}-{seed}-{updates}"
        run = settings(options.demo, out, start, seed, updates)
        file = options.work / f"{out.name}.yaml"
        file.write_text(yaml.safe_dump(run), encoding="utf-8")
        dimts("train", file)
        curve |= {line["update"]: round(line["code_loss"], 3) for line in log.read(out) if line["kind"] == "eval"}
        nearest[updates] = judged(out, texts)
    return {"start": start, "seed": seed, "code_loss": curve, "nearest": nearest}


def settings(demo: Path, out: Path, start: str, seed: int, updates: int) -> dict[str, Any]:
    """Return the demo's run with another start; the same seed hears the same clips."""
    run: dict[str, Any] = yaml.safe_load((demo / "run" / "run.yaml").read_text(encoding="utf-8"))
    train = run["train"] | {"new_rows_start": start, "max_updates": updates, "epochs": 1000}
    schedule = run["schedule"] | ({"kind": "constant", "warmup_updates": 1000} if updates == 1 else {})
    evaluate = run["evaluate"] | {"every_updates": 50}
    return run | {"out": str(out), "seed": seed, "train": train, "schedule": schedule, "evaluate": evaluate}


def judged(out: Path, texts: Path) -> dict[str, float]:
    """Say the sentences; return the share whose own text is heard, with its interval."""
    sampling = ("--temperature", "0.5", "--repetition-penalty", "1")
    dimts(
        "evaluate", out / "voice", "--language", "am", "--texts", texts, "--others", "0", *sampling, "--out", out / "j"
    )
    found = json.loads((out / "j" / "evaluation.json").read_text(encoding="utf-8"))["subjects"][0]["scores"]["nearest"]
    return {name: round(found[name], 3) for name in ("mean", "low", "high")}


def dimts(*words: object) -> None:
    command = [sys.executable, "-m", "dimts.app.cli", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def draw(runs: list[dict[str, Any]], path: Path) -> None:
    """Draw code loss by update, a line a run, and the right texts before and after."""
    from matplotlib.figure import Figure

    figure = Figure((8, 3.2), layout="constrained")
    loss, heard = figure.subplots(1, 2, width_ratios=(2, 1))
    means: dict[tuple[str, int], list[float]] = defaultdict(list)
    for run in runs:
        updates = sorted(run["code_loss"])
        label = run["start"] if run["seed"] == runs[0]["seed"] else None
        loss.plot(updates, [run["code_loss"][at] for at in updates], color=COLOURS[run["start"]], label=label)
        for at, (_, score) in enumerate(sorted(run["nearest"].items())):
            means[run["start"], at].append(score["mean"])
    for start in STARTS:
        heard.plot(["before", "after"], [sum(means[start, at]) / len(means[start, at]) for at in (0, 1)], "o-",
                   color=COLOURS[start])  # fmt: skip
    loss.set(xlabel="update", ylabel="code loss (nats)", title="Held-back Amharic clips")
    heard.set(ylim=(0, 1), title="Right text of twenty")
    heard.axhline(0.05, color="#bbbbbb", linestyle=":")
    loss.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
