"""The loop around a part: updates, evaluations, checkpoints, as in the main job, for one process."""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from dimts.checkpoint import store
from dimts.checkpoint.store import Checkpoint
from dimts.config import RunConfig
from dimts.errors import CheckpointError, TrainingError
from dimts.train import choosing, memory, schedule, trackers
from dimts.train.choosing import Best, Patience
from dimts.train.display import Display
from dimts.train.interrupt import Stop
from dimts.train.parts.part import Part
from dimts.train.state import BAD_UPDATES
from dimts.train.trackers import Record
from dimts.train.trainer import Interrupted


@dataclass
class Moment:
    """How far a run is."""

    update: int = 0  # completed
    trained_s: float = 0.0  # where that ends the run
    skipped: int = 0  # updates in a row that moved nothing
    best: Best | None = None
    patience: Patience = Patience()
    stopped: str | None = None

    def facts(self) -> dict[str, Any]:
        """As a checkpoint's manifest keeps it."""
        return {name: value for name, value in asdict(self).items() if name != "update"}

    @staticmethod
    def of(checkpoint: Checkpoint) -> "Moment":
        """Read what `facts` said."""
        facts = dict(checkpoint.facts)
        best = Best(**facts.pop("best")) if facts["best"] else facts.pop("best")
        patience = Patience(**facts.pop("patience"))
        facts.pop("identity")
        return Moment(checkpoint.update, best=best, patience=patience, **facts)


class Loop:
    """One run of a part; `identity` says what it was begun with."""

    def __init__(self, part: Part, run: RunConfig, device: torch.device, identity: Mapping[str, str]) -> None:
        self.part, self.run, self.device, self.identity = part, run, device, dict(identity)
        most = run.train.epochs * part.updates_per_epoch
        self.total_updates = min(most, run.train.max_updates or most)
        self.now, self.saved = Moment(), -1

    def resume(self) -> list[str]:
        """Go on from the newest complete checkpoint, if any; return what the user should know about it."""
        checkpoint, damaged = store.latest(self.run.out)
        if checkpoint is None:
            return []
        if other := [
            what for what, digest in self.identity.items() if checkpoint.facts["identity"].get(what) != digest
        ]:
            path = store.place(self.run.out, checkpoint.update)
            raise CheckpointError(f"{path}: was trained on another {' and '.join(other)}; choose a new out")
        self.part.load(checkpoint.tensors["weights"])
        self.part.load_averages(checkpoint.tensors["optimizer"])
        self.now, self.saved = Moment.of(checkpoint), checkpoint.update
        best = self.now.best
        lost = store.problems(store.place(self.run.out, best.update)) if best and best.update != self.now.update else []
        if lost:
            self.now.best, self.now.patience, self.now.stopped = None, Patience(), None
        return [*damaged, *lost, f"going on after update {checkpoint.update:,}"]

    def fit(self, stop: Stop, display: Display) -> None:
        """Train until all updates are done or it is over. Interrupted when `stop` was asked, after saving."""
        with trackers.recording(self.run, self.now.update) as record:
            for place in record.places:
                display.note(place)
            if self.now.update == 0 and self.run.evaluate.at_start:
                self._evaluate(record, display)
            while self.now.update < self.total_updates and not self._why_over():
                self.now.stopped = None
                if stop.asked:
                    self._save()
                    raise Interrupted
                self._update(record, display)
            if self.now.update < self.total_updates and self.now.stopped is None:
                self._end_early(record, display)
            if self.now.best is None:
                self._evaluate(record, display)
                self._save(again=True)

    def best(self) -> Best:
        """Make the part its best checkpoint; return which that is."""
        assert self.now.best
        self.part.load(store.load(store.place(self.run.out, self.now.best.update)).tensors["weights"])
        return self.now.best

    def _update(self, record: Record, display: Display) -> None:
        """Do an update, and what is due after it. TrainingError after three in a row that moved nothing."""
        began, now = time.perf_counter(), self.now
        factor = schedule.factor(self.run.schedule, now.update, self.total_updates)
        facts = self.part.update(now.update, factor)
        seconds = time.perf_counter() - began
        moved = math.isfinite(facts["grad_norm"])
        now.update += 1
        now.trained_s += seconds if self.run.train.max_minutes else 0
        now.skipped = 0 if moved else now.skipped + 1
        facts |= {
            "epoch": (now.update - 1) // self.part.updates_per_epoch,
            "lr": self.part.lr * factor,
            "skipped": not moved,
            "clips": self.part.clips_per_update,
            "seconds": round(seconds, 4),
            "clips_s": round(self.part.clips_per_update / seconds, 3),
            "peak_gb": round(memory.peak_bytes(self.device) / 1e9, 3),
        }
        record.write("update", now.update, facts)
        display.heard(self.part.clips_per_update)
        display.updated(now.update, facts)
        if not moved:
            self._skipped(display)
        self._look_after(record, display)

    def _skipped(self, display: Display) -> None:
        display.skipped(self.now.update, ())
        if self.now.skipped >= BAD_UPDATES:
            self._save()
            raise TrainingError(
                f"update {self.now.update:,}: the gradient was not finite {self.now.skipped} times in a row; what was "
                f"learned before is saved: check the dataset, or lower {self.run.part}.lr in a new out"
            )

    def _look_after(self, record: Record, display: Display) -> None:
        done, last = self.now.update, self.now.update == self.total_updates
        better = (last or done % self.run.evaluate.every_updates == 0) and self._evaluate(record, display)
        if last or better or done % self.run.save.every_updates == 0:
            self._save()

    def _evaluate(self, record: Record, display: Display) -> bool:
        """Score, write samples; say whether this is the best so far."""
        now, settings = self.now, self.run.evaluate
        display.evaluating()
        scores = self.part.evaluate()
        record.write("eval", now.update, scores)
        display.scored(now.update, scores)
        record.hear(now.update, self.part.speak(self.run.out, now.update))
        value = scores[self.part.metric]
        if now.update == 0:
            return False
        better = choosing.better(value, now.best.value if now.best else None, self.part.metric)
        if better:
            now.best = choosing.best(now.update, value, self.part.metric)
        now.patience = now.patience.after(value, settings)
        return better

    def _why_over(self) -> str | None:
        """Say why the run ends before all updates are done; None while it goes on."""
        minutes, settings = self.run.train.max_minutes, self.run.evaluate
        if minutes and self.now.trained_s >= minutes * 60:
            return f"{minutes:g} minutes of training are over (train.max_minutes)"
        over = settings.patience > 0 and self.now.patience.is_over(settings)
        return self.now.patience.in_words(settings, self.part.metric) if over else None

    def _end_early(self, record: Record, display: Display) -> None:
        """Score what there is, tell why the run ends, and keep that."""
        self.now.stopped = self._why_over()
        if self.now.update % self.run.evaluate.every_updates:
            self._evaluate(record, display)
        record.write("stop", self.now.update, {"why": self.now.stopped})
        self._save(again=True)
        display.stopped(self.now.update, str(self.now.stopped))

    def _save(self, again: bool = False) -> None:
        """Save this moment, unless it is saved already."""
        now, run = self.now, self.run
        if now.update != self.saved or again:
            tensors = {"weights": self.part.tensors(), "optimizer": self.part.averages()}
            cpu = {name: {key: each.detach().cpu() for key, each in state.items()} for name, state in tensors.items()}
            store.save(run.out, Checkpoint(now.update, cpu, {**now.facts(), "identity": self.identity}))
            choosing.write(run.out, now.best, now.stopped)
            store.rotate(run.out, now.update, run.save.keep, {now.best.update} if now.best else set())
        self.saved = now.update
