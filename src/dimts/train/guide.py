"""Guided attention: two heads of the middle block are led along the diagonal from text to codes.

Speech runs through its text from the first token to the last. A network that starts from nothing takes long to find
that out by itself; a loss on attention that strays from the diagonal shows it the way (Tachibana et al. 2017,
arXiv 1710.08969). One that speaks already needs no guide.
"""

# B clips, H heads, A audio codes, T text tokens

import torch
from torch import Tensor

from dimts.data.batching import MicroBatch
from dimts.model.attending import text_attention
from dimts.model.blocks import Watch
from dimts.model.gpt import Gpt

HEADS = 2
WIDTH = 0.15  # of the diagonal, in parts of the text


def watch(gpt: Gpt) -> Watch:
    """Return what sees the guided block."""
    return Watch(gpt.shape.layers // 2)


def strayed(gpt: Gpt, seen: Watch, batch: MicroBatch) -> Tensor:
    """Return the share of attention that strays from the diagonal (0..1), summed over codes, mean over guided heads."""
    text, codes = [len(ids) for ids in batch.text], [len(ids) for ids in batch.codes]
    shares_BHAT = text_attention(seen, gpt.shape.heads, gpt.shape.latents, text, codes)
    away_BAT = off_diagonal(codes, text).to(shares_BHAT.device, non_blocking=True)
    guided_BHAT = shares_BHAT[:, :HEADS]
    return (guided_BHAT * away_BAT[:, None]).sum() / guided_BHAT.shape[1]


def off_diagonal(codes: list[int], text: list[int]) -> Tensor:
    """Return how far each code and token of each clip are apart, 0 on its diagonal to 1 far from it: [B, A, T]."""
    codes_B11, text_B11 = (torch.tensor(counts)[:, None, None] for counts in (codes, text))
    through_A = (torch.arange(max(codes))[:, None] + 0.5) / codes_B11
    through_T = (torch.arange(max(text)) + 0.5) / text_B11
    return 1 - torch.exp(-((through_A - through_T) ** 2) / (2 * WIDTH**2))
