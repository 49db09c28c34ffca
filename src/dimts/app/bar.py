"""Progress bars for work that is counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID


@contextmanager
def counting(what: str, console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show a bar while the block runs; call what it yields with (done, total)."""
    with stages(console) as count:
        yield lambda done, total: count(what, done, total)


@contextmanager
def stages(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each stage while the block runs; call what it yields with (stage, done, total)."""
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def count(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=None)
            progress.update(tasks[stage], completed=done, total=total)

        yield count
