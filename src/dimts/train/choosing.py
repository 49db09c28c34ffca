"""Which checkpoint is the best, and when a run has stopped getting better.

The best is simply the one with the best score. Patience counts from the last evaluation that was better by more than
`evaluate.min_delta`, so that creeping by hairs ends too.
"""

import math
from dataclasses import dataclass

from dimts.config import Evaluate

NAMES = {
    "code_loss": "masked code loss",
    "code_loss_unmasked": "code loss with the prompt's own codes",
    "text_loss": "text loss",
    "code_accuracy": "code accuracy",
}
HIGHER_IS_BETTER = frozenset({"code_accuracy"})


@dataclass(frozen=True)
class Best:
    """The checkpoint with the best score so far."""

    update: int
    value: float
    metric: str = "code_loss"
    why: str = "lowest masked code loss on the evaluation clips"


@dataclass(frozen=True)
class Patience:
    """How long scores have not been better than a mark, in evaluations."""

    mark: float | None = None  # the score that is to be bettered
    waited: int = 0

    def after(self, value: float, settings: Evaluate) -> "Patience":
        """Return the patience after one more evaluation."""
        if better(value, self.mark, settings.metric, settings.min_delta):
            return Patience(value)
        return Patience(self.mark, self.waited + 1)

    def is_over(self, settings: Evaluate) -> bool:
        """Say whether the run should stop."""
        return 0 < settings.patience <= self.waited

    def in_words(self, settings: Evaluate) -> str:
        """Say why the run stops."""
        delta = f" by more than {settings.min_delta:g}" if settings.min_delta else ""
        mark = "none" if self.mark is None else f"{self.mark:.4f}"
        return f"the {NAMES[settings.metric]} was not better than {mark}{delta} for {self.waited} evaluations"


def best(update: int, value: float, metric: str) -> Best:
    """Describe a checkpoint as the best."""
    extreme = "highest" if metric in HIGHER_IS_BETTER else "lowest"
    return Best(update, value, metric, f"{extreme} {NAMES[metric]} on the evaluation clips")


def better(value: float, before: float | None, metric: str, least: float = 0.0) -> bool:
    """Say whether a score betters another by more than `least`; whatever is finite betters None."""
    if not math.isfinite(value) or before is None:
        return math.isfinite(value)
    return (value - before if metric in HIGHER_IS_BETTER else before - value) > least
