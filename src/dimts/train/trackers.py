"""Where a run's numbers and samples go while it runs: metrics.jsonl always, and the programs that the user names.

When a run goes on, its series go on: TensorBoard is told from where its points count no more; trackio and wandb, which
forget nothing, are not told again what they were told before.
"""

import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

from dimts import files
from dimts.audio import io
from dimts.config import RunConfig
from dimts.errors import MissingExtra
from dimts.log import Metrics

GROUPS = {"update": "train", "eval": "eval"}  # what the series of a kind of line are called
IDENTITY = "track.json"  # by which wandb knows a run that goes on
FLUSH_S = 30
SILENT = {"silent": True, "console": "off"}


class Tracker(Protocol):
    """One of the programs."""

    where: str  # to find it, as a line for the user
    forgets: bool  # by itself what will be done again

    def numbers(self, update: int, numbers: Mapping[str, float]) -> None:
        """Take numbers by the names of their series."""

    def sound(self, update: int, name: str, path: Path) -> None:
        """Take a sample."""

    def close(self) -> None:
        """Write what is left."""


class Record:
    """Everything that takes a run's lines; metrics.jsonl first."""

    def __init__(self, metrics: Metrics, trackers: Sequence[Tracker], told: tuple[int, frozenset[str]]) -> None:
        self.metrics, self.trackers, self.told = metrics, trackers, told

    @property
    def places(self) -> list[str]:
        """Say where else the run can be seen."""
        return [f"watch it: {tracker.where}" for tracker in self.trackers]

    def write(self, kind: str, update: int, facts: Mapping[str, Any]) -> None:
        """Append a line, and hand its numbers on."""
        self.metrics.write(kind, update, facts)
        known = {name: value for name, value in facts.items() if isinstance(value, int | float) and isfinite(value)}
        numbers = {f"{GROUPS.get(kind, kind)}/{name}": float(value) for name, value in known.items()}
        for tracker in self._untold(kind, update) if numbers else ():
            tracker.numbers(update, numbers)

    def hear(self, update: int, samples: Sequence[Path]) -> None:
        """Hand on the samples of an evaluation."""
        for tracker in self._untold("eval", update):
            for number, path in enumerate(samples, start=1):
                tracker.sound(update, f"samples/{number}", path)

    def _untold(self, kind: str, update: int) -> list[Tracker]:
        """Return who has not heard this before."""
        last, kinds = self.told
        again = update < last or (update == last and kind in kinds)
        return [tracker for tracker in self.trackers if tracker.forgets or not again]


@contextmanager
def recording(run: RunConfig, update: int) -> Iterator[Record]:
    """Open everything for a run that goes on after an update, 0 for a new one; close it when the block ends.

    TrainingError when the disk refuses, MissingExtra when a program is not installed.
    """
    require(run.track.to)
    metrics = Metrics(run.out, update)
    told = metrics.told if update else (0, frozenset[str]())
    trackers: list[Tracker] = []
    try:
        for name in dict.fromkeys(run.track.to):
            trackers.append(PROGRAMS[name](run, update))
        yield Record(metrics, trackers, told)
    finally:
        for tracker in trackers:
            tracker.close()


def require(names: Sequence[str]) -> None:
    """Refuse programs that are not installed: MissingExtra."""
    for name in names:
        if find_spec(name) is None:
            raise MissingExtra(name, "track", f"track.to: {name}")


class TensorBoard:
    """Event files in the run's own folder."""

    forgets = True

    def __init__(self, run: RunConfig, update: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder = run.out / "tensorboard"
        self.where = f"tensorboard --logdir {folder}"
        with files.writing(folder):
            self.writer = SummaryWriter(str(folder), purge_step=update + 1 if update else 0, flush_secs=FLUSH_S)

    def numbers(self, update: int, numbers: Mapping[str, float]) -> None:
        for name, number in numbers.items():
            self.writer.add_scalar(name, number, update)

    def sound(self, update: int, name: str, path: Path) -> None:
        heard = io.read(path)
        self.writer.add_audio(name, heard.samples, update, heard.rate_hz)

    def close(self) -> None:
        self.writer.close()


class Trackio:
    """A database of the user's own, which `trackio show` serves; a Space where its own settings say so."""

    forgets = False

    def __init__(self, run: RunConfig, update: int) -> None:
        import trackio

        self.trackio, name = trackio, run.track.name or run.out.name
        self.where = f"trackio show --project {run.track.project}, run {name}"
        with redirect_stdout(sys.stderr):  # standard output is the command's answer
            trackio.init(
                project=run.track.project,
                name=name,
                config=run.model_dump(mode="json"),
                resume="allow" if update else "never",
                embed=False,
            )

    def numbers(self, update: int, numbers: Mapping[str, float]) -> None:
        self.trackio.log(dict(numbers), step=update)

    def sound(self, update: int, name: str, path: Path) -> None:
        self.trackio.log({name: self.trackio.Audio(str(path))}, step=update)

    def close(self) -> None:
        with redirect_stdout(sys.stderr):
            self.trackio.finish()


class Wandb:
    """Files in the run's own folder, to be synchronised by hand; the service where WANDB_MODE or a login says so."""

    forgets = False

    def __init__(self, run: RunConfig, update: int) -> None:
        import wandb

        self.wandb = wandb
        mode = os.environ.get("WANDB_MODE") or ("online" if wandb.login(prompt=False) else "offline")
        self.run = wandb.init(
            project=run.track.project,
            name=run.track.name or run.out.name,
            id=_identity(run.out, update),
            dir=str(run.out),
            config=run.model_dump(mode="json"),
            resume="allow",
            mode=mode,
            settings=wandb.Settings(**SILENT),
        )
        self.where = f"wandb sync {run.out / 'wandb'}/offline-run-*" if mode == "offline" else f"wandb: {self.run.url}"

    def numbers(self, update: int, numbers: Mapping[str, float]) -> None:
        self.run.log(dict(numbers), step=update)

    def sound(self, update: int, name: str, path: Path) -> None:
        self.run.log({name: self.wandb.Audio(str(path))}, step=update)

    def close(self) -> None:
        self.run.finish()


PROGRAMS: Mapping[str, Callable[[RunConfig, int], Tracker]] = {
    "tensorboard": TensorBoard,
    "trackio": Trackio,
    "wandb": Wandb,
}


def _identity(out: Path, update: int) -> str:
    """Return the run's id, a new one for a run that begins."""
    path = out / IDENTITY
    if not update or not path.is_file():
        with files.writing(path):
            files.write_text(path, json.dumps({"id": uuid.uuid4().hex[:12]}) + "\n")
    return str(json.loads(path.read_text(encoding="utf-8"))["id"])
