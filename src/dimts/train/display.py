"""What a run shows while it runs: a few live lines on a terminal of any width, now and then a line in a pipe.

The surprise: the lines are laid out anew at every refresh, for the width of that moment, and never fill it, so that a
window may be resized while training and nothing wraps. What is not needed is left out where there is no room.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import Progress
from rich.text import Text

from dimts.train.schedule import shown

LINE_EVERY_S = 10.0  # where the output is no terminal, a line this often stands for the live ones
SPEED_OVER_S = 300.0  # the time left is told from the speed over so long
SHORTEST_BAR = 8  # columns
GAP = "  "


class Display:
    """Shows how far a run is, by clips, and the facts of its last update."""

    def __init__(self, clips: int, done_clips: int, total_updates: int, console: Console) -> None:
        self.console, self.total_updates = console, total_updates
        self.live = console.is_interactive
        self.progress = _Live(console=console, disable=not self.live, speed_estimate_period=SPEED_OVER_S)
        self.task = self.progress.add_task("", total=clips, completed=done_clips, where="starting", needed=(), more=())
        self.where = "starting"
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
        self.where = where = f"update {update:,}/{self.total_updates:,}"
        needed, more = tuple(_needed(facts)), tuple(_more(facts))
        self.progress.update(self.task, where=where, needed=needed, more=more)
        now = time.monotonic()
        if not self.live and (now - self.said_at > LINE_EVERY_S or update == self.total_updates):
            self.said_at = now
            self._say(GAP.join([where, *needed, *_left(self.progress), *more]))

    def skipped(self, update: int, clips: Sequence[str]) -> None:
        """Tell of an update that moved no weight."""
        named = f"the loss of {', '.join(clips[:5])}" if clips else "the gradient"
        self._say(f"update {update:,} is skipped: {named} is not finite")

    def evaluating(self) -> None:
        """Say what takes the time now."""
        self.progress.update(self.task, where="evaluating")

    def evaluated(self, update: int, facts: Mapping[str, float]) -> None:
        """Show an evaluation."""
        text = "code loss {code_loss:.3f}  accuracy {code_accuracy:.1%}  text loss {text_loss:.3f}".format(**facts)
        text += f"{GAP}rank {facts['rank']:.3f}" if "rank" in facts else ""
        self.progress.update(self.task, where=self.where)
        self._say(f"evaluation after {update:,} updates: {text}")

    def scored(self, update: int, scores: Mapping[str, float]) -> None:
        """Show an evaluation of a part."""
        self.progress.update(self.task, where=self.where)
        text = GAP.join(f"{name.replace('_', ' ')} {shown(value, 4)}" for name, value in scores.items())
        self._say(f"evaluation after {update:,} updates: {text}")

    def note(self, line: str) -> None:
        """Tell something else."""
        self._say(line)

    def smaller(self, update: int, rows: int) -> None:
        """Tell of an update that starts over because memory did not suffice."""
        self._say(f"update {update:,} does not fit in memory: from here on micro-batches of at most {rows:,} rows")

    def stopped(self, update: int, why: str) -> None:
        """Tell that the run ends before all updates are done."""
        self._say(f"stopped after {update:,} of {self.total_updates:,} updates: {why}")

    def _say(self, line: str) -> None:
        say(self.console, line)


def say(console: Console, line: str) -> None:
    """Print a line as it is: at words where a terminal is too narrow, never where another program reads it."""
    console.print(line, highlight=False, markup=False, soft_wrap=not console.is_interactive)


class _Live(Progress):
    """rich's bookkeeping of progress and refreshes, with lines of our own."""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield _Lines(self)


class _Lines:
    """A bar between how far it is and how long it takes, and below it, or beside it, the facts."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        task, width = self.progress.tasks[0], max(1, options.max_width - 1)  # a full line would wrap in some terminals
        head, facts = [task.fields["where"], *_left(self.progress)], task.fields["needed"]
        lines = flow(facts, task.fields["more"], width)
        if len(lines) == 1 and width - len(GAP.join([*head, *lines])) >= SHORTEST_BAR + 2 * len(GAP):
            head[1:1], lines = lines, []
        if width - len(GAP.join(head)) - len(GAP) < SHORTEST_BAR:
            head[0] = head[0].removeprefix("update ")
        room = width - len(GAP.join(head)) - len(GAP)
        share = task.completed / task.total if task.total else 1.0
        if room >= SHORTEST_BAR:
            bar = _bar(share, room, "#-" if options.ascii_only else "━─")
            yield Text(GAP).join([Text(head[0]), bar, *map(Text, head[1:])])
        else:
            lines[:0] = flow(head, (), width)
        yield from (Text(line[:width]) for line in lines)


def _bar(share: float, width: int, signs: str) -> Text:
    """Draw a bar that can be read without colours too."""
    done = min(width, int(share * width))
    return Text.assemble((signs[0] * done, "bar.complete"), (signs[1] * (width - done), "bar.back"))


def flow(needed: Sequence[str], more: Sequence[str], width: int) -> list[str]:
    """Lay words out in lines of a width; those of `more` only where they need no line of their own."""
    lines: list[str] = []
    for words, may_break in ((needed, True), (more, False)):
        for word in words:
            if lines and len(lines[-1]) + len(GAP) + len(word) <= width:
                lines[-1] += GAP + word
            elif may_break:
                lines.append(word)
    return lines


def _needed(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "loss {loss:.3f}".format(**facts)
    yield f"lr {shown(facts['lr'], 3)}"
    yield "grad {grad_norm:.2f}".format(**facts)
    yield "{clips_s:.1f} clips/s".format(**facts)


def _more(facts: Mapping[str, Any]) -> Iterator[str]:
    if "epoch" in facts:
        yield f"epoch {facts['epoch'] + 1:,}"
    if "peak_gb" in facts:
        yield "{peak_gb:.1f} GB".format(**facts)


def _left(progress: Progress) -> Iterator[str]:
    """Tell how long the run will still take, where that is known."""
    seconds = progress.tasks[0].time_remaining
    if seconds is not None:
        yield f"{timedelta(seconds=round(seconds))} left"
