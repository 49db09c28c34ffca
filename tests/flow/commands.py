"""The `dimts` command as its own process, to be watched, interrupted and killed."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dimts import log

PATIENCE_S = 120.0


def train(run_file: Path, most_bytes: int | None = None) -> subprocess.Popen[str]:
    """Start `dimts train` on one thread; with `most_bytes`, no file can grow beyond, as on a full disk."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.Popen(
        [sys.executable, "-m", "dimts.app.cli", "train", str(run_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=limit,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process; return its exit code and what it said to the terminal."""
    try:
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    return process.returncode, said


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[str], pause_s: float = 0.01) -> bool:
    """Wait until something has happened, or the process has ended: then say False."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if happened():
            return True
        if process.poll() is not None:
            return False
        time.sleep(pause_s)
    process.kill()
    raise AssertionError("nothing happened")


def updates(out: Path) -> int:
    """How many updates a run's metrics tell of."""
    return max((line["update"] for line in log.read(out)), default=0)
