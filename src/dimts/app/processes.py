"""Processes told apart by number and start time, so that a number that came again is never taken for the old one."""

import os
import signal
import subprocess
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
ENDED = ("Z", "X")  # how the system marks what only waits to be counted out


@dataclass(frozen=True)
class Process:
    """A process of this machine."""

    pid: int
    started: str  # as the system tells it: equal means the same process

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return seen(self.pid) == self

    def tree(self) -> list[int]:
        """Return its number and those of all that it started, whatever group they are in; [] when it has ended."""
        if not self.alive:
            return []
        children = defaultdict(list)
        for pid, parent in _parents():
            children[parent].append(pid)
        found = [self.pid]
        for pid in found:
            found += children[pid]
        return found

    def signal(self, number: int) -> None:
        """Signal its process group, which it leads; nothing happens when it has ended."""
        if self.alive:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it and all that it started, at once."""
        tree = self.tree()
        self.signal(signal.SIGKILL)
        for pid in tree:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def seen(pid: int) -> Process | None:
    """Return the process that has a number now, None where there is none or it has ended."""
    if not PROC.is_dir():
        return _seen_by_ps(pid)
    try:
        fields = _stat(pid)
    except OSError:
        return None
    return None if fields[0] in ENDED else Process(pid, fields[19])


def _seen_by_ps(pid: int) -> Process | None:
    words = _ps("-o", "stat=,lstart=", "-p", str(pid)).split(None, 1)
    return Process(pid, words[1].strip()) if len(words) == 2 and words[0][0] not in ENDED else None


def _parents() -> list[tuple[int, int]]:
    """List every process with its parent."""
    if not PROC.is_dir():
        rows = [line.split() for line in _ps("-axo", "pid=,ppid=").splitlines()]
        return [(int(pid), int(parent)) for pid, parent in rows]
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                found.append((int(folder.name), int(_stat(int(folder.name))[1])))
    return found


def _stat(pid: int) -> list[str]:
    """Return what /proc tells after the name of a process, which may hold anything: state, parent, ..."""
    return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()


def _ps(*words: str) -> str:
    return subprocess.run(["ps", *words], capture_output=True, text=True, check=False).stdout
