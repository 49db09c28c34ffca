"""Where the codes look in their text: attention weights, which attention itself never holds."""

# B clips, N rows of all clips, H heads, K head width, D width, T text tokens, A audio codes

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from dimts.model.blocks import Watch


def text_attention(watch: Watch, heads: int, latents: int, text: Sequence[int], codes: Sequence[int]) -> Tensor:
    """Return how each code's row shares its attention among the text tokens alone: float32 [B, H, A, T].

    `text` and `codes` count each clip's tokens and codes, without START and stops; what is beyond a clip's own is 0.
    """
    assert watch.qkv_ND is not None, "the stack has run with this watch"
    clips = torch.split(watch.qkv_ND, list(watch.lengths))
    asking, offered = [], []
    for clip_SD, tokens, count in zip(clips, text, codes, strict=True):
        qkv_SD = clip_SD.view(len(clip_SD), 3, -1)
        first = latents + 1
        offered.append(qkv_SD[first : first + tokens, 1])
        asking.append(qkv_SD[first + tokens : first + tokens + count, 0])
    q_BHAK, k_BHTK = (_heads(pad_sequence(parts, batch_first=True), heads) for parts in (asking, offered))
    scores_BHAT = q_BHAK.float() @ k_BHTK.float().transpose(2, 3) / k_BHTK.shape[-1] ** 0.5
    return _shares(scores_BHAT, torch.tensor(text), torch.tensor(codes))


def _heads(rows_BSD: Tensor, heads: int) -> Tensor:
    return rows_BSD.view(*rows_BSD.shape[:2], heads, -1).transpose(1, 2)


def _shares(scores_BHAT: Tensor, text_B: Tensor, codes_B: Tensor) -> Tensor:
    """Share out attention among each clip's own tokens; 0 for codes that it does not have."""
    device, (codes, text) = scores_BHAT.device, scores_BHAT.shape[2:]
    token_BT = (torch.arange(text) < text_B[:, None]).to(device, non_blocking=True)
    code_BA = (torch.arange(codes) < codes_B[:, None]).to(device, non_blocking=True)
    shares_BHAT = scores_BHAT.masked_fill(~token_BT[:, None, None], float("-inf")).softmax(-1)
    return shares_BHAT * code_BA[:, None, :, None]
