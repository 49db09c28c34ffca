"""The training loop, in optimizer updates: gradients of micro-batches are added up, then the weights move once."""

import hashlib
import math
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from dimts.checkpoint import store
from dimts.checkpoint.official import Base
from dimts.config import RunConfig
from dimts.data.batching import Plan
from dimts.data.dataset import Pair
from dimts.errors import TrainingError
from dimts.model.blocks import Mode
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer
from dimts.train import choosing, forecast, schedule, trackers, trainable, validate
from dimts.train.average import Average
from dimts.train.display import Display
from dimts.train.dist import World
from dimts.train.engine import Engine, MovedInPart
from dimts.train.interrupt import Stop
from dimts.train.optim import Optimizer
from dimts.train.precision import LossScale
from dimts.train.samples import Samples
from dimts.train.spoken import Spoken
from dimts.train.state import State
from dimts.train.trackers import Record


class Interrupted(Exception):
    """The user asked to stop; everything is saved."""


class Trainer:
    """One run: a grown network, its data, its settings, and the state that moves."""

    def __init__(
        self, base: Base, network: Xtts, tokenizer: Tokenizer, pair: Pair, run: RunConfig, world: World
    ) -> None:  # noqa: PLR0913
        self.network, self.tokenizer, self.pair, self.run, self.world = network, tokenizer, pair, run, world
        self.gpt, self.stats = network.gpt, network.mel_stats
        self.plan = Plan(pair, run, self.gpt.shape.latents)
        most = run.train.epochs * self.plan.updates_per_epoch
        self.total_updates = min(most, run.train.max_updates or most)
        self.state = self._new_state(base)
        trainable.refuse_stage(self.state.pieces, run.train.new_rows_first_updates, self.total_updates)
        self.eval_set = validate.EvalSet(pair.eval, run.prompt, tokenizer, run.batch.eval_clips)
        self.samples = Samples(network, tokenizer, pair, run)
        self.spoken = Spoken(network, tokenizer, pair, run, base.dvae) if run.evaluate.metric == choosing.RANK else None
        self.saved: int | None = None  # the update that the last checkpoint holds
        self.engine = Engine(network, pair.heard, tokenizer, run, world, self.state)
        settings = run.train
        self.gpt.mode = Mode(settings.dropout, settings.checkpointing, settings.compile)

    def _new_state(self, base: Base) -> State:
        settings, gpt = self.run.train, self.gpt
        new_rows = gpt.shape.text_rows - base.tokenizer.rows
        names = trainable.parts(settings.trainable, len(self.pair.train), gpt.shape.layers, new_rows)
        pieces = trainable.pieces(gpt, names, base.tokenizer.rows)
        trainable.freeze_rest(self.network, pieces)
        average = Average(pieces, settings.ema) if settings.ema else None
        scale = LossScale.of(settings.precision)
        data = hashlib.sha256(
            " ".join(data.sha256 for data in (*self.pair.datasets, *self.pair.replay_datasets)).encode()
        ).hexdigest()
        identity = {"base": base.sha256, "vocabulary": self.tokenizer.sha256, "dataset": data}
        return State(gpt, pieces, Optimizer(pieces, self.run.optimizer, self.world), average, scale, identity)

    def resume(self, out: Path) -> list[str]:
        """Go on from the newest complete checkpoint in `out`, if any; return what the user should know about it."""
        checkpoint, damaged = store.latest(out)
        if checkpoint is None:
            return []
        lost = self.state.restore(out, checkpoint)
        self.saved = checkpoint.update
        return [*damaged, *lost, *self._forget_other_metric(), f"going on after update {checkpoint.update:,}"]

    def _forget_other_metric(self) -> list[str]:
        """Choose anew where the best was chosen by another score; say so."""
        best, metric = self.state.best, self.run.evaluate.metric
        if best is None or best.metric == metric:
            return []
        self.state.forget_best()
        return [f"the best was chosen by {best.metric}, from now on {metric} decides, among the checkpoints to come"]

    def fit(self, stop: Stop, display: Display) -> None:
        """Train until all updates are done or nothing gets better. Interrupted when `stop` was asked, after saving."""
        with trackers.recording(self.run, self.state.update) if self.world.leads else nullcontext() as record:
            for place in record.places if record else ():
                display.note(place)
            self._fit(stop, record, display)

    def _fit(self, stop: Stop, record: Record | None, display: Display) -> None:
        if self.state.update == 0 and self.run.evaluate.at_start:
            self._evaluate(record, display)
        self.gpt.train()
        if self.run.batch.by == "auto" and self.state.budget is None:
            self.state.budget = self.world.least(forecast.largest_micro_batch(self.engine, self.plan.update(0)))
            display.note(f"batch.by: auto: micro-batches of at most {self.state.budget:,} rows fit in memory")
        while self.state.update < self.total_updates and not self._is_over():
            self.state.stopped = None
            facts = self._update(stop, display)
            if facts is None:
                self._save()
                raise Interrupted
            self.state.update += 1
            self.state.trained_s += facts["seconds"] if self.run.train.max_minutes else 0
            if record:
                record.write("update", self.state.update, facts)
            display.updated(self.state.update, facts)
            self._look_after(record, display)
        if self.state.update < self.total_updates:
            self._end_early(record, display)
        if self.state.best is None:  # its checkpoint is gone, or the run was cut short
            self._save(self._evaluate(record, display))

    def _update(self, stop: Stop, display: Display) -> dict[str, Any] | None:
        """Do the next update. TrainingError when it cannot be done; what was learned before is saved."""
        update = self.plan.update(self.state.update)
        factor = schedule.factor(self.run.schedule, update.number, self.total_updates)
        try:
            return self.engine.do(update, factor, stop, display)
        except MovedInPart:
            raise
        except TrainingError:
            self._save()
            raise

    def best(self, averaged: bool = True) -> Xtts:
        """Return the network with the best checkpoint's weights in it, after `fit`; their average if there is one."""
        self.state.become_best(self.run.out, averaged)
        return self.network.eval()

    def _look_after(self, record: Record | None, display: Display) -> None:
        """Evaluate and save when it is time to."""
        done, last = self.state.update, self.state.update == self.total_updates
        better = False
        if last or done % self.run.evaluate.every_updates == 0:
            better = self._evaluate(record, display)
        if last or better or done % self.run.save.every_updates == 0:
            self._save(better)

    def _evaluate(self, record: Record | None, display: Display) -> bool:
        """Score the network (its average, if there is one), speak samples; say whether this is the best so far."""
        done = self.state.update
        with self.state.average.in_place() if self.state.average else nullcontext():
            display.evaluating()
            scores = validate.evaluate(self.gpt, self.eval_set, self.stats).facts()
            if self.spoken and self.world.leads:
                scores[choosing.RANK] = self.spoken.rank(done)
            if record:
                record.write("eval", done, scores)
                display.evaluated(done, scores)
                record.hear(done, self.samples.speak(done))
        return done > 0 and self._judge(scores.get(self.run.evaluate.metric, math.nan))

    def _judge(self, value: float) -> bool:
        """Say whether this is the best score so far; the leader decides, as others may differ in the last bit."""
        settings, before = self.run.evaluate, self.state.best
        better = choosing.better(value, before.value if before else None, settings.metric)
        better = self.world.any(better and self.world.leads)
        if better:
            self.state.best = choosing.best(self.state.update, value, settings.metric)
        self.state.patience = self.state.patience.after(value, settings)
        return better

    def _is_over(self) -> bool:
        """Say whether the run ends here; the leader decides."""
        return self.world.any(self.world.leads and bool(self._why_over()))

    def _why_over(self) -> str | None:
        minutes, settings = self.run.train.max_minutes, self.run.evaluate
        if minutes and self.state.trained_s >= minutes * 60:
            return f"{minutes:g} minutes of training are over (train.max_minutes)"
        over = settings.patience > 0 and self.state.patience.is_over(settings)
        return self.state.patience.in_words(settings) if over else None

    def _end_early(self, record: Record | None, display: Display) -> None:
        """Tell why the run ends before all updates are done, and keep that."""
        if self.state.stopped is None:
            if self.state.update % self.run.evaluate.every_updates:
                self._evaluate(record, display)
            self.state.stopped = self._why_over()
            if record:
                record.write("stop", self.state.update, {"why": self.state.stopped})
            self._save(better=True)
        display.stopped(self.state.update, str(self.state.stopped))

    def _save(self, better: bool = False) -> None:
        """Save this moment, unless it is saved already and no better one than it was known to be."""
        if better or self.saved != self.state.update:
            self.state.save(self.run.out, self.run.save.keep, self.world)
        self.saved = self.state.update
        self.world.wait()
