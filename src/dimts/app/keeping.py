"""A keeper: a process that waits for a job's turn, runs its command, and writes down how it ended.

Started as `python -m dimts.app.keeping FOLDER` by jobs.py, in a session of its own. One training job runs on a device;
the others wait, first come first served, among all projects of a folder of projects.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from signal import SIGINT

from filelock import FileLock, Timeout

from dimts.app import jobs, processes
from dimts.app.jobs import Job
from dimts.app.processes import Process

POLL_S, TURN_S = 0.2, 1.0  # how often a job is looked at, and a queue
GRACE_S = 60.0  # how long a job may save after it was asked to stop
DIMTS = (sys.executable, "-m", "dimts.app.cli")
ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "110"}


def keep(folder: Path, command: Sequence[str] = DIMTS, grace_s: float = GRACE_S) -> None:
    """Run a job to its end."""
    me = processes.seen(os.getpid())
    job = replace(jobs.read(folder), keeper=me, state="waiting")
    jobs.write(job)
    with turn(job) as may_run:
        code = _run(job, command, grace_s) if may_run else 3
    ended = replace(jobs.read(folder), code=code, state=jobs.CODES.get(code, "failed"), ended=time.time())
    jobs.write(ended)


@contextmanager
def turn(job: Job) -> Iterator[bool]:
    """Wait for the device that a job needs and hold it; False when the job was asked to stop meanwhile."""
    if job.device is None:
        yield True
        return
    projects = job.folder.parents[2]
    lock = FileLock(projects / f".{job.device.replace(':', '-')}.lock")
    while not job.is_stopping:
        if _is_first(job, projects):
            try:
                with lock.acquire(timeout=0):
                    yield True
                    return
            except Timeout:
                pass
        time.sleep(TURN_S)
    yield False


def _is_first(job: Job, projects: Path) -> bool:
    """Whether no other job waits longer for the same device."""
    others = (other for place in projects.glob(f"*/{jobs.FOLDER}") for other in jobs.all_of(place.parent))
    mine = (job.created, str(job.folder))
    return not any(
        other.state == "waiting" and other.device == job.device and (other.created, str(other.folder)) < mine
        for other in others
    )


def _run(job: Job, command: Sequence[str], grace_s: float) -> int:
    """Run the command; return its exit code, -9 when it had to be killed."""
    with (job.folder / jobs.LOG).open("ab") as log, (job.folder / jobs.ANSWER).open("ab") as answer:
        child = subprocess.Popen(
            [*command, *job.argv],
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=log,
            start_new_session=True,
            cwd=job.folder.parents[1],
            env=os.environ | ENVIRONMENT | {"DIMTS_PROGRESS": str(job.folder / jobs.PROGRESS)},
        )
    process = processes.seen(child.pid) or Process(child.pid, "")
    jobs.write(replace(job, state="running", process=process, began=time.time()))
    return _waited(job, child, process, grace_s)


def _waited(job: Job, child: "subprocess.Popen[bytes]", process: Process, grace_s: float) -> int:
    """Wait for the command's end; when asked to stop it, ask it, and after a while end it by force."""
    asked_at: float | None = None
    while True:
        try:
            return child.wait(POLL_S)
        except subprocess.TimeoutExpired:
            pass
        if asked_at is None and (job.folder / jobs.STOP).exists():
            asked_at = time.monotonic()
            process.signal(SIGINT)
        elif asked_at is not None and time.monotonic() - asked_at > grace_s:
            process.kill()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
