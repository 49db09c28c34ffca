"""AdamW whose running averages take a byte each: a quarter of their memory, for somewhat slower updates.

Blocks of 256 values share a scale. Between 0 and it a byte counts in powers, since averages span orders of magnitude:
the squares by the fourth (and never down to 0, which would make a step endless), the others by the third.
Small tensors stay in fp32. The idea is that of 8-bit optimizers via block-wise quantisation (Dettmers et al., 2022).
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

BLOCK = 256
SMALL = 4_096  # values; below, nothing is gained
SPREAD = (0.8191725, 0.6710436, 0.5497005)  # steps of the R3 sequence: columns, rows, updates
FLOOR = 1e-38  # a scale of nothing but zeros


class AdamW8(torch.optim.Optimizer):
    """Decoupled weight decay, averages in bytes."""

    def __init__(
        self, params: Iterable[dict[str, Any]], betas: tuple[float, float], eps: float, lr: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    _move(weights, self.state[weights], group)


def _move(weights: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
    """Do one step of AdamW on one tensor."""
    (beta, beta_square), gradient = group["betas"], weights.grad
    assert gradient is not None
    average, square = _read(state, weights)
    count = float(state.get("step", 0.0)) + 1
    average.lerp_(gradient, 1 - beta)
    square.mul_(beta_square).addcmul_(gradient, gradient, value=1 - beta_square)
    state |= {"step": torch.tensor(count), **_written(average, square, count)}
    size = group["lr"] / (1 - beta**count)
    weights.mul_(1 - group["lr"] * group["weight_decay"])
    root = (square / (1 - beta_square**count)).sqrt_().add_(group["eps"])
    weights.addcdiv_(average, root, value=-size)


def _read(state: dict[str, Tensor], like: Tensor) -> tuple[Tensor, Tensor]:
    """Return both averages in fp32, of the shape of `like`."""
    if not state:
        return torch.zeros_like(like), torch.zeros_like(like)
    if "scale" not in state:
        return state["exp_avg"], state["exp_avg_sq"]
    part_KB, square_KB = state["exp_avg"].float() / 127, state["exp_avg_sq"].float() / 255
    scale_K1, square_scale_K1 = state["scale"][:, 0:1], state["scale"][:, 1:2]
    average_KB, root_KB = part_KB.pow(3) * scale_K1, square_KB.square()
    return _shaped(average_KB, like), _shaped(root_KB.square() * square_scale_K1, like)


def _written(average: Tensor, square: Tensor, count: float) -> dict[str, Tensor]:
    """Return both averages as they are kept."""
    if average.numel() < SMALL:
        return {"exp_avg": average, "exp_avg_sq": square}
    average_KB, square_KB = _blocks(average), _blocks(square)
    scale_K2 = torch.stack([average_KB.abs().amax(1), square_KB.amax(1)], 1).clamp_min_(FLOOR)
    part_KB = average_KB / scale_K2[:, 0:1]
    dither_KB = _dither(part_KB, count)
    part_KB = part_KB.abs().pow_(1 / 3).copysign_(part_KB).mul_(127).add_(dither_KB).floor_()
    root_KB = (square_KB / scale_K2[:, 1:2]).sqrt_().sqrt_().mul_(255).add_(dither_KB).floor_().clamp_(1, 255)
    return {"exp_avg": part_KB.to(torch.int8), "exp_avg_sq": root_KB.to(torch.uint8), "scale": scale_K2}


def _dither(like_KB: Tensor, count: float) -> Tensor:
    """Return evenly spread numbers in 0..1, other ones at every step: rounding by them is right on average.

    Rounding to the nearest would keep an average where it is, as an update changes it by less than a byte tells.
    """
    row_K1 = torch.arange(len(like_KB), device=like_KB.device)[:, None] % 4_096 * SPREAD[1]
    column_B = torch.arange(BLOCK, device=like_KB.device) * SPREAD[0]
    return (row_K1 + column_B + count * SPREAD[2] % 1).remainder_(1)


def _blocks(values: Tensor) -> Tensor:
    flat = values.flatten()
    return torch.nn.functional.pad(flat, (0, -len(flat) % BLOCK)).view(-1, BLOCK)


def _shaped(values_KB: Tensor, like: Tensor) -> Tensor:
    return values_KB.flatten()[: like.numel()].view(like.shape)
