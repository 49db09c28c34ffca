"""Jobs: commands that go on when the page is closed or its server restarts, each in a folder `PROJECT/jobs/ID`.

`job.json` says what runs and how it ended, `log.txt` holds what it says, `out.txt` its answer, `progress.json` how far
it is. A keeper (keeping.py) starts the command, waits for it and writes the end down; nobody else writes job.json. The
surprise: to stop a job is to put a file `stop` beside it, which its keeper finds: whoever asks needs remember nothing.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from signal import SIGINT
from typing import Any, Literal

from filelock import FileLock

from dimts import files
from dimts.app.processes import Process
from dimts.errors import ConfigError, DataError

FOLDER, FACTS, LOG, ANSWER, PROGRESS, STOP = "jobs", "job.json", "log.txt", "out.txt", "progress.json", "stop"
ID = re.compile(r"\d{8}-\d{6}-[a-z]+(?:-\d+)?")
KEPT = 50  # ended jobs of a project; older ones are removed when another starts
START_S = 30.0  # a keeper that has not reported by then never will
LOST = "its keeper ended: the machine was restarted, or somebody killed it"
State = Literal["waiting", "running", "done", "stopped", "failed", "lost"]
CODES: dict[int, State] = {0: "done", 3: "stopped"}  # any other: failed


@dataclass(frozen=True)
class Job:
    """One command: `argv` follows the word dimts; those with a `device` wait for each other."""

    folder: Path
    kind: str
    argv: tuple[str, ...]
    created: float  # seconds since 1970, as are the others
    device: str | None = None
    state: State = "waiting"
    keeper: Process | None = None
    process: Process | None = None
    began: float | None = None
    ended: float | None = None
    code: int | None = None

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self.is_active and (self.folder / STOP).exists()

    def log(self, most_bytes: int = 1 << 20) -> str:
        """Return the end of what it said."""
        return _tail(self.folder / LOG, most_bytes)

    def answer(self) -> dict[str, Any] | None:
        """Return what it printed with --json, None where it printed nothing that reads."""
        try:
            content = json.loads((self.folder / ANSWER).read_text(encoding="utf-8").strip().rpartition("\n")[2])
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def progress(self) -> tuple[str, int, int] | None:
        """Return the stage that it is in, how much of it is done, and of how much."""
        try:
            found = json.loads((self.folder / PROGRESS).read_text(encoding="utf-8"))
            return str(found["stage"]), int(found["done"]), int(found["total"] or 0)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def start(project: Path, kind: str, argv: Sequence[str], device: str | None = None) -> Job:
    """Start `dimts ARGV` as a job of a project folder. ConfigError when the disk refuses or it runs already."""
    try:
        (project / FOLDER).mkdir(parents=True, exist_ok=True)
        with FileLock(project / FOLDER / ".lock"):
            if any(job.argv == tuple(argv) for job in active(project, kind)):
                raise ConfigError("this is running already; stop it first, or wait for its end")
            prune(project)
            job = Job(_new_folder(project, kind), kind, tuple(argv), time.time(), device)
            write(job)
            _start_keeper(job.folder)
    except OSError as error:
        raise ConfigError(f"{project / FOLDER}: cannot be written ({error.strerror}); see to the disk") from error
    return job


def find(project: Path, name: str) -> Job:
    """Return a job by its id. DataError for what is no id of a job here."""
    if not ID.fullmatch(name) or not (project / FOLDER / name / FACTS).is_file():
        raise DataError(f"{name[:60]!r}: there is no such job")
    return read(project / FOLDER / name)


def all_of(project: Path) -> list[Job]:
    """Return the jobs of a project, newest first; folders that do not read are left out."""
    found = []
    for folder in (project / FOLDER).iterdir() if (project / FOLDER).is_dir() else ():
        if ID.fullmatch(folder.name) and (folder / FACTS).is_file():
            try:
                found.append(read(folder))
            except DataError:
                continue
    return sorted(found, key=lambda job: (-job.created, job.id))


def active(project: Path, kind: str) -> list[Job]:
    """Return the jobs of a kind that wait or run."""
    return [job for job in all_of(project) if job.kind == kind and job.is_active]


def stop(job: Job) -> None:
    """Ask a job to save and exit; its keeper ends it by force when it does not."""
    (job.folder / STOP).touch()
    if job.state == "lost" and job.process:  # nobody keeps it, yet it runs
        job.process.signal(SIGINT)


def read(folder: Path) -> Job:
    """Read a job; one whose keeper is gone without a word is lost. DataError when job.json is damaged."""
    try:
        content = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        for name in ("keeper", "process"):
            content[name] = Process(**content[name]) if content[name] else None
        job = Job(folder, **{**content, "argv": tuple(content["argv"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder / FACTS}: cannot be read ({error}); remove the folder") from error
    kept = job.keeper.alive if job.keeper else time.time() - job.created < START_S
    return replace(job, state="lost") if job.is_active and not kept else job


def write(job: Job) -> None:
    """Write job.json, whole or not at all."""
    content = {name: value for name, value in asdict(job).items() if name != "folder"}
    files.write_text(job.folder / FACTS, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def prune(project: Path) -> None:
    """Remove the oldest ended jobs but KEPT."""
    for job in [job for job in all_of(project) if not job.is_active][KEPT:]:
        rmtree(job.folder, ignore_errors=True)


def _new_folder(project: Path, kind: str) -> Path:
    """Make a folder with a name that no other job has."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{kind}"
    for number in range(1, 1000):
        folder = project / FOLDER / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise ConfigError(f"{stem}: too many jobs at once; wait a second")


def _start_keeper(folder: Path) -> None:
    """Start a keeper that is no part of this process's group, so that it outlives it."""
    with (folder / "keeper.txt").open("ab") as said:
        subprocess.Popen(
            [sys.executable, "-m", "dimts.app.keeping", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )


def _tail(path: Path, most_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - most_bytes))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
