"""One optimizer update: gradients of micro-batches are added up, then the weights move once.

Nothing here waits for the device before an update is done: sums stay on it. An update that does not fit in memory
starts over in smaller micro-batches; its clips, and so its gradient, stay the same.
"""

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from dimts.config import RunConfig
from dimts.data.batching import MicroBatch, Update, collate
from dimts.data.dataset import Example
from dimts.data.prompting import Draw
from dimts.errors import TrainingError
from dimts.model.blocks import Watch
from dimts.model.gpt import Scores
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer
from dimts.train import guide, loss, memory, precision, trainable
from dimts.train.display import Display
from dimts.train.dist import World
from dimts.train.interrupt import Stop
from dimts.train.loss import Sums
from dimts.train.optim import Norms
from dimts.train.state import State


@dataclass
class Tally:
    """What an update's micro-batches add up to, on the device."""

    sums: list[Tensor] = field(
        default_factory=list
    )  # of each: cross-entropy of text, of codes, strayed attention, share of loss
    draws: list[tuple[int, Sequence[Draw]]] = field(default_factory=list)  # of each: its number and its clips

    def totals(self) -> tuple[float, float, float]:
        """Return the cross-entropy in nats, summed over targets, of text and of codes, and the strayed attention."""
        if not self.sums:
            return 0.0, 0.0, 0.0
        text, codes, strayed, _ = torch.stack(self.sums).double().sum(0).tolist()
        return text, codes, strayed

    def not_finite(self) -> list[tuple[int, Sequence[Draw]]]:
        """Return the micro-batches whose loss is not finite."""
        return [each for each, sums in zip(self.draws, self.sums, strict=True) if not bool(sums[-1].isfinite())]


class MovedInPart(TrainingError):
    """Some weights moved and others did not: this moment must not be saved."""


class Engine:
    """Does updates: `network` learns from `heard`, `state` holds what moves."""

    def __init__(
        self, network: Xtts, heard: Sequence[Example], tokenizer: Tokenizer, run: RunConfig, world: World, state: State
    ) -> None:  # noqa: PLR0913
        self.network, self.heard, self.tokenizer, self.run = network, heard, tokenizer, run
        self.world, self.state = world, state

    def do(self, update: Update, factor: float, stop: Stop, display: Display) -> dict[str, Any] | None:
        """Do one update at `factor` times the learning rates; return its facts, or None when the user asked to stop."""
        began = time.perf_counter()
        alone = self._new_rows_move_alone(update)
        trainable.freeze_rest(self.network, [piece for piece in self.state.pieces if piece.new or not alone])
        tally = self._gradients(update, stop, display)
        if tally is None:
            return None
        norms = self._move(update, factor)
        if not math.isfinite(norms.before):
            self._skip(update, self.world.together(self._bad_clips(update, tally)), display)
        sums = self.world.total(*tally.totals())
        return self._facts(update, factor, norms, sums, time.perf_counter() - began)

    def _facts(
        self, update: Update, factor: float, norms: Norms, sums: Sequence[float], seconds: float
    ) -> dict[str, Any]:
        settings, loss_text, loss_code = self.run.train, sums[0] / update.text_targets, sums[1] / update.code_targets
        strayed = sums[2] / update.code_targets
        return {
            "epoch": update.epoch,
            "loss": settings.text_weight * loss_text + loss_code + settings.guided_attention * strayed,
            "loss_code": loss_code,
            "loss_text": loss_text,
            **({"strayed": strayed} if settings.guided_attention else {}),
            "lr": self.run.optimizer.lr * factor,
            "grad_norm": norms.before,
            "grad_norm_clipped": norms.after,
            "skipped": not math.isfinite(norms.before),
            "clips": len(update.draws),
            "seconds": round(seconds, 4),
            "clips_s": round(len(update.draws) / seconds, 3),
            "peak_gb": round(memory.peak_bytes(self.world.device) / 1e9, 3),
        }

    def _new_rows_move_alone(self, update: Update) -> bool:
        """Say whether an update is of the first stage, if the run has one."""
        return update.number < self.run.train.new_rows_first_updates

    def _gradients(self, update: Update, stop: Stop, display: Display) -> Tally | None:
        """Add up the gradients of an update, in smaller micro-batches when they do not fit; None to stop."""
        while True:
            update = update.within(self.state.budget) if self.state.budget else update
            self.state.optimizer.zero_grad()
            tally, heard = Tally(), 0
            for number, draws in enumerate(update.micro_batches):
                fits = number % self.world.size != self.world.rank or self._fits(update, number, draws, tally)
                display.heard(len(draws))
                heard += len(draws)
                asked, short = self.world.any_of(stop.asked, not fits)
                if asked:
                    return None
                if short:
                    break
            else:
                return tally
            self.state.budget = self._smaller(update)
            display.heard(-heard)
            display.smaller(update.number + 1, self.state.budget)

    def _fits(self, update: Update, number: int, draws: Sequence[Draw], tally: Tally) -> bool:
        """Add the gradients of a micro-batch; say whether memory sufficed."""
        try:
            self.micro_batch(update, number, draws, tally)
        except RuntimeError as error:
            if not memory.ran_out(error):
                raise
            return False
        return True

    def _smaller(self, update: Update) -> int:
        """Return half of the largest micro-batch's rows. TrainingError when that is a single clip."""
        self.state.optimizer.zero_grad()
        memory.release(self.world.device)
        largest = max(update.micro_batches, key=update.rows_of)
        if all(len(draws) == 1 for draws in update.micro_batches):
            raise TrainingError(
                f"update {update.number + 1:,}: out of memory with a single clip of {update.rows_of(largest)} rows; "
                "set train.checkpointing, train fewer parts (train.trainable: lora), keep the optimizer elsewhere "
                "(optimizer.place: cpu), or lower limits.clip_samples"
            )
        return max(1, update.rows_of(largest) // 2)

    def micro_batch(self, update: Update, number: int, draws: Sequence[Draw], tally: Tally) -> None:
        """Add the gradients of some clips to those that are there."""
        sums, share = self._share(update, number, draws)
        torch.autograd.backward(share * self.state.scale.value)
        tally.sums.append(torch.stack([each.detach() for each in (sums.text, sums.codes, sums.strayed, share)]))
        tally.draws.append((number, draws))

    def share(self, update: Update, draws: Sequence[Draw]) -> Tensor:
        """Return what some clips of an update add to its loss."""
        return self._share(update, 0, draws)[1]

    def latents(self, draws: Sequence[Draw]) -> Tensor:
        """Return the latents of some clips' prompts."""
        batch = self._batch(draws)
        with self._autocast():
            return loss.latents(self.network.gpt, batch)

    def _share(self, update: Update, number: int, draws: Sequence[Draw]) -> tuple[Sums, Tensor]:
        settings, gpt = self.run.train, self.network.gpt
        seen = guide.watch(gpt) if settings.guided_attention else None
        batch, scores = self._score(update, number, draws, seen)
        strayed = guide.strayed(gpt, seen, batch) if seen else None
        sums = loss.sums(scores, batch, settings.label_smoothing, strayed)
        weights = settings.text_weight, settings.guided_attention
        return sums, sums.loss(update.text_targets, update.code_targets, *weights)

    def _score(
        self, update: Update, number: int, draws: Sequence[Draw], watch: Watch | None = None
    ) -> tuple[MicroBatch, Scores]:
        """Run the network; randomness depends on the seed, the update and the micro-batch's place in it alone."""
        torch.manual_seed(random.Random(f"dropout {self.run.seed} {update.number} {number}").getrandbits(63))
        batch = self._batch(draws)
        with self._autocast():
            scores = loss.score(self.network.gpt, batch, self.tokenizer.start_id, update.padded, watch)
        return batch, scores

    def _batch(self, draws: Sequence[Draw]) -> MicroBatch:
        return collate(self.heard, draws, self.run.prompt, self.network.mel_stats, self.tokenizer.stop_id)

    def _autocast(self) -> torch.autocast:
        dtype = precision.AUTOCAST.get(self.run.train.precision)
        return torch.autocast(self.world.device.type, dtype, dtype is not None)

    @torch.no_grad()
    def _bad_clips(self, update: Update, tally: Tally) -> list[str]:
        """Name the clips whose loss was not finite, by hearing them again as they were heard."""
        named: list[str] = []
        for number, draws in tally.not_finite():
            batch, scores = self._score(update, number, draws)
            named += [self.heard[draws[i].index].clip.id for i in loss.not_finite(scores, batch)]
        return named

    def _move(self, update: Update, factor: float) -> Norms:
        """Add up gradients over processes, clip them and step; no weight moves when they are not finite."""
        state, optimizer = self.state, self.state.optimizer
        self.world.add_up(optimizer.attach(self._new_rows_move_alone(update)))
        norms = optimizer.clip(state.scale.value)
        finite = math.isfinite(norms.before)
        if finite:
            optimizer.set_rates(factor)
            self._step(update)
            state.skipped = 0
            if state.average:
                state.average.update()
        state.scale.update(finite)
        return norms

    def _step(self, update: Update) -> None:
        """Move the weights. MovedInPart when the averages do not fit in memory."""
        try:
            self.state.optimizer.step()
        except RuntimeError as error:
            if not memory.ran_out(error):
                raise
            raise MovedInPart(
                f"update {update.number + 1:,}: out of memory for the optimizer's averages; keep them elsewhere "
                "(optimizer.place: cpu) or smaller (optimizer.state: 8bit), or train less (train.trainable: lora)"
            ) from error

    def _skip(self, update: Update, clips: Sequence[str], display: Display) -> None:
        """Tell of a skipped update, and count it once fp16 can lower its scale no more."""
        display.skipped(update.number + 1, clips)
        if not self.state.scale.can_fall:
            self.state.skip(update.number + 1, clips)
