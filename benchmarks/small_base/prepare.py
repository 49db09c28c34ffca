"""Prepare the corpus of the small base: `dimts prepare` for all languages at once, each in a process of its own.

    python benchmarks/small_base/prepare.py OUT --workers 16

makes OUT/datasets/<language> of OUT/<language>, and OUT/datasets/held_out/<language>, which no run may train on.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

LICENCE = "our own sentences, spoken by eSpeak NG"


def main() -> None:
    """Prepare every language that was built; exit 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=2, help="of all languages together")
    options = parser.parse_args()
    built = sorted(note.parent for note in options.out.glob("**/corpus.json"))
    share = max(1, round(options.workers / len(built)))
    running: list[subprocess.Popen[str]] = []
    for folder in built:
        while sum(process.poll() is None for process in running) * share >= options.workers:
            time.sleep(0.1)
        running.append(start(options.out, folder.relative_to(options.out), share))
    outcomes = [process.communicate()[0] for process in running]
    for outcome in outcomes:
        facts = json.loads(outcome or "{}")
        print({name: facts.get(name) for name in ("dataset", "clips", "hours", "eval_clips", "rejected", "warnings")})
    sys.exit(any(process.returncode for process in running))


def start(out: Path, name: Path, workers: int) -> "subprocess.Popen[str]":
    """Begin to prepare one folder."""
    prepare = [sys.executable, "-m", "dimts.app.cli", "prepare", out / name, "--out", out / "datasets" / name]
    options = ["--language", name.name, "--align", "none", "--licence", LICENCE, "--workers", str(workers), "--json"]
    return subprocess.Popen([*map(str, prepare), *options], stdout=subprocess.PIPE, text=True)


if __name__ == "__main__":
    main()
