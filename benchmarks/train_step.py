"""Full-size training speed and memory: Dimts in each configuration, beside coqui-tts's GPTTrainer where it is at hand.

Every measurement is a process of its own (its peak memory is the process's); rounds go through all of them in turn, so
that a machine that slows down slows all alike, and medians over rounds are shown. `benchmarks/README.md` says how.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import material
import torch

HERE = Path(__file__).parent
BASELINE = "coqui-tts fp32 all"
CONFIGURATIONS = [("fp32", "all"), ("fp32", "last-2"), ("bf16", "all"), ("bf16", "last-2")]
PARTS = ("data_s", "forward_s", "backward_s", "optimizer_s")
Result = dict[str, float]


def main() -> None:
    """Prepare, measure, print the table."""
    options = parse()
    os.environ |= {"OMP_NUM_THREADS": str(options.threads), "OMP_WAIT_POLICY": "PASSIVE"}
    describe_machine()
    prepared = material.prepare(options.work, options.wavs, options.vocab)
    speed = f"{prepared.audio_s / prepared.cache_s:.0f} x real time"
    print(f"cache: {prepared.cache_s:.1f} s for {prepared.audio_s:.0f} s of audio, {speed}")
    print(f"start on 1,000 cached clips until the first micro-batch: {start(options):.1f} s", flush=True)
    if options.oracle_python is None or not options.oracle_python.is_file():
        print("coqui-tts: skipped: give --oracle-python, the python of its environment")
        options.oracle_python = None
    show(measure(options))


def parse() -> argparse.Namespace:
    """Read the command line."""
    shared = HERE.parent.parent / "shared" / "oracle"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wavs", type=Path, default=shared / "wavs", help="folder of wavs and metadata.csv")
    parser.add_argument("--vocab", type=Path, default=shared / "vocab-v2.json", help="vocabulary of both networks")
    parser.add_argument("--work", type=Path, default=Path("/tmp/dimts-benchmark"), help="keeps base and datasets")
    parser.add_argument("--oracle-python", type=Path, help="python that has coqui-tts; skipped if not given")
    parser.add_argument("--steps", type=int, default=3, help="measured steps a round, after one that is not")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2, help="processor cores to use")
    parser.add_argument("--only", default="", help="measure only configurations whose name holds this")
    return parser.parse_args()


def describe_machine() -> None:
    """Print what the numbers depend on."""
    names = [line.split(": ")[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = f"torch {torch.__version__}, python {platform.python_version()}"
    print(f"{names[0]}, {len(names)} cores, {memory_gb:.0f} GB, {versions}, load {os.getloadavg()[0]:.1f}")


def start(options: argparse.Namespace) -> float:
    """Return the seconds from starting python until the first micro-batch is laid out."""
    material.many(options.work, 1000)
    began = time.time()
    result = child([sys.executable, HERE / "dimts_step.py", options.work, "many", "fp32", "all", 0])
    return result["ready_at"] - began


def measure(options: argparse.Namespace) -> dict[str, list[Result]]:
    """Run all configurations in turn, `rounds` times."""
    results: dict[str, list[Result]] = {}
    for number in range(options.rounds):
        for name, command in commands(options):
            results.setdefault(name, []).append(child(command))
            last, load = results[name][-1], os.getloadavg()[0]
            facts = f"{last['step_s']:.1f} s a step, {last['cpu_s']:.1f} s of processor time"
            print(f"  round {number + 1}, {name}: {facts}, load {load:.1f}", flush=True)
    return results


def commands(options: argparse.Namespace) -> list[tuple[str, list[object]]]:
    """Return one round's processes."""
    made: list[tuple[str, list[object]]] = []
    if options.oracle_python:
        made.append((BASELINE, [options.oracle_python, HERE / "coqui_step.py", options.work, options.vocab]))
    for settings in CONFIGURATIONS:
        made.append(
            (" ".join(["dimts", *settings]), [sys.executable, HERE / "dimts_step.py", options.work, "clips", *settings])
        )
    return [(name, [*command, options.steps]) for name, command in made if options.only in name]


def child(command: list[object]) -> Result:
    """Run a process and return the JSON object that it prints last."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def show(results: dict[str, list[Result]]) -> None:
    """Print medians over rounds, and ratios to the baseline of the same run."""
    medians = {
        name: {key: median(each[key] for each in rounds) for key in rounds[0]} for name, rounds in results.items()
    }
    first = medians.get(BASELINE)
    columns = (
        "",
        "clips/s",
        "x",
        "CPU s",
        "x",
        "data s",
        "forward s",
        "backward s",
        "optimizer s",
        "data %",
        "GB",
        "x",
    )
    print("\n" + "| ".join(["", *(f"{column} " for column in columns)]) + "|")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name, value in medians.items():
        speed, work, memory = (
            (value["clips_s"] / first["clips_s"], first["cpu_s"] / value["cpu_s"], value["peak_gb"] / first["peak_gb"])
            if first
            else (math.nan, math.nan, math.nan)
        )
        parts = " | ".join(f"{value[part]:.2f}" for part in PARTS)
        print(
            f"| {name} | {value['clips_s']:.3f} | {speed:.2f} | {value['cpu_s']:.1f} | {work:.2f} | {parts} "
            f"| {100 * value['data_s'] / value['step_s']:.2f} | {value['peak_gb']:.2f} | {memory:.2f} |"
        )


def middle(rounds: list[Result]) -> Result:
    """Return the median of each number over rounds."""
    return {key: median(each[key] for each in rounds) for key in rounds[0]}


if __name__ == "__main__":
    main()
