"""What a run will do, before anything starts: updates, learning rate, what learns, and what is worth a warning."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dimts.config import RunConfig
from dimts.train import curve, schedule, trainable
from dimts.train.trainer import Trainer


@dataclass(frozen=True)
class RunPlan:
    """The arithmetic of a run; plan.json holds it."""

    train_clips: int
    train_hours: float
    eval_clips: int
    rejected_clips: int
    draws_per_epoch: int
    epoch: str  # what these are, where they are not every training clip once
    clips_per_update: int
    updates_per_epoch: int
    total_updates: int
    device: str
    parameters: int
    learning_parameters: int
    new_rows: int
    trainable: tuple[str, ...]
    new_rows_first_updates: int
    schedule: str
    curve: list[dict[str, float]]  # learning rates after so many updates
    warnings: tuple[str, ...]

    def facts(self) -> dict[str, object]:
        return asdict(self)

    def lines(self, drawing: Sequence[str] = ()) -> list[str]:
        """Say it in words, with the curve where it is drawn."""
        share = self.learning_parameters / self.parameters
        stage = f"for the first {self.new_rows_first_updates:,} updates only new rows move, then all"
        return [
            f"{self.train_clips:,} training clips ({self.train_hours:.2f} h), {self.eval_clips:,} for evaluation, "
            f"{self.rejected_clips:,} turned away",
            *([self.epoch] if self.epoch else []),
            f"{self.clips_per_update:,} clips an update, {self.updates_per_epoch:,} updates an epoch; {self.schedule}",
            *drawing,
            f"{self.learning_parameters:,} of {self.parameters:,} GPT weights learn ({share:.1%}), "
            f"{self.new_rows:,} rows of the vocabulary are new; on {self.device}",
            "; ".join([f"what learns: {', '.join(self.trainable)}", *([stage] if self.new_rows_first_updates else [])]),
            *(f"warning: {warning}" for warning in self.warnings),
        ]


def of(trainer: Trainer, base_rows: int) -> RunPlan:
    """Work out what a run will do."""
    run, plan, pair = trainer.run, trainer.plan, trainer.pair
    new_rows = trainer.gpt.shape.text_rows - base_rows
    parts = trainable.parts(run.train.trainable, len(pair.train), trainer.gpt.shape.layers, new_rows)
    return RunPlan(
        train_clips=len(pair.train),
        train_hours=round(sum(example.clip.duration_s for example in pair.train) / 3600, 4),
        eval_clips=len(pair.eval),
        rejected_clips=len(pair.rejected),
        draws_per_epoch=plan.sampler.draws_per_epoch,
        epoch=plan.sampler.in_words(),
        clips_per_update=plan.clips_per_update,
        updates_per_epoch=plan.updates_per_epoch,
        total_updates=trainer.total_updates,
        device=str(trainer.world.device),
        parameters=sum(parameter.numel() for parameter in trainer.gpt.parameters()),
        learning_parameters=sum(piece.tensor.numel() for piece in trainer.state.pieces),
        new_rows=new_rows,
        trainable=tuple(parts),
        new_rows_first_updates=run.train.new_rows_first_updates,
        schedule=schedule.in_words(run.schedule, trainer.total_updates, run.optimizer.lr),
        curve=curve.points(run.schedule, curve.rates(run), trainer.total_updates),
        warnings=tuple(_warnings(run, trainer.total_updates, parts, new_rows)),
    )


def _warnings(run: RunConfig, updates: int, parts: Sequence[str], new_rows: int) -> list[str]:
    """AdamW moves a weight by at most about its learning rate an update: say when that is too little to learn."""
    found, far = [], []
    rates = run.optimizer
    if new_rows and {trainable.NEW_ROWS, "text_embedding", "text_head"} & set(parts):
        far.append(("a new row's weights", "new_rows_lr", rates.new_rows_lr))
    if trainable.LORA in parts:
        far.append(("an adapter's weights", "lora_lr", rates.lora_lr))
    whole = sum(schedule.factor(run.schedule, update, updates) for update in _sampled(updates)) * _stride(updates)
    for what, name, own in far:
        rate = rates.lr if own == "same" else own
        if rate * whole < 0.01:
            found.append(
                f"{updates:,} updates at {schedule.shown(rate)} move {what} by about {rate * whole:.2g} in all: they "
                f"will hardly learn; use more clips or epochs, less batch.accumulation, or a higher optimizer.{name}"
            )
    if updates < 20:
        found.append(f"only {updates} updates in all; lower batch.accumulation or raise train.epochs")
    evaluations = math.ceil(updates / run.evaluate.every_updates)
    if run.evaluate.patience >= evaluations:
        found.append(
            f"evaluate.patience, {run.evaluate.patience}, never ends a run of {evaluations} evaluations; lower it, or "
            "evaluate.every_updates"
        )
    return found


def _stride(updates: int) -> int:
    return max(1, math.ceil(updates / 1000))


def _sampled(updates: int) -> range:
    return range(0, updates, _stride(updates))
