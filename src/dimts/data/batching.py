"""Which clips, which prompts, in which update: a pure function of (seed, epoch, position).

An update is so many clips, laid out in micro-batches; the last update of an epoch holds what is left. Nothing here
depends on where a run stopped or on the number of ranks; how an update is laid out changes none of its clips.
"""

# B clips, T text tokens, A audio codes, F mel frames, M mel bands

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad

from dimts.config import Prompt, RunConfig
from dimts.data import augment
from dimts.data.dataset import Example, Pair
from dimts.data.prompting import Draw, Prompter, targets
from dimts.data.sampling import Sampler
from dimts.model import mel
from dimts.model.shapes import HOP_SAMPLES, PROMPT_LIMIT_SAMPLES, STOP_CODE, STOP_TARGETS

IGNORED = -100  # cross_entropy's ignore_index
Layout = tuple[tuple[Draw, ...], ...]


@dataclass(frozen=True)
class Update:
    """One optimizer update: its clips, their layout in micro-batches, and how many targets they hold in all."""

    number: int  # from 0
    epoch: int  # from 0
    draws: tuple[Draw, ...]  # in the order of the epoch
    rows: tuple[int, ...]  # of each: prompt latents, text and codes
    padded: bool  # whether a micro-batch makes its clips equally long
    micro_batches: Layout
    text_targets: int
    code_targets: int

    @cached_property
    def _rows(self) -> dict[Draw, int]:
        return dict(zip(self.draws, self.rows, strict=True))

    def rows_of(self, draws: Sequence[Draw]) -> int:
        """Return how many rows a micro-batch of these clips has."""
        sizes = [self._rows[draw] for draw in draws]
        return max(sizes) * len(sizes) if self.padded else sum(sizes)

    def within(self, budget: int) -> "Update":
        """Return the same update in micro-batches of at most so many rows."""
        return replace(self, micro_batches=lay_out(self.draws, self.rows, "tokens", 1, budget, self.padded))


@dataclass(frozen=True)
class MicroBatch:
    """Tensors of some clips on the training device."""

    prompts: tuple[Tensor, ...]  # [b, 80, F] each: of clips whose prompts are equally long
    prompt_order: tuple[int, ...]  # which of these, end to end, is each clip's
    text: list[Tensor]  # int64 [T] each
    codes: list[Tensor]  # int64 [A] each
    text_targets_N: Tensor
    code_targets_N: Tensor  # IGNORED inside prompts


class Plan:
    """All updates of a run on the clips of `pair.heard`; `latents` is how many rows a prompt takes."""

    def __init__(self, pair: Pair, run: RunConfig, latents: int) -> None:
        self.examples, self.batch, self.masking, self.latents = pair.heard, run.batch, run.prompt.masking, latents
        self.sampler = Sampler(pair.heard, len(pair.train), run.data, run.seed)
        self.prompter = Prompter(pair.heard, run.prompt, run.seed)
        self.clips_per_update = run.batch.clips * run.batch.accumulation
        self.updates_per_epoch = -(-self.sampler.draws_per_epoch // self.clips_per_update)

    def update(self, number: int) -> Update:
        """Lay out one update, counted from 0."""
        epoch, place = divmod(number, self.updates_per_epoch)
        first = place * self.clips_per_update
        order = self.sampler.epoch(epoch)[first : first + self.clips_per_update]
        draws = tuple(self.prompter.draw(int(index), epoch, first + i) for i, index in enumerate(order))
        examples = [self.examples[draw.index] for draw in draws]
        rows = tuple(self.latents + example.rows for example in examples)
        batch, padded = self.batch, self.batch.layout == "padded"
        layout = lay_out(draws, rows, batch.by, batch.clips, batch.tokens, padded)
        text = sum(len(example.ids) + 1 for example in examples)
        codes = sum(targets(example, draw, self.masking) for example, draw in zip(examples, draws, strict=True))
        return Update(number, epoch, draws, rows, padded, layout, text, codes)


def lay_out(
    draws: Sequence[Draw],
    rows: Sequence[int],
    by: Literal["clips", "tokens", "auto"],
    clips: int,
    budget: int | None,
    padded: bool,
) -> Layout:
    """Part draws into micro-batches: of so many clips in order, or of at most `budget` rows, longest clips first.

    Padded clips count as many rows as the longest beside them. One that is larger than the budget is alone. `auto`
    goes by clips as long as there is no budget.
    """
    if by == "clips" or budget is None:
        return tuple(tuple(draws[start : start + clips]) for start in range(0, len(draws), clips))
    found: list[list[Draw]] = []
    filled = longest = 0
    for i in sorted(range(len(draws)), key=lambda i: -rows[i]):
        size = longest if padded and found else rows[i]
        if not found or filled + size > budget:
            found.append([])
            filled, longest, size = 0, rows[i], rows[i]
        found[-1].append(draws[i])
        filled += size
    return tuple(map(tuple, found))


def collate(
    examples: Sequence[Example], draws: Sequence[Draw], prompt: Prompt, stats: Tensor, stop_id: int
) -> MicroBatch:
    """Read some clips and lay out their tensors on the device of `stats`: what is alike travels at once."""
    text = [torch.tensor(examples[draw.index].ids) for draw in draws]
    codes, slices = [], []
    for draw in draws:
        codes_A, mel_MF = examples[draw.index].tensors()
        if draw.source is not None:
            _, mel_MF = examples[draw.source].tensors()
        codes.append(codes_A)
        slices.append(mel_MF[:, draw.frames])
    text_targets = [pad(ids, (0, 1), value=stop_id) for ids in text]
    code_targets = [_code_targets(c, d, prompt.masking) for c, d in zip(codes, draws, strict=True)]
    device = stats.device
    heard = zip(_apart(slices, device, 1), draws, strict=True)
    prompts, order = _prompts([augment.apply(slice_MF, draw.change, stats) for slice_MF, draw in heard], prompt, stats)
    targets = (_sent(torch.cat(each), device) for each in (text_targets, code_targets))
    return MicroBatch(prompts, order, _apart(text, device), _apart(codes, device), *targets)


def _apart(parts: Sequence[Tensor], device: torch.device, dim: int = 0) -> list[Tensor]:
    """Send parts to a device as one, and return them."""
    return list(torch.split(_sent(torch.cat(list(parts), dim), device), [part.shape[dim] for part in parts], dim))


def _sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Send a tensor to a device; the host does not wait for a GPU to take it."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _prompts(slices: Sequence[Tensor], prompt: Prompt, stats: Tensor) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
    """Stack prompts, with silence up to the longest there can be behind each, or those of equal length.

    UPSTREAM: silence is attended to, so its length must not depend on which clips happen to be together
    (tests/unit/data/test_batching.py::test_padding_depends_on_no_other_clip). A slowed prompt ends where that does.
    """
    if not prompt.pad_prompts:
        return _stacked(slices)
    frames = max(PROMPT_LIMIT_SAMPLES, prompt.max_samples) // HOP_SAMPLES + 1
    prompts_BMF = mel.silence(stats).expand(len(slices), -1, frames).clone()
    for prompt_MF, slice_MF in zip(prompts_BMF, slices, strict=True):
        prompt_MF[:, : slice_MF.shape[1]] = slice_MF[:, :frames]
    return (prompts_BMF,), tuple(range(len(slices)))


def _stacked(slices: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
    """Stack what is equally long; also tell which of all these, end to end, each one became."""
    alike: dict[int, list[int]] = {}
    for number, slice_MF in enumerate(slices):
        alike.setdefault(slice_MF.shape[1], []).append(number)
    places = {number: place for place, number in enumerate(chain(*alike.values()))}
    stacks = tuple(torch.stack([slices[number] for number in own]) for own in alike.values())
    return stacks, tuple(places[number] for number in range(len(slices)))


def _code_targets(codes_A: Tensor, draw: Draw, masking: bool) -> Tensor:
    targets_A = pad(codes_A, (0, STOP_TARGETS), value=STOP_CODE)
    if masking:
        targets_A[draw.codes] = IGNORED
    return targets_A
