"""Settings of what a run hears: datasets, limits, prompts, batches."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dimts.config.section import Absolute, Count, Section, Share


class Limits(Section):
    clip_samples: Count = 255_995
    """Longest clip, in samples at 22,050 Hz: 11.6 s, the official limit. Longer ones are turned away, with a reason."""
    text_tokens: Count = 512
    """Longest text, in tokens. Above the base's 402 its text positions grow."""
    rejected_share: Share = 0.05
    """Refuse to start when more than this share of the clips is turned away."""


class Data(Section):
    datasets: Annotated[list[Absolute], Field(min_length=1)]
    """Dataset folders, as `dimts prepare` writes them."""
    eval_split: Literal["eval", "train"] = "eval"
    """What is evaluated: the clips held back, or the training clips themselves (only to see overfitting)."""


class Prompt(Section):
    min_samples: Count = 66_150
    """Shortest prompt, in samples at 22,050 Hz: 3 s. A clip shorter than the draw gives half of itself."""
    max_samples: Count = 132_300
    """Longest prompt, in samples at 22,050 Hz: 6 s."""
    masking: bool = True
    """Leave the codes that lie inside the prompt out of the loss, so that the model does not learn to copy."""
    pad_prompts: bool = True
    """Pad every prompt with silence to 6 s, or to `max_samples` if longer, as upstream trains (speech never pads)."""

    @model_validator(mode="after")
    def _agree(self) -> "Prompt":
        if self.min_samples > self.max_samples:
            raise ValueError(f"min_samples, {self.min_samples}, is above max_samples, {self.max_samples}")
        return self


class Batch(Section):
    clips: Count = 4
    """Clips in one micro-batch: what must fit in memory."""
    accumulation: Count = 128
    """Micro-batches in one update; on several GPUs they are shared out."""
    eval_clips: Count = 2
    """Clips in one evaluation batch."""
    layout: Literal["packed", "padded"] = "packed"
    """`packed` wastes nothing; `padded` makes clips equally long, which some GPUs like better. Same gradient."""
