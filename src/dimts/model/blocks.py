"""The GPT's stack of blocks: pre-norm attention and a feed-forward, over clips laid end to end.

Attention stays inside each clip. On CPUs clips of different lengths attend one by one; elsewhere they are spread out to
the longest for the attention alone, so that it is one kernel, while all else is computed without padding.
"""

# N all rows of a batch laid end to end, D width, B clips, S rows of a clip, H heads, K head width, L layers,
# W any width

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint

from dimts.model.cpu import attend, dropout, linear
from dimts.model.lora import Adapter
from dimts.model.shapes import GptShape, LoraShape


@dataclass(frozen=True)
class Packing:
    """How clips lie in the rows of a batch: `lengths` rows each, end to end."""

    lengths: list[int]
    places_N: Tensor | None = None  # each row's place in a batch padded to the longest; None where that is not needed

    @staticmethod
    def of(lengths: Sequence[int], device: torch.device) -> "Packing":
        """Lay out clips of these lengths for a device."""
        longest = max(lengths)
        if device.type == "cpu" or min(lengths) == longest:
            return Packing(list(lengths))
        return Packing(list(lengths), padded_places(lengths).to(device, non_blocking=True))


def padded_places(lengths: Sequence[int]) -> Tensor:
    """Return each row's place in a batch padded to the longest: int64 [N]."""
    return torch.cat([torch.arange(length) + clip * max(lengths) for clip, length in enumerate(lengths)])


@dataclass(frozen=True)
class Mode:
    """How the stack runs: dropout's rate, and what is given up for memory or speed."""

    dropout: float = 0.0
    checkpointing: bool = False  # keep only each block's input; compute the rest again on the way back
    compiled: bool = False  # fuse what lies between the attentions (CUDA)


@dataclass
class Cache:
    """Keys and values of the sequence so far, one allocation for the whole utterance."""

    keys_LBHSK: Tensor
    values_LBHSK: Tensor
    length: int = field(default=0)


@dataclass
class Watch:
    """Keeps what one block asks and offers, for those who want to see where it looks."""

    block: int
    qkv_ND: Tensor | None = None  # queries, keys and values of every row
    lengths: Sequence[int] = ()  # rows of each clip


class Stack(nn.Module):
    """Pre-norm blocks that end in a norm of their own."""

    def __init__(self, shape: GptShape) -> None:
        super().__init__()
        self.h = nn.ModuleList([Block(shape, layer) for layer in range(shape.layers)])
        self.ln_f = nn.LayerNorm(shape.width)

    def forward(
        self, rows_ND: Tensor, packing: Packing, mode: Mode, cache: Cache | None = None, watch: Watch | None = None
    ) -> Tensor:
        for number, block in enumerate(self.h):
            if watch and number == watch.block:
                watch.qkv_ND, watch.lengths = _before(block, rows_ND), packing.lengths
            if mode.checkpointing and torch.is_grad_enabled():
                rows_ND = checkpoint(block, rows_ND, packing, mode, use_reentrant=False)
            else:
                rows_ND = block(rows_ND, packing, mode, cache)
        if cache is not None:
            cache.length += packing.lengths[0]
        normed_ND: Tensor = self.ln_f(rows_ND)
        return normed_ND


class Block(nn.Module):
    def __init__(self, shape: GptShape, layer: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(shape.width)
        self.attn = Attention(shape, layer)
        self.ln_2 = nn.LayerNorm(shape.width)
        self.mlp = Mlp(shape, layer)

    def forward(self, rows_ND: Tensor, packing: Packing, mode: Mode, cache: Cache | None = None) -> Tensor:
        before, after = _compiled() if mode.compiled else (_before, _after)
        mixed_ND = self.attn(before(self, rows_ND), packing, mode.dropout, cache)
        return after(self, rows_ND, mixed_ND, mode.dropout)


def _before(block: nn.Module, rows_ND: Tensor) -> Tensor:
    """Return queries, keys and values of every row: [N, 3 D]."""
    assert isinstance(block, Block)
    qkv_ND: Tensor = block.attn.c_attn(block.ln_1(rows_ND))
    return qkv_ND


def _after(block: Block, rows_ND: Tensor, mixed_ND: Tensor, rate: float) -> Tensor:
    """Add what was attended to, then the feed-forward."""
    rows_ND = rows_ND + dropout(block.attn.c_proj(mixed_ND), rate)
    return rows_ND + dropout(block.mlp(block.ln_2(rows_ND)), rate)


@lru_cache(maxsize=1)
def _compiled() -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Compile both halves of a block once, for any number of rows; all blocks share them."""
    return torch.compile(_before, dynamic=True), torch.compile(_after, dynamic=True)


class Attention(nn.Module):
    """Causal self-attention inside each clip, between its two projections."""

    def __init__(self, shape: GptShape, layer: int) -> None:
        super().__init__()
        self.heads, self.layer, width = shape.heads, layer, shape.width
        self.c_attn = Conv1D(width, 3 * width, shape.adapter(layer, "attn.c_attn"))
        self.c_proj = Conv1D(width, width, shape.adapter(layer, "attn.c_proj"))

    def forward(self, qkv_ND: Tensor, packing: Packing, rate: float, cache: Cache | None) -> Tensor:
        clips = len(packing.lengths)
        if cache is not None:
            return self._attend_cached(qkv_ND, clips, cache)
        if len(set(packing.lengths)) == 1:
            return self._attend(qkv_ND, clips, rate)
        if packing.places_N is not None:
            return self._attend_spread(qkv_ND, packing, packing.places_N, rate)
        return torch.cat([self._attend(clip_SD, 1, rate) for clip_SD in torch.split(qkv_ND, packing.lengths)])

    def _attend(self, qkv_ND: Tensor, batch: int, rate: float) -> Tensor:
        q, k, v = self._heads(qkv_ND, batch)
        return _join(attend(q, k, v, rate))

    def _attend_spread(self, qkv_ND: Tensor, packing: Packing, places_N: Tensor, rate: float) -> Tensor:
        """Attend in a padded batch; what follows a clip's end cannot be seen from inside it."""
        clips = len(packing.lengths)
        spread_MD: Tensor = _Spread.apply(qkv_ND, places_N, clips * max(packing.lengths))  # type: ignore[no-untyped-call]
        gathered_ND: Tensor = _Gather.apply(self._attend(spread_MD, clips, rate), places_N)  # type: ignore[no-untyped-call]
        return gathered_ND

    def _attend_cached(self, qkv_ND: Tensor, batch: int, cache: Cache) -> Tensor:
        q, k, v = self._heads(qkv_ND, batch)
        begin, end = cache.length, cache.length + q.shape[2]
        assert begin == 0 or q.shape[2] == 1, "a cache is filled once, then grows by one row"
        cache.keys_LBHSK[self.layer, :, :, begin:end] = k
        cache.values_LBHSK[self.layer, :, :, begin:end] = v
        keys, values = (kept[self.layer, :, :, :end] for kept in (cache.keys_LBHSK, cache.values_LBHSK))
        return _join(scaled_dot_product_attention(q, keys, values, is_causal=begin == 0))

    def _heads(self, qkv_ND: Tensor, batch: int) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = qkv_ND.view(batch, len(qkv_ND) // batch, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return q, k, v


class _Spread(torch.autograd.Function):
    """Put rows into their places among zeros; index_copy's own way back would add where it need only copy."""

    @staticmethod
    def forward(ctx: Any, rows_NW: Tensor, places_N: Tensor, count: int) -> Tensor:
        ctx.save_for_backward(places_N)
        return rows_NW.new_zeros(count, rows_NW.shape[1]).index_copy_(0, places_N, rows_NW)

    @staticmethod
    def backward(ctx: Any, grad_MW: Tensor) -> tuple[Tensor, None, None]:
        (places_N,) = ctx.saved_tensors
        return grad_MW.index_select(0, places_N), None, None


class _Gather(torch.autograd.Function):
    """Take rows from their places: the inverse of _Spread."""

    @staticmethod
    def forward(ctx: Any, rows_MW: Tensor, places_N: Tensor) -> Tensor:
        ctx.save_for_backward(places_N)
        ctx.count = len(rows_MW)
        return rows_MW.index_select(0, places_N)

    @staticmethod
    def backward(ctx: Any, grad_NW: Tensor) -> tuple[Tensor, None]:
        (places_N,) = ctx.saved_tensors
        return grad_NW.new_zeros(ctx.count, grad_NW.shape[1]).index_copy_(0, places_N, grad_NW), None


class Mlp(nn.Module):
    def __init__(self, shape: GptShape, layer: int) -> None:
        super().__init__()
        width = shape.width
        self.c_fc = Conv1D(width, 4 * width, shape.adapter(layer, "mlp.c_fc"))
        self.c_proj = Conv1D(4 * width, width, shape.adapter(layer, "mlp.c_proj"))

    def forward(self, rows_ND: Tensor) -> Tensor:
        out_ND: Tensor = self.c_proj(gelu(self.c_fc(rows_ND), approximate="tanh"))
        return out_ND


class Conv1D(nn.Module):
    """A linear layer whose weight is stored in x out, as the official checkpoints have it; with an adapter or none."""

    def __init__(self, inputs: int, outputs: int, lora: LoraShape | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.adapter = Adapter(inputs, outputs, lora) if lora else None

    def forward(self, x: Tensor) -> Tensor:
        out = linear(x, self.weight.T, self.bias)
        return out if self.adapter is None else out + self.adapter(x)


def _join(mixed_BHSK: Tensor) -> Tensor:
    return mixed_BHSK.transpose(1, 2).flatten(2).flatten(0, 1)
