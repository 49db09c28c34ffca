"""Where the network looked in its text while it spoke: a picture that runs down from corner to corner in good speech.

Most heads look elsewhere, so the one is shown whose gaze follows the text best; how well it does (0..1) tells whether
any of them reads.
"""

# T text tokens, A audio codes, H heads, K head width, S rows of a clip, D width

from dataclasses import dataclass

import torch
from torch import Tensor

from dimts.model.blocks import Block, Mode, Packing
from dimts.model.gpt import Gpt
from dimts.model.shapes import START_CODE


@dataclass(frozen=True)
class Gaze:
    """How much each code looked at each text token, of the head that follows the text best."""

    weights_AT: Tensor  # float32; rows add up to 1
    follows: float  # 1: from the first token to the last, steadily; 0: not at all
    layer: int
    head: int


@torch.no_grad()
def gaze(gpt: Gpt, latents_1PD: Tensor, ids_T: Tensor, codes_A: Tensor) -> Gaze | None:
    """Look at one utterance: ids with start and stop, codes without. None for what is too short to tell."""
    if len(codes_A) < 2 or len(ids_T) < 4:
        return None
    given_1A = torch.cat([codes_A.new_tensor([START_CODE]), codes_A])[None].to(ids_T.device)
    rows_SD = torch.cat([latents_1PD, gpt.embed_text(ids_T)[None], gpt.embed_codes(given_1A)], dim=1)[0]
    asked: list[Tensor] = []  # queries, keys and values of every block
    for block in gpt.gpt.h:
        assert isinstance(block, Block)
        asked.append(block.attn.c_attn(block.ln_1(rows_SD)))
        rows_SD = block(rows_SD, Packing([len(rows_SD)]), Mode())
    first = latents_1PD.shape[1] + 1  # of the text, behind START
    text = slice(first, first + len(ids_T) - 2)
    found = [_best(qkv_SD, gpt.shape.heads, text, len(codes_A), layer) for layer, qkv_SD in enumerate(asked)]
    return max(found, key=lambda each: each.follows)


def _best(qkv_SD: Tensor, heads: int, text: slice, codes: int, layer: int) -> Gaze:
    """Compute a layer's attention of the rows that predict codes to the text; choose the head that follows it best."""
    q_HSK, k_HSK, _ = qkv_SD.view(len(qkv_SD), 3, heads, -1).permute(1, 2, 0, 3).float()
    asking_HAK = q_HSK[:, -codes - 1 : -1]
    shares_HAT = (asking_HAK @ k_HSK[:, text].transpose(1, 2) / k_HSK.shape[-1] ** 0.5).softmax(-1)
    follows_H = _following(shares_HAT)
    head = int(follows_H.argmax())
    return Gaze(shares_HAT[head].cpu(), float(follows_H[head]), layer, head)


def _following(shares_HAT: Tensor) -> Tensor:
    """Tell how steadily and how far the place that codes look at moves through the text, at most 1: [H]."""
    place_T = torch.linspace(0, 1, shares_HAT.shape[2], device=shares_HAT.device)
    stands_A = torch.linspace(-0.5, 0.5, shares_HAT.shape[1], device=shares_HAT.device)
    looked_HA = shares_HAT @ place_T
    away_HA = looked_HA - looked_HA.mean(1, keepdim=True)
    together_H = away_HA @ stands_A
    steadily_H = together_H / (away_HA.norm(dim=1) * stands_A.norm()).clamp(min=1e-9)
    far_H = together_H / stands_A.square().sum()  # 1: from the first to the last token
    follows_H: Tensor = steadily_H.clamp(0, 1) * far_H.clamp(0, 1)
    return follows_H
