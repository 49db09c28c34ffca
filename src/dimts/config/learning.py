"""Settings of how a run learns: optimizer, schedule, what is trained and in which numbers."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from dimts.config.section import Count, Positive, Section, Whole, rising

Target = Literal["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]  # the linear layers of a block


class Optimizer(Section):
    lr: Positive = 5e-6
    """Learning rate: large enough to learn a language, small enough to keep the voice."""
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.9, 0.96)
    """AdamW's averaging of gradients and of their squares."""
    eps: Positive = 1e-8
    """AdamW's guard against division by zero."""
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    """AdamW's decay, on matrices only: not on biases, norms, embeddings, positions or latents."""
    new_rows_lr: Positive | Literal["same"] = 1e-4
    """Learning rate of the rows that the extended vocabulary added; `same` uses `lr`, which hardly moves them."""
    lora_lr: Positive | Literal["same"] = 1e-4
    """Learning rate of LoRA's adapters: they begin at nothing and have as far to go; `same` uses `lr`."""
    clip_norm: Annotated[float, Field(ge=0)] = 1.0
    """Scale gradients down to this norm; 0 turns it off."""
    state: Literal["fp32", "8bit"] = "fp32"
    """What AdamW's averages are kept in: `8bit` takes a quarter of the memory, and somewhat longer an update."""
    place: Literal["device", "cpu"] = "device"
    """Where they lie and the step is computed: `cpu` spares 8 bytes of GPU memory a weight, for time an update."""
    shard: bool = False
    """With several processes, each keeps the averages of its share of the weights only."""


class Schedule(Section):
    kind: Literal["multistep", "constant", "cosine", "linear"] = "multistep"
    """How the learning rate changes over updates (not epochs)."""
    milestones: Annotated[list[Count], AfterValidator(rising)] = [50_000, 150_000, 300_000]
    """Updates at which `multistep` multiplies the learning rate by gamma."""
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Factor at each milestone."""
    warmup_updates: Whole = 0
    """Updates over which the learning rate first rises from 0; off by default: the base is sound."""


def _blocks(value: object) -> str:
    text = str(value)
    if not re.fullmatch(r"all|\d+|\d+-\d+", text):
        raise ValueError("must be `all`, one block such as 29, or a range such as 20-29")
    return text


class Lora(Section):
    rank: Count = 16
    """Width of an adapter: how much it can learn, and how large it is (7.9 million weights at 16 on XTTS v2)."""
    alpha: Positive = 32.0
    """Strength: what an adapter adds is multiplied by alpha / rank."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Dropout on what an adapter hears; off by default, as the network has dropout of its own."""
    targets: Annotated[list[Target], Field(min_length=1)] = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]
    """Layers of a block that get one: all four, as those on attention alone fall behind full training."""
    blocks: Annotated[str, BeforeValidator(_blocks)] = "all"
    """Blocks that get them: `all`, one such as 29, or a range such as 20-29."""


class Train(Section):
    epochs: Count = 100
    """How often every training clip is heard."""
    max_updates: Count | None = None
    """Stop after this many updates, whatever the epochs say."""
    max_minutes: Positive | None = None
    """Stop after so many minutes of training, and export the best; the learning rate follows updates all the same."""
    trainable: str | list[str] = "auto"
    """What learns: `all`, `last-2`, `new-rows`, `lora`, a list of parts, or `auto`: `last-2` under 3,000 clips, else
    `all`."""
    lora: Lora = Lora()
    """Adapters, where `trainable` names `lora`."""
    new_rows_first_updates: Whole = 0
    """For so many updates only the new rows move, to find their places while the base's voice stands; then all that
    `trainable` names. 0 is off."""
    new_rows_start: Literal["phonetic", "mean", "noise"] = "phonetic"
    """Where the rows of new tokens begin: at the base's rows for their sound, at the mean of all rows, or at chance."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Dropout on embeddings, attention and residuals; 0.1 as the base was trained."""
    text_weight: Annotated[float, Field(ge=0)] = 0.01
    """Weight of the text loss beside the code loss."""
    guided_attention: Annotated[float, Field(ge=0)] = 0.0
    """Weight of a loss that leads two heads of the middle block along the text; for networks that begin at chance."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each target spread over all ids; off by default."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay per update of a running average of the weights, evaluated and exported in their stead; 0 is off."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Number format of forward and backward; weights and optimizer stay fp32. fp16 scales its loss."""
    tf32: bool = False
    """Let NVIDIA GPUs round fp32 products to TF32."""
    checkpointing: bool = False
    """Keep only what enters each block and compute the rest again on the way back: much less memory, a third slower."""
    compile: bool = False
    """Fuse the blocks' small operations with torch.compile, on NVIDIA GPUs: faster after a minute of compiling."""

    @property
    def with_lora(self) -> bool:
        """Whether adapters learn."""
        return "lora" in ([self.trainable] if isinstance(self.trainable, str) else self.trainable)

    @model_validator(mode="after")
    def _agree(self) -> "Train":
        if self.lora != Lora() and not self.with_lora:
            raise ValueError(f"lora: is set, but trainable, {self.trainable}, does not name lora")
        return self
