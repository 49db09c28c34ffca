"""Settings of what a run hears: datasets, limits, prompts, batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dimts.config.section import Absolute, Count, Positive, Section, Share, refuse

Part = Annotated[float, Field(ge=0, lt=1)]


class Limits(Section):
    clip_samples: Count = 255_995
    """Longest clip, in samples at 22,050 Hz: 11.6 s, the official limit. Longer ones are turned away, with a reason."""
    text_tokens: Count = 512
    """Longest text, in tokens. Above the base's 402 its text positions grow."""
    rejected_share: Share = 0.05
    """Refuse to start when more than this share of the clips is turned away."""


class Data(Section):
    datasets: Annotated[list[Absolute], Field(min_length=1)]
    """Dataset folders, as `dimts prepare` writes them: of one language or of several."""
    eval_split: Literal["eval", "train"] = "eval"
    """What is evaluated: the clips held back, or the training clips themselves (only to see overfitting)."""
    sampling: Literal["each_once", "balanced"] = "each_once"
    """`each_once`: an epoch holds every clip once. `balanced`: as many draws, small groups drawn more often."""
    balance_by: Literal["language", "speaker"] = "language"
    """What `balanced` takes for a group."""
    temperature: Annotated[float, Field(ge=1)] = 5.0
    """With `balanced`, a group's share goes with its clips ** (1 / temperature): 1 is as found, 100 nearly equal."""
    replay: list[Absolute] = []
    """Datasets of languages that the base speaks, heard along with `datasets` so that it does not forget them."""
    replay_share: Part = 0.0
    """Share of an epoch's draws that are clips of `replay`; the clips of `datasets` all come as before."""
    short_share: Part = 0.0
    """Draw short clips again until they are this share of an epoch: who heard few babbles after a word or two."""
    short_s: Positive = 2.0
    """What `short_share` takes for a short clip, in seconds: one to four words."""

    @model_validator(mode="after")
    def _agree(self) -> "Data":
        refuse(*self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        for name, folders in (("datasets", self.datasets), ("replay", self.replay)):
            yield from (f"data.{name}: {folder} is there twice" for folder in _repeated(folders))
        both = [folder for folder in self.replay if folder in self.datasets]
        yield from (f"data.replay: {folder} is one of data.datasets too; give it once" for folder in both)
        if self.replay and not self.replay_share:
            yield "data.replay_share: 0 leaves data.replay unheard; set a share such as 0.1"
        if self.replay_share and not self.replay:
            yield f"data.replay_share: {self.replay_share:g} of an epoch cannot come from nowhere; give data.replay"
        if self.replay_share + self.short_share >= 1:
            yield f"data.short_share: {self.short_share:g} and replay_share, {self.replay_share:g}, must stay below 1"


class Prompt(Section):
    source: Literal["same_clip", "same_speaker"] = "same_clip"
    """What prompts a clip: a slice of itself, or of another clip of its speaker, of which nothing needs masking."""
    min_samples: Count = 66_150
    """Shortest prompt, in samples at 22,050 Hz: 3 s. A clip shorter than the draw gives half of itself."""
    max_samples: Count = 132_300
    """Longest prompt, in samples at 22,050 Hz: 6 s."""
    masking: bool = True
    """Leave the codes that lie inside the prompt out of the loss, so that the model does not learn to copy."""
    pad_prompts: bool = True
    """Pad every prompt with silence to 6 s, or to `max_samples` if longer, as upstream trains (speech never pads)."""
    speed: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Make each prompt faster or slower by up to this part (0.1: 0.9 to 1.1 times as fast); 0 is off."""
    pitch: Annotated[float, Field(ge=0, le=12)] = 0.0
    """Shift each prompt up or down by up to so many semitones, voice colour along with pitch; 0 is off."""
    noise_snr_db: Annotated[float, Field(ge=-20, le=100)] | None = None
    """Add white noise to each prompt, this many decibels below it or up to 30 more; none is off."""

    @model_validator(mode="after")
    def _agree(self) -> "Prompt":
        if self.min_samples > self.max_samples:
            refuse(f"prompt.min_samples: {self.min_samples} is above max_samples, {self.max_samples}")
        return self


class Batch(Section):
    by: Literal["clips", "tokens", "auto"] = "clips"
    """What fills a micro-batch: so many `clips`, so many `tokens`, or as many tokens as memory is found to hold."""
    clips: Count = 4
    """Clips in one micro-batch: what must fit in memory. An update holds `clips` x `accumulation`, whatever `by` is."""
    accumulation: Count = 128
    """Micro-batches in one update; on several GPUs they are shared out."""
    tokens: Count | None = None
    """With `by: tokens`, the most rows in a micro-batch: prompt latents, text tokens and codes of its clips."""
    eval_clips: Count = 2
    """Clips in one evaluation batch."""
    layout: Literal["packed", "padded"] = "packed"
    """`packed` wastes nothing; `padded` makes clips equally long, which some GPUs like better. Same gradient."""

    @model_validator(mode="after")
    def _agree(self) -> "Batch":
        if self.by == "tokens" and self.tokens is None:
            refuse("batch.tokens: is missing; `by: tokens` needs the most rows of a micro-batch, such as 4000")
        if self.by != "tokens" and self.tokens is not None:
            refuse(f"batch.tokens: {self.tokens} is not heeded by `by: {self.by}`; set `by: tokens`, or remove it")
        return self


def _repeated(folders: Sequence[Path]) -> list[Path]:
    return [folder for number, folder in enumerate(folders) if folder in folders[:number]]
