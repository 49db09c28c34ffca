"""AdamW with averages in bytes: close to AdamW, a quarter of the memory, and no step that runs away."""

import pytest
import torch
from torch import Tensor

from dimts.train.adam8 import BLOCK, SMALL, AdamW8

SETTINGS = {"lr": 1e-2, "betas": (0.9, 0.96), "eps": 1e-8, "weight_decay": 1e-2}
SIZE = 2 * SMALL + 17  # the last block is not full


def both(start: Tensor, gradients: list[Tensor]) -> tuple[Tensor, Tensor, AdamW8]:
    """The weights after AdamW and after AdamW8, with the same gradients."""
    exact, ours = start.clone(), start.clone()
    adamw = torch.optim.AdamW([exact], **SETTINGS)  # type: ignore[arg-type]
    adamw8 = AdamW8([{"params": [ours], "lr": 1e-2, "weight_decay": 1e-2}], (0.9, 0.96), 1e-8)
    for gradient in gradients:
        exact.grad, ours.grad = gradient.clone(), gradient.clone()
        adamw.step()
        adamw8.step()
    return exact, ours, adamw8


def gradients(size: int, count: int = 40) -> list[Tensor]:
    """Noisy gradients whose sizes differ by three orders of magnitude, neighbours included."""
    chance = torch.Generator().manual_seed(0)
    scale = 10 ** (3 * torch.rand(size, generator=chance) - 5)
    drift = torch.randn(size, generator=chance)
    return [scale * (drift + torch.randn(size, generator=chance)) for _ in range(count)]


def test_it_moves_as_adamw_does() -> None:
    start = torch.randn(SIZE, generator=torch.Generator().manual_seed(1))
    exact, ours, _ = both(start, gradients(SIZE))
    moved, error = exact - start, (ours - exact).norm() / (exact - start).norm()
    assert 0 < error < 0.1
    cosine = torch.nn.functional.cosine_similarity(ours - start, moved, dim=0)
    assert cosine > 0.995


def test_no_weight_runs_away() -> None:
    """Where a square would be rounded down to nothing, a step would be endless: none is over AdamW's own bound."""
    start = torch.zeros(SIZE)
    _, ours, _ = both(start, gradients(SIZE))
    assert float(ours.abs().max()) < 40 * 1e-2 * 1.5
    quiet = [torch.zeros(SIZE) for _ in range(5)]
    loud = torch.zeros(SIZE)
    loud[0], loud[1] = 1.0, 1e-9
    _, ours, _ = both(start, [loud, *quiet])
    assert bool(ours.isfinite().all()) and float(ours.abs().max()) < 0.05


def test_averages_take_a_byte_each() -> None:
    _, ours, optimizer = both(torch.zeros(SIZE), gradients(SIZE, 1))
    (state,) = optimizer.state.values()
    assert (state["exp_avg"].dtype, state["exp_avg_sq"].dtype) == (torch.int8, torch.uint8)
    kept = sum(value.nbytes for value in state.values())
    assert kept < 0.26 * 8 * (SIZE + BLOCK) and ours.dtype == torch.float32


def test_small_tensors_are_exact() -> None:
    start = torch.randn(SMALL - 1, generator=torch.Generator().manual_seed(1))
    exact, ours, optimizer = both(start, gradients(SMALL - 1))
    (state,) = optimizer.state.values()
    assert state["exp_avg"].dtype == torch.float32
    torch.testing.assert_close(ours, exact, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("size", [10, SIZE])
def test_no_gradient_no_move(size: int) -> None:
    weights = torch.ones(size)
    optimizer = AdamW8([{"params": [weights], "lr": 1.0, "weight_decay": 1.0}], (0.9, 0.96), 1e-8)
    optimizer.step()
    assert torch.equal(weights, torch.ones(size)) and not optimizer.state
