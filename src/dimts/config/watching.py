"""Settings of what a run leaves behind: checkpoints, evaluations, spoken samples, numbers for other programs."""

from typing import Annotated, Literal

from pydantic import Field

from dimts.config.section import Count, Section, Whole


class Save(Section):
    every_updates: Count = 500
    """Save a checkpoint this often, and at the end of the run."""
    keep: Count = 2
    """How many recent checkpoints to keep beside the best."""


class Evaluate(Section):
    every_updates: Count = 250
    """Evaluate this often, and at the end of the run."""
    at_start: bool = True
    """Evaluate the untrained network too, as a baseline."""
    metric: Literal["code_loss", "code_loss_unmasked", "text_loss", "code_accuracy", "rank"] = "code_loss"
    """The score that decides which checkpoint is the best: the highest accuracy or rank, or the lowest of any other."""
    sentences: Count = 12
    """How many held-back sentences are spoken at each evaluation where `metric` is `rank`."""
    patience: Whole = 0
    """Stop after this many evaluations without a better score, and export the best; 0 never stops early."""
    min_delta: Annotated[float, Field(ge=0)] = 0.0
    """How much better than before a score must be for `patience` to start counting again."""


class Samples(Section):
    texts: list[str] = []
    """Sentences spoken with fixed seeds whenever a checkpoint is evaluated."""
    language: str | None = None
    """Their language; the first dataset's if not given."""
    seed: Whole = 0
    """Seed of the first sentence; the next ones count up."""
    max_codes: Annotated[int, Field(ge=1, le=602)] = 400
    """Longest sample, in codes of 46.4 ms."""


class Track(Section):
    to: list[Literal["tensorboard", "trackio", "wandb"]] = []
    """Programs that show the run beside metrics.jsonl (extra `track`); wandb stays offline unless you log in to it."""
    project: Annotated[str, Field(min_length=1)] = "dimts"
    """What trackio and wandb call the group of runs."""
    name: str | None = None
    """What they call this run; the run folder's name if not given."""
