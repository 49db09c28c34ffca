"""From a prompt's mel to the 32 latents that tell the GPT whose voice to use."""

# B clips, M mel bands, F mel frames, P prompt latents, D width, H heads, K head width

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, scaled_dot_product_attention

from dimts.model.cpu import linear
from dimts.model.shapes import MEL_BANDS, PERCEIVER_HEAD_WIDTH, GptShape


class ConditioningEncoder(nn.Module):
    """A 1x1 convolution and six attention blocks over mel frames."""

    def __init__(self, shape: GptShape) -> None:
        super().__init__()
        self.init = nn.Conv1d(MEL_BANDS, shape.width, 1)
        blocks = [ConditioningBlock(shape.width, shape.heads) for _ in range(shape.conditioning_blocks)]
        self.attn = nn.Sequential(*blocks)

    def forward(self, mel_BMF: Tensor, compiled: bool = False) -> Tensor:
        context_BDF: Tensor = self.init(mel_BMF)
        for block in self.attn:
            context_BDF = _compiled()(block, context_BDF) if compiled else block(context_BDF)
        return context_BDF


class ConditioningBlock(nn.Module):
    """Full self-attention over frames, added to the normalised input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(norm_groups(width), width, eps=1e-5)
        self.qkv = nn.Conv1d(width, 3 * width, 1)
        self.proj_out = nn.Conv1d(width, width, 1)

    def forward(self, x_BDF: Tensor) -> Tensor:
        batch, _, frames = x_BDF.shape
        rows_ND = self.norm(x_BDF).transpose(1, 2).flatten(0, 1)
        # UPSTREAM: heads are split before q, k, v (tests/parity/test_network.py::test_prompt_latents).
        heads_BHFK = pointwise(self.qkv, rows_ND).view(batch, frames, self.heads, -1).transpose(1, 2)
        q, k, v = heads_BHFK.chunk(3, dim=3)
        out_BHFK = scaled_dot_product_attention(q, k, v)
        out_ND = pointwise(self.proj_out, out_BHFK.transpose(1, 2).flatten(2).flatten(0, 1))
        # UPSTREAM: the residual is the NORMALISED input (same test)
        sum_ND: Tensor = rows_ND + out_ND
        return sum_ND.view(batch, frames, -1).transpose(1, 2)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., Tensor]:
    """Compile a block once, for any number of prompts; all blocks share it."""
    return torch.compile(ConditioningBlock.forward, dynamic=True)


class Perceiver(nn.Module):
    """Learned latents attend to the frames and to themselves, without pre-norm."""

    def __init__(self, shape: GptShape) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(shape.latents, shape.width))
        layers = [
            nn.ModuleList([CrossAttention(shape.width, shape.perceiver_width), feed_forward(shape)])
            for _ in range(shape.perceiver_layers)
        ]
        self.layers = nn.ModuleList(layers)
        self.norm = RmsNorm(shape.width)

    def forward(self, context_BFD: Tensor) -> Tensor:
        latents_BPD = self.latents.expand(len(context_BFD), -1, -1)
        for layer in self.layers:
            attention, forward = layer.children()
            latents_BPD = attention(latents_BPD, context_BFD) + latents_BPD
            latents_BPD = forward(latents_BPD) + latents_BPD
        normed_BPD: Tensor = self.norm(latents_BPD)
        return normed_BPD


class CrossAttention(nn.Module):
    """Latents look at themselves and at the context; heads of 64, no biases."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.heads = inner // PERCEIVER_HEAD_WIDTH
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)

    def forward(self, latents_BPD: Tensor, context_BFD: Tensor) -> Tensor:
        keys_BSD = torch.cat([latents_BPD, context_BFD], dim=1)
        k, v = self.to_kv(keys_BSD).chunk(2, dim=-1)
        q, k, v = (self._heads(x) for x in (self.to_q(latents_BPD), k, v))
        mixed_BHPK = scaled_dot_product_attention(q, k, v)
        out_BPD: Tensor = self.to_out(mixed_BHPK.transpose(1, 2).flatten(2))
        return out_BPD

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class GatedGelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        value, gate = x.chunk(2, dim=-1)
        return value * gelu(gate)


class RmsNorm(nn.Module):
    """Unit vectors times sqrt(D) times gamma."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return normalize(x, dim=-1) * math.sqrt(x.shape[-1]) * self.gamma


def feed_forward(shape: GptShape) -> nn.Sequential:
    """Return the perceiver's feed-forward: to twice the inner width, gated, and back."""
    inner = shape.perceiver_inner
    return nn.Sequential(nn.Linear(shape.width, 2 * inner), GatedGelu(), nn.Linear(inner, shape.width))


def pointwise(conv: nn.Conv1d, rows_ND: Tensor) -> Tensor:
    """Apply a convolution of width 1 to frames laid end to end: the same product, several times faster on CPUs."""
    assert conv.bias is not None
    return linear(rows_ND, conv.weight[:, :, 0], conv.bias)


def norm_groups(width: int) -> int:
    """Return the number of GroupNorm groups that upstream chooses for a width."""
    groups = 8 if width <= 16 else 16 if width <= 64 else 32
    while width % groups:
        groups //= 2
    return groups
