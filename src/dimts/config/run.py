"""One training run: all sections together, and what they must agree on."""

from pydantic import model_validator

from dimts.config.hearing import Batch, Data, Limits, Prompt
from dimts.config.learning import Optimizer, Schedule, Train
from dimts.config.section import Absolute, Section, Whole
from dimts.config.watching import Evaluate, Samples, Save


class RunConfig(Section):
    """One training run."""

    base: Absolute
    """Folder of the base: official XTTS v2, a random base, or an earlier bundle."""
    data: Data
    out: Absolute
    """Run folder: made if missing, continued if it holds a checkpoint."""
    vocab: Absolute | None = None
    """Extended vocabulary from `dimts vocab`; none keeps the base's."""
    device: str = "auto"
    """`auto` is cuda, then mps, then cpu, whichever is there; or a torch device."""
    seed: Whole = 0
    """Seed of everything random: order, prompts, dropout."""
    limits: Limits = Limits()
    prompt: Prompt = Prompt()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    batch: Batch = Batch()
    train: Train = Train()
    save: Save = Save()
    evaluate: Evaluate = Evaluate()
    samples: Samples = Samples()

    @model_validator(mode="after")
    def _agree(self) -> "RunConfig":
        most = self.limits.clip_samples
        if self.prompt.max_samples > most:
            raise ValueError(f"prompt.max_samples: {self.prompt.max_samples} is above limits.clip_samples, {most}")
        return self
