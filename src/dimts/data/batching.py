"""Which clips, which prompts, in which update: a pure function of (seed, epoch, position).

An update is so many clips, laid out in micro-batches; every clip comes once an epoch, the last update of an epoch holds
what is left. Nothing here depends on where a run stopped or on the number of ranks.
"""

# B clips, T text tokens, A audio codes, F mel frames, M mel bands

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from dimts.config import Batch, Prompt
from dimts.data.dataset import Example
from dimts.model import mel
from dimts.model.shapes import CODE_SAMPLES, HOP_SAMPLES, PROMPT_LIMIT_SAMPLES, STOP_CODE, STOP_TARGETS

IGNORED = -100  # cross_entropy's ignore_index


@dataclass(frozen=True)
class Draw:
    """A clip and the slice of it that prompts it."""

    index: int
    start_samples: int  # at 22,050 Hz, a multiple of a mel frame
    length_samples: int

    @property
    def frames(self) -> slice:
        start = self.start_samples // HOP_SAMPLES
        return slice(start, start + self.length_samples // HOP_SAMPLES + 1)

    @property
    def codes(self) -> slice:
        """The codes that the slice covers."""
        end = self.start_samples + self.length_samples
        return slice(self.start_samples // CODE_SAMPLES, end // CODE_SAMPLES)


@dataclass(frozen=True)
class Update:
    """One optimizer update: its micro-batches, and how many targets they hold in all."""

    number: int  # from 0
    epoch: int  # from 0
    micro_batches: tuple[tuple[Draw, ...], ...]
    text_targets: int
    code_targets: int


@dataclass(frozen=True)
class MicroBatch:
    """Tensors of some clips on the training device."""

    prompts: tuple[Tensor, ...]  # [B, 80, F], or one [1, 80, F] a clip where lengths differ
    text: list[Tensor]  # int64 [T] each
    codes: list[Tensor]  # int64 [A] each
    text_targets_N: Tensor
    code_targets_N: Tensor  # IGNORED inside prompts


class Plan:
    """All updates of a run."""

    def __init__(self, examples: Sequence[Example], batch: Batch, prompt: Prompt, seed: int) -> None:
        self.examples, self.batch, self.prompt, self.seed = examples, batch, prompt, seed
        self.clips_per_update = batch.clips * batch.accumulation
        self.updates_per_epoch = -(-len(examples) // self.clips_per_update)

    def update(self, number: int) -> Update:
        """Lay out one update."""
        epoch, place = divmod(number, self.updates_per_epoch)
        first = place * self.clips_per_update
        order = _order(len(self.examples), self.seed, epoch)[first : first + self.clips_per_update]
        draws = [self._draw(int(index), epoch, first + i) for i, index in enumerate(order)]
        size = self.batch.clips
        micro_batches = tuple(tuple(draws[start : start + size]) for start in range(0, len(draws), size))
        text = sum(len(self.examples[draw.index].ids) + 1 for draw in draws)
        codes = sum(targets(self.examples[draw.index], draw, self.prompt.masking) for draw in draws)
        return Update(number, epoch, micro_batches, text, codes)

    def _draw(self, index: int, epoch: int, position: int) -> Draw:
        """Draw a prompt of the clip; UPSTREAM: a clip shorter than the draw gives half of itself."""
        chance = random.Random(f"prompt {self.seed} {epoch} {position}")
        samples = self.examples[index].samples
        length = chance.randint(self.prompt.min_samples, self.prompt.max_samples)
        length = samples // 2 if samples < length else length
        start = chance.randint(0, samples - length) // HOP_SAMPLES * HOP_SAMPLES
        return Draw(index, start, length)


def fixed_draw(example: Example, index: int, prompt: Prompt) -> Draw:
    """Return the prompt that evaluation always uses: from the start, of middle length or half a shorter clip."""
    length = (prompt.min_samples + prompt.max_samples) // 2
    return Draw(index, 0, example.samples // 2 if example.samples < length else length)


def targets(example: Example, draw: Draw, masking: bool) -> int:
    """Return the number of code targets of a clip: its codes and four stops, without those inside the prompt."""
    masked = draw.codes.stop - draw.codes.start if masking else 0
    return example.codes + STOP_TARGETS - masked


def collate(
    examples: Sequence[Example], draws: Sequence[Draw], prompt: Prompt, stats: Tensor, stop_id: int
) -> MicroBatch:
    """Read some clips and lay out their tensors on the device of `stats`."""
    device = stats.device
    read = [examples[draw.index].tensors() for draw in draws]
    text = [torch.tensor(examples[draw.index].ids, device=device) for draw in draws]
    codes = [codes_A.to(device) for codes_A, _ in read]
    slices = [mel_MF[:, draw.frames].to(device) for (_, mel_MF), draw in zip(read, draws, strict=True)]
    text_targets = torch.cat([torch.cat([ids, ids.new_tensor([stop_id])]) for ids in text])
    code_targets = torch.cat([_code_targets(c, d, prompt.masking) for c, d in zip(codes, draws, strict=True)])
    return MicroBatch(_prompts(slices, prompt, stats), text, codes, text_targets, code_targets)


def _prompts(slices: Sequence[Tensor], prompt: Prompt, stats: Tensor) -> tuple[Tensor, ...]:
    """Stack prompts, with silence up to the longest there can be behind each, or give them one by one.

    UPSTREAM: silence is attended to, so its length must not depend on which clips happen to be together
    (tests/unit/data/test_batching.py::test_padding_depends_on_no_other_clip).
    """
    if not prompt.pad_prompts:
        return tuple(slice_MF[None] for slice_MF in slices)
    frames = max(PROMPT_LIMIT_SAMPLES, prompt.max_samples) // HOP_SAMPLES + 1
    prompts_BMF = mel.silence(stats).expand(len(slices), -1, frames).clone()
    for prompt_MF, slice_MF in zip(prompts_BMF, slices, strict=True):
        prompt_MF[:, : slice_MF.shape[1]] = slice_MF
    return (prompts_BMF,)


def _code_targets(codes_A: Tensor, draw: Draw, masking: bool) -> Tensor:
    targets_A = torch.cat([codes_A, codes_A.new_full((STOP_TARGETS,), STOP_CODE)])
    if masking:
        targets_A[draw.codes] = IGNORED
    return targets_A


@lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the order of clips in an epoch: a permutation, the same for every rank and after every resume."""
    return np.random.default_rng([seed, epoch]).permutation(count)
