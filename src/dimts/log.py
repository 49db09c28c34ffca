"""What a run leaves behind while it runs: metrics.jsonl, one object a line, and a progress bar on the terminal."""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dimts import files

METRICS = "metrics.jsonl"
LINE_EVERY_S = 10.0  # where the output is no terminal, a line this often stands for the bar


class Metrics:
    """Appends lines to metrics.jsonl; lines of what will be done again are cut off first. TrainingError: no disk."""

    def __init__(self, run: Path, update: int) -> None:
        self.path = run / METRICS
        kept = [line for line in read(run) if 0 < update >= line["update"]]  # at 0 everything is done again
        with files.writing(self.path):
            files.write_text(self.path, "".join(json.dumps(line) + "\n" for line in kept))

    def write(self, kind: str, update: int, facts: Mapping[str, Any]) -> None:
        """Append one line; numbers that JSON lacks become null."""
        line = json.dumps({"kind": kind, "update": update, **{key: _plain(value) for key, value in facts.items()}})
        with files.writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def read(run: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a run's metrics; what a killed process left half written is skipped."""
    path = run / METRICS
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict) and isinstance(content.get("update"), int):
            yield content


class Display:
    """A progress bar over the clips of a run on a terminal; now and then a line where the output goes to a file."""

    def __init__(self, clips: int, done_clips: int, total_updates: int, console: Console) -> None:
        columns = (
            TextColumn("{task.fields[update]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        self.console, self.total_updates = console, total_updates
        self.live = console.is_terminal
        self.progress = Progress(*columns, console=console, disable=not self.live, speed_estimate_period=300)
        self.task = self.progress.add_task("", total=clips, completed=done_clips, update="starting", facts="")
        self.said_at = 0.0

    def __enter__(self) -> "Display":
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.progress.stop()

    def heard(self, clips: int) -> None:
        """Count clips whose gradients were added."""
        self.progress.advance(self.task, clips)

    def updated(self, update: int, facts: Mapping[str, Any]) -> None:
        """Show a finished update."""
        where = f"update {update:,}/{self.total_updates:,}"
        text = "loss {loss:.3f}  lr {lr:.3g}  grad {grad_norm:.2f}  {clips_s:.1f} clips/s".format(**facts)
        self.progress.update(self.task, update=where, facts=text)
        now = time.monotonic()
        if not self.live and (now - self.said_at > LINE_EVERY_S or update == self.total_updates):
            self.said_at = now
            self._say(f"{where}  {text}")

    def skipped(self, update: int, clips: Sequence[str]) -> None:
        """Tell of an update that moved no weight."""
        named = f"the loss of {', '.join(clips[:5])}" if clips else "the gradient"
        self._say(f"update {update:,} is skipped: {named} is not finite")

    def evaluated(self, update: int, facts: Mapping[str, float]) -> None:
        """Show an evaluation."""
        text = "code loss {code_loss:.3f}  accuracy {code_accuracy:.1%}  text loss {text_loss:.3f}".format(**facts)
        self._say(f"evaluation after {update:,} updates: {text}")

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
