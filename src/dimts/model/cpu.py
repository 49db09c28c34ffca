"""Training arithmetic on CPUs, where torch's own is slow: float32 products, dropout, attention with dropout.

Elsewhere (other devices and number formats, few rows, rate 0) these are torch's own functions. The surprise: on AMD
processors torch multiplies float32 matrices by MKL, at half the speed of oneDNN, which it holds too.
"""

# B clips, S rows of a clip, H heads, K head width, N rows, I inputs, O outputs

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

ONE_DNN: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
CHOICES = 1 << 16  # a dropout decision takes 16 random bits: rates are multiples of 1/65,536
FEW_ROWS = 32  # below, as in speaking code by code, there is little to multiply
ROWS = 128  # rows that attend at once


def linear(x_NI: Tensor, weight_OI: Tensor, bias_O: Tensor) -> Tensor:
    """Multiply by a weight and add a bias, as torch's linear."""
    usual = x_NI.device.type != "cpu" or x_NI.dtype != torch.float32 or len(x_NI) < FEW_ROWS
    if usual or torch.is_autocast_enabled("cpu") or not ONE_DNN:
        return functional.linear(x_NI, weight_OI, bias_O)
    out_NO: Tensor = _Linear.apply(x_NI, weight_OI, bias_O)  # type: ignore[no-untyped-call]
    return out_NO


def dropout(x: Tensor, rate: float) -> Tensor:
    """Set a share of the values to zero and scale the others, as torch's dropout; only a bit mask is kept."""
    if x.device.type != "cpu" or not rate:
        return functional.dropout(x, rate)
    return x.masked_fill(_dropped(x.shape, rate), 0) * _scale(rate)


def attend(q_BHSK: Tensor, k_BHSK: Tensor, v_BHSK: Tensor, rate: float) -> Tensor:
    """Attend causally with dropout on the attention; of the S x S matrices only the dropped places are kept."""
    if q_BHSK.device.type != "cpu" or not rate:
        return functional.scaled_dot_product_attention(q_BHSK, k_BHSK, v_BHSK, dropout_p=rate, is_causal=True)
    return torch.cat([_attend_rows(q_BHSK, k_BHSK, v_BHSK, rate, at) for at in range(0, q_BHSK.shape[2], ROWS)], dim=2)


def _attend_rows(q_BHSK: Tensor, k_BHSK: Tensor, v_BHSK: Tensor, rate: float, begin: int) -> Tensor:
    """Attend from some rows to those up to them: what lies beyond is never computed."""
    rows, seen = slice(begin, begin + ROWS), slice(0, begin + ROWS)
    q_BHSK, k_BHSK, v_BHSK = q_BHSK[:, :, rows], k_BHSK[:, :, seen], v_BHSK[:, :, seen]
    dropped_BHSS = _dropped((*q_BHSK.shape[:3], k_BHSK.shape[2]), rate)
    mixed_BHSK: Tensor = _Attend.apply(q_BHSK, k_BHSK, v_BHSK, dropped_BHSS, _scale(rate))  # type: ignore[no-untyped-call]
    return mixed_BHSK


class _Attend(torch.autograd.Function):
    """Attention of the last rows, computed again on the way back."""

    @staticmethod
    def forward(ctx: Any, q_BHSK: Tensor, k_BHSK: Tensor, v_BHSK: Tensor, dropped_BHSS: Tensor, scale: float) -> Tensor:  # noqa: PLR0913
        ctx.save_for_backward(q_BHSK, k_BHSK, v_BHSK, dropped_BHSS)
        ctx.scale = scale
        mixed_BHSK: Tensor = _attention(q_BHSK, k_BHSK).masked_fill_(dropped_BHSS, 0) @ v_BHSK
        return mixed_BHSK.mul_(scale)

    @staticmethod
    def backward(ctx: Any, grad_BHSK: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        q_BHSK, k_BHSK, v_BHSK, dropped_BHSS = ctx.saved_tensors
        attention_BHSS, grad_BHSK = _attention(q_BHSK, k_BHSK), grad_BHSK * ctx.scale
        grad_BHSS = (grad_BHSK @ v_BHSK.transpose(2, 3)).masked_fill_(dropped_BHSS, 0)
        grad_BHSS -= (grad_BHSS * attention_BHSS).sum(3, keepdim=True)
        grad_BHSS *= attention_BHSS
        narrow = q_BHSK.shape[3] ** -0.5
        grad_q_BHSK, grad_k_BHSK = grad_BHSS @ k_BHSK * narrow, grad_BHSS.transpose(2, 3) @ (q_BHSK * narrow)
        kept_BHSS = attention_BHSS.masked_fill_(dropped_BHSS, 0)
        grad_v_BHSK = kept_BHSS.transpose(2, 3) @ grad_BHSK
        return grad_q_BHSK, grad_k_BHSK, grad_v_BHSK, None, None


def _attention(q_BHSK: Tensor, k_BHSK: Tensor) -> Tensor:
    """Return how much each of the last rows attends to each row so far."""
    rows, seen = q_BHSK.shape[2], k_BHSK.shape[2]
    future_SS = torch.ones(rows, seen, dtype=torch.bool).triu(1 + seen - rows)
    scores_BHSS: Tensor = (q_BHSK * q_BHSK.shape[3] ** -0.5) @ k_BHSK.transpose(2, 3)
    return scores_BHSS.masked_fill_(future_SS, -torch.inf).softmax(3)


def _dropped(shape: tuple[int, ...], rate: float) -> Tensor:
    """Draw which values fall: bool; four decisions from each random number of 64 bits."""
    count = torch.Size(shape).numel()
    bits = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(1 << 63), None)
    return (bits.view(torch.int16)[:count] < _threshold(rate) - CHOICES // 2).view(shape)


def _threshold(rate: float) -> int:
    return min(round(rate * CHOICES), CHOICES - 1)


def _scale(rate: float) -> float:
    return CHOICES / (CHOICES - _threshold(rate))


class _Linear(torch.autograd.Function):
    """Three products by oneDNN."""

    @staticmethod
    def forward(ctx: Any, x_NI: Tensor, weight_OI: Tensor, bias_O: Tensor) -> Tensor:
        ctx.save_for_backward(x_NI if ctx.needs_input_grad[1] else None, weight_OI)
        return _product(x_NI, weight_OI, bias_O)

    @staticmethod
    def backward(ctx: Any, grad_NO: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x_NI, weight_OI = ctx.saved_tensors
        x_learns, weight_learns, bias_learns = ctx.needs_input_grad
        return (
            _product(grad_NO, weight_OI.T) if x_learns else None,
            _product(x_NI.T, grad_NO.T).T if weight_learns else None,
            grad_NO.sum(0) if bias_learns else None,
        )


def _product(x_NI: Tensor, weight_OI: Tensor, bias_O: Tensor | None = None) -> Tensor:
    return functional.linear(x_NI.to_mkldnn(), weight_OI, bias_O).to_dense()
