"""The training loop, in optimizer updates: gradients of micro-batches are added up, then the weights move once."""

import hashlib
import math
import random
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from dimts.checkpoint import store
from dimts.checkpoint.official import Base
from dimts.config import RunConfig
from dimts.data.batching import Plan, Update, collate
from dimts.data.dataset import Pair
from dimts.data.prompting import Draw
from dimts.errors import TrainingError
from dimts.model.blocks import Mode
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer
from dimts.train import choosing, loss, precision, schedule, trackers, trainable, validate
from dimts.train.average import Average
from dimts.train.display import Display
from dimts.train.dist import World
from dimts.train.interrupt import Stop
from dimts.train.optim import Norms, Optimizer
from dimts.train.samples import Samples
from dimts.train.state import State
from dimts.train.trackers import Record

BAD_UPDATES = 3  # non-finite gradients in a row that end a run


class Interrupted(Exception):
    """The user asked to stop; everything is saved."""


@dataclass
class Tally:
    """What an update's micro-batches add up to."""

    text: float = 0.0  # cross-entropy summed over targets, in nats
    codes: float = 0.0
    bad_clips: list[str] = field(default_factory=list)  # whose loss was not finite


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
        self.saved: int | None = None  # the update that the last checkpoint holds
        self.gpt.mode = Mode(run.train.dropout)

    def _new_state(self, base: Base) -> State:
        settings, gpt = self.run.train, self.gpt
        new_rows = gpt.shape.text_rows - base.tokenizer.rows
        names = trainable.parts(settings.trainable, len(self.pair.train), gpt.shape.layers, new_rows)
        pieces = trainable.pieces(gpt, names, base.tokenizer.rows)
        trainable.freeze_rest(self.network, pieces)
        average = Average(pieces, settings.ema) if settings.ema else None
        scaler = torch.amp.GradScaler(self.world.device.type, enabled=settings.precision == "fp16")
        data = hashlib.sha256(
            " ".join(data.sha256 for data in (*self.pair.datasets, *self.pair.replay_datasets)).encode()
        ).hexdigest()
        identity = {"base": base.sha256, "vocabulary": self.tokenizer.sha256, "dataset": data}
        return State(gpt, pieces, Optimizer(pieces, self.run.optimizer), average, scaler, identity)

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
        while self.state.update < self.total_updates and not self._patience_is_over():
            self.state.stopped = None
            update = self.plan.update(self.state.update)
            facts = self._step(update, stop, display)
            if facts is None:
                self._save()
                raise Interrupted
            self.state.update += 1
            facts |= self.world.memory()
            if record:
                record.write("update", self.state.update, facts)
            display.updated(self.state.update, facts)
            self._look_after(record, display)
        if self.state.update < self.total_updates:
            self._end_early(record, display)
        if self.state.best is None:  # its checkpoint is gone, or the run was cut short
            self._save(self._evaluate(record, display))

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
            scores = validate.evaluate(self.gpt, self.eval_set, self.stats)
            if record:
                record.write("eval", done, scores.facts())
                display.evaluated(done, scores.facts())
                record.hear(done, self.samples.speak(done))
        return done > 0 and self._judge(getattr(scores, self.run.evaluate.metric))

    def _judge(self, value: float) -> bool:
        """Say whether this is the best score so far; the leader decides, as others may differ in the last bit."""
        settings, before = self.run.evaluate, self.state.best
        better = choosing.better(value, before.value if before else None, settings.metric)
        better = self.world.any(better and self.world.leads)
        if better:
            self.state.best = choosing.best(self.state.update, value, settings.metric)
        self.state.patience = self.state.patience.after(value, settings)
        return better

    def _patience_is_over(self) -> bool:
        settings = self.run.evaluate
        return settings.patience > 0 and self.world.any(self.world.leads and self.state.patience.is_over(settings))

    def _end_early(self, record: Record | None, display: Display) -> None:
        """Tell why the run ends before all updates are done, and keep that."""
        if self.state.stopped is None:
            self.state.stopped = self.state.patience.in_words(self.run.evaluate)
            if record:
                record.write("stop", self.state.update, {"why": self.state.stopped})
            self._save(better=True)
        display.stopped(self.state.update, self.state.stopped)

    def _save(self, better: bool = False) -> None:
        """Save this moment, unless it is saved already and no better one than it was known to be."""
        if self.world.leads and (better or self.saved != self.state.update):
            self.state.save(self.run.out, self.run.save.keep)
        self.saved = self.state.update
        self.world.wait()

    def _step(self, update: Update, stop: Stop, display: Display) -> dict[str, Any] | None:
        """Do one update and return its facts; None when the user asked to stop before the weights moved."""
        began = time.perf_counter()
        tally = Tally()
        self.state.optimizer.zero_grad()
        alone = self._new_rows_move_alone(update)
        trainable.freeze_rest(self.network, [piece for piece in self.state.pieces if piece.new or not alone])
        for number, draws in enumerate(update.micro_batches):
            if number % self.world.size == self.world.rank:
                self._micro_batch(update, number, draws, tally)
                display.heard(len(draws) * self.world.size)
            if self.world.any(stop.asked):
                return None
        factor = schedule.factor(self.run.schedule, update.number, self.total_updates)
        norms = self._move(update, factor)
        if not math.isfinite(norms.before):
            self._skip(update, self.world.together(tally.bad_clips), display)
        seconds = time.perf_counter() - began
        clips = sum(map(len, update.micro_batches))
        text, codes = self.world.total(tally.text, tally.codes)
        loss_text, loss_code = text / update.text_targets, codes / update.code_targets
        return {
            "epoch": update.epoch,
            "loss": self.run.train.text_weight * loss_text + loss_code,
            "loss_code": loss_code,
            "loss_text": loss_text,
            "lr": self.run.optimizer.lr * factor,
            "grad_norm": norms.before,
            "grad_norm_clipped": norms.after,
            "skipped": not math.isfinite(norms.before),
            "clips": clips,
            "seconds": round(seconds, 4),
            "clips_s": round(clips / seconds, 3),
        }

    def _new_rows_move_alone(self, update: Update) -> bool:
        """Say whether an update is of the first stage, if the run has one."""
        return update.number < self.run.train.new_rows_first_updates

    def _micro_batch(self, update: Update, number: int, draws: tuple[Draw, ...], tally: Tally) -> None:
        """Add the gradients of some clips; randomness depends on the seed, the update and the place in it alone."""
        torch.manual_seed(random.Random(f"dropout {self.run.seed} {update.number} {number}").getrandbits(63))
        batch = collate(self.pair.heard, draws, self.run.prompt, self.stats, self.tokenizer.stop_id)
        settings = self.run.train
        dtype = precision.AUTOCAST.get(settings.precision)
        with torch.autocast(self.world.device.type, dtype, dtype is not None):
            scores = loss.score(self.gpt, batch, self.tokenizer.start_id, self.run.batch.layout == "padded")
        sums = loss.sums(scores, batch, settings.label_smoothing)
        share = sums.loss(update.text_targets, update.code_targets, settings.text_weight)
        torch.autograd.backward(self.state.scaler.scale(share))
        tally.text += float(sums.text.detach())
        tally.codes += float(sums.codes.detach())
        if not bool(torch.isfinite(share)):
            tally.bad_clips += [self.pair.heard[draws[i].index].clip.id for i in loss.not_finite(scores, batch)]

    def _move(self, update: Update, factor: float) -> Norms:
        """Add up gradients over processes, clip them and step; no weight moves when they are not finite."""
        state = self.state
        self.world.add_up(state.optimizer.attach(self._new_rows_move_alone(update)))
        state.scaler.unscale_(state.optimizer.adamw)
        norms = state.optimizer.clip()
        if math.isfinite(norms.before):
            state.optimizer.set_rates(factor)
            state.scaler.step(state.optimizer.adamw)
            state.skipped = 0
            if state.average:
                state.average.update()
        state.scaler.update()
        return norms

    def _skip(self, update: Update, clips: list[str], display: Display) -> None:
        """Tell of a skipped update. TrainingError after three in a row, once fp16 can lower its scale no more."""
        display.skipped(update.number + 1, clips)
        if self.state.scaler.is_enabled() and self.state.scaler.get_scale() > 1:
            return
        self.state.skipped += 1
        if self.state.skipped >= BAD_UPDATES:
            self._save()
            named = ", ".join(clips[:5]) or f"all {len(update.micro_batches)} micro-batches are finite alone"
            raise TrainingError(
                f"update {update.number + 1:,}: the gradient was not finite {self.state.skipped} times in a row "
                f"(clips: {named}); what was learned before is saved: check these clips and the dataset's cache, "
                "or lower optimizer.lr in a new out"
            )
