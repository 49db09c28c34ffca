"""Which checkpoint is the best, and when a run has stopped getting better.

The best is simply the one with the best score. Patience counts from the last evaluation that was better by more than
`evaluate.min_delta`, so that creeping by hairs ends too.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from dimts import files
from dimts.config import Evaluate
from dimts.errors import CheckpointError

NAMES = {
    "code_loss": "masked code loss",
    "code_loss_unmasked": "code loss with the prompt's own codes",
    "text_loss": "text loss",
    "code_accuracy": "code accuracy",
    "rank": "rank of what is spoken",
}
WORDS = NAMES | {"mel_l1": "error of the mel"}  # a part's own too
BEST, RANK = "best.json", "rank"
HIGHER_IS_BETTER = frozenset({"code_accuracy", RANK})


@dataclass(frozen=True)
class Best:
    """The checkpoint with the best score so far."""

    update: int
    value: float
    metric: str = "code_loss"
    why: str = "lowest masked code loss on the evaluation clips"


def chosen(run: Path) -> Best | None:
    """Return what was chosen by rank, None where nothing was. CheckpointError for a damaged file."""
    path = run / BEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["metric"] != RANK:
            return None
        return Best(int(content["update"]), float(content["value"]), RANK, str(content["why"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); `dimts evaluate {run}` writes it again") from error


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

    def in_words(self, settings: Evaluate, metric: str | None = None) -> str:
        """Say why the run stops; a part has a metric of its own."""
        delta = f" by more than {settings.min_delta:g}" if settings.min_delta else ""
        mark = "none" if self.mark is None else f"{self.mark:.4f}"
        return f"the {WORDS[metric or settings.metric]} was not better than {mark}{delta} for {self.waited} evaluations"


def write(run: Path, best: Best | None, stopped: str | None) -> None:
    """Write best.json, if there is a best."""
    if best:
        with files.writing(run / BEST):
            files.write_text(run / BEST, json.dumps({**asdict(best), "stopped": stopped}, indent=2) + "\n")


def best(update: int, value: float, metric: str) -> Best:
    """Describe a checkpoint as the best."""
    extreme = "highest" if metric in HIGHER_IS_BETTER else "lowest"
    return Best(update, value, metric, f"{extreme} {WORDS[metric]} on the evaluation clips")


def better(value: float, before: float | None, metric: str, least: float = 0.0) -> bool:
    """Say whether a score betters another by more than `least`; whatever is finite betters None."""
    if not math.isfinite(value) or before is None:
        return math.isfinite(value)
    return (value - before if metric in HIGHER_IS_BETTER else before - value) > least
