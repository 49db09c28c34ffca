"""Which claims about training hold here? The demo's Amharic with the shipped base, settings against settings.

    python benchmarks/evidence/run.py DEMO --work FOLDER [--only "learning rate"] [--seeds 0 1 2] [--minutes 60]

DEMO is what `dimts demo --out DEMO` made. One JSON line a run goes into FOLDER/results.jsonl; a run that is
there is not done again, so it can be stopped and started at will. `draw.py FOLDER OUT` makes tables and plots of it.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any

import hearing
from experiments import ALL_CLIPS, EXPERIMENTS, Variant

RESULTS = "results.jsonl"
Job = tuple[str, Variant, int]  # the settings' name, settings, seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(EXPERIMENTS))
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=600, help="begin no run after so many")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    demo, work = options.demo.resolve(), options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    known = {(line["key"], line["seed"]) for line in read(work)}
    jobs = [job for job in planned(options.only, options.seeds) if (job[0], job[2]) not in known]
    for clips in sorted({variant.clips for _, variant, _ in jobs} - {ALL_CLIPS}):
        hearing.dataset(demo, work, clips)
    until = time.monotonic() + options.minutes * 60
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
        waiting: set[Future[dict[str, Any]]] = set()
        for key, variant, seed in jobs:
            if len(waiting) >= options.workers:
                waiting = settle(waiting, work)
            if time.monotonic() > until:
                break
            waiting.add(pool.submit(one, demo, work, key, variant, seed))
        while waiting:
            waiting = settle(waiting, work)


def planned(names: list[str], seeds: list[int]) -> Iterator[Job]:
    """Give every run once, however many experiments it is part of; whole seeds before the next one."""
    given = set()
    for name in names:
        for seed in seeds:
            for variant in EXPERIMENTS[name].values():
                key = key_of(variant)
                if (key, seed) not in given:
                    given.add((key, seed))
                    yield key, variant, seed


def key_of(variant: Variant) -> str:
    """Name settings by what they are."""
    return json.dumps(asdict(variant), sort_keys=True)


def one(demo: Path, work: Path, key: str, variant: Variant, seed: int) -> dict[str, Any]:
    out = work / "runs" / f"{hearing.short(key)}-{seed}"
    return {"key": key, "seed": seed, **hearing.run(demo, work, out, variant, seed)}


def settle(waiting: set[Future[dict[str, Any]]], work: Path) -> set[Future[dict[str, Any]]]:
    """Wait for a run, write it down, return those that go on."""
    done, rest = wait(waiting, return_when=FIRST_COMPLETED)
    for each in done:
        line = json.dumps(each.result(), ensure_ascii=False)
        print(line[:300], flush=True)
        with (work / RESULTS).open("a", encoding="utf-8") as results:
            results.write(line + "\n")
    return rest


def read(work: Path) -> list[dict[str, Any]]:
    """Read what was found; nothing yet is no line."""
    path = work / RESULTS
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


if __name__ == "__main__":
    main()
