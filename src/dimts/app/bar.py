"""Progress of work that is counted: bars on a terminal, a file for the page that started the command as a job."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

FILE = "DIMTS_PROGRESS"  # names the file, if any
EVERY_S = 0.5  # how often it is written at most
Count = Callable[[str, int, int], None]


@contextmanager
def counting(what: str, console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show a bar while the block runs; call what it yields with (done, total)."""
    with stages(console) as count:
        yield lambda done, total: count(what, done, total)


@contextmanager
def stages(console: Console) -> Iterator[Count]:
    """Show a bar for each stage while the block runs; call what it yields with (stage, done, total)."""
    told = _file(Path(os.environ[FILE])) if FILE in os.environ else None
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def count(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=None)
            progress.update(tasks[stage], completed=done, total=total)
            if told:
                told(stage, done, total)

        yield count


def _file(path: Path) -> Count:
    """Write the last word about a stage into a file, now and then and at its end."""
    said_at, said = 0.0, ""

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal said_at, said
        now = time.monotonic()
        if stage != said or done == total or now - said_at > EVERY_S:
            said_at, said = now, stage
            beside = path.with_suffix(".part")
            beside.write_text(json.dumps({"stage": stage, "done": done, "total": total}), encoding="utf-8")
            os.replace(beside, path)

    return tell
