"""Build the small base from nothing: corpus, datasets, then DVAE, GPT and vocoder, one after the other.

    python benchmarks/small_base/build.py OUT --minutes dvae=20 gpt=300 decoder=150    # two cores, a night
    python benchmarks/small_base/build.py OUT --minutes dvae=2 gpt=6 decoder=3 --workers 16 \\
        --gpt train.tf32=true batch.tokens=40000 batch.clips=96 --decoder train.tf32=true   # a GPU

Every step is a command of `dimts`; what is done is not done again. How many updates fit into the minutes is told by the
first ones, so that the learning rate falls to its end in time; `--updates gpt=9000` repeats another machine's run.
`--start BASE` goes on with a base that has codes, such as the shipped one. `--until gpt` ends there. OUT/base is the
result, OUT/times.json says what each step took.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import vocab
import yaml

from dimts import files, log

HERE = Path(__file__).parent
PARTS = ("dvae", "gpt", "decoder")
FIRST = 200  # updates that tell how long one takes: the learning rate rises over these


class Steps:
    """Runs commands and notes what they take."""

    def __init__(self, out: Path) -> None:
        self.out, self.notes = out, out / "times.json"
        self.took_s: dict[str, float] = json.loads(self.notes.read_text()) if self.notes.is_file() else {}

    def run(self, name: str, *command: object) -> None:
        """Run a Python script or module once; stop everything where it fails."""
        if name in self.took_s:
            return
        began = time.perf_counter()
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, *map(str, command)], check=True, cwd=self.out)
        self.took_s[name] = round(time.perf_counter() - began, 1)
        files.write_text(self.notes, json.dumps(self.took_s, indent=1) + "\n")
        print(f"== {name} took {self.took_s[name]} s", flush=True)

    def dimts(self, name: str, *arguments: object) -> None:
        """Run a command of dimts."""
        self.run(name, "-m", "dimts.app.cli", *arguments)


def main() -> None:
    """Do what is not done yet."""
    options = parse()
    out: Path = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    steps, workers = Steps(out), ("--workers", options.workers)
    steps.run("corpus", HERE / "corpus.py", out / "corpus", "--hours", options.hours, *workers)
    steps.run("prepare", HERE / "prepare.py", out / "corpus", *workers)
    files.write_text(out / "vocab.json", vocab.vocabulary())
    steps.dimts("init", "base", "init", out / "start", "--size", "small", "--vocab", out / "vocab.json")
    for part in PARTS[options.start is not None : PARTS.index(options.until) + 1]:
        train(steps, part, options)
    steps.run(f"ship {options.until}", HERE / "ship.py", out / options.until / "voice", out / "base")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=10.0, help="of speech")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--start", type=Path, help="go on with this base, its codes as they are")
    parser.add_argument("--minutes", nargs="*", type=counted, default=[], metavar="PART=N")
    parser.add_argument("--updates", nargs="*", type=counted, default=[], metavar="PART=N")
    for part in PARTS:
        parser.add_argument(f"--{part}", nargs="*", default=[], metavar="SETTING=VALUE", help="other than in runs/")
    parser.add_argument("--until", choices=PARTS, default="decoder")
    return parser.parse_args()


def counted(text: str) -> tuple[str, float]:
    """Read PART=NUMBER."""
    part, _, number = text.partition("=")
    if part not in PARTS:
        raise argparse.ArgumentTypeError(f"{part}: is none of {', '.join(PARTS)}")
    return part, float(number)


def train(steps: Steps, part: str, options: argparse.Namespace) -> None:
    """Train a part: some updates to see how long one takes, then as many as fit."""
    minutes, updates, run = dict(options.minutes), dict(options.updates), steps.out / f"{part}.yaml"
    settings = yaml.safe_load((HERE / "runs" / f"{part}.yaml").read_text())
    if part == "gpt" and options.start:
        settings["base"] = str(options.start.absolute())
    files.write_text(run, yaml.safe_dump(settings, sort_keys=False))
    chosen = [word for setting in getattr(options, part) for word in ("--set", setting)]
    if part not in updates:
        steps.dimts(f"{part}, first", "train", run, *chosen, "--set", f"train.max_updates={FIRST}")
        updates[part] = FIRST + fitting(steps.out / part, minutes[part] * 60)
    print(f"{part}: {updates[part]:,.0f} updates", flush=True)
    steps.dimts(part, "train", run, *chosen, "--set", f"train.max_updates={updates[part]:.0f}")


def fitting(run: Path, seconds: float) -> int:
    """Tell how many updates fit into so many seconds, by the later half of the first ones."""
    took = [line["seconds"] for line in log.read(run) if line["kind"] == "update"][:FIRST]
    return int(seconds / statistics.median(took[len(took) // 2 :]))


if __name__ == "__main__":
    main()
