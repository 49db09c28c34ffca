"""The CPU's own arithmetic: what torch's functions give, to float32's last digits; dropout to the statistics of it."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dimts.model import cpu

ROWS = 300  # more than two blocks of attention


def test_linear_and_its_gradients() -> None:
    torch.manual_seed(0)
    inputs = [torch.randn(ROWS, 24), torch.randn(24, 40).T, torch.randn(40)]
    for given, usual in zip(_results(cpu.linear, inputs), _results(functional.linear, inputs), strict=True):
        torch.testing.assert_close(given, usual, rtol=1e-5, atol=1e-4)


def test_linear_keeps_no_input_of_a_frozen_weight() -> None:
    x, weight = torch.randn(ROWS, 24, requires_grad=True), torch.randn(40, 24)
    kept: list[tuple[int, ...]] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tuple(tensor.shape))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        cpu.linear(x, weight, torch.zeros(40))
    assert kept == [(40, 24)]


def test_attention_with_dropout_and_its_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same places dropped, by torch's plain operations in float64."""
    torch.manual_seed(0)
    inputs = [torch.randn(2, 3, ROWS, 16) for _ in range(3)]
    fallen = torch.rand(2, 3, ROWS, ROWS) < 0.25
    begin = iter(range(0, 10 * ROWS, cpu.ROWS))

    def dropped(shape: tuple[int, ...], rate: float) -> Tensor:
        at = next(begin)
        return fallen[:, :, at : at + shape[2], : shape[3]]

    def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k, v = q.double(), k.double(), v.double()
        scores = (q @ k.transpose(2, 3) / 4).masked_fill(torch.ones(ROWS, ROWS).triu(1).bool(), -torch.inf)
        return ((scores.softmax(3) * ~fallen / 0.75) @ v).float()

    monkeypatch.setattr(cpu, "_dropped", dropped)
    given = _results(lambda q, k, v: cpu.attend(q, k, v, 0.25), inputs)
    for one, other in zip(given, _results(plain, inputs), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate: float) -> None:
    torch.manual_seed(0)
    out = cpu.dropout(torch.ones(1000, 1003), rate)
    assert float((out == 0).float().mean()) == pytest.approx(rate, abs=2e-3)
    assert float(out.mean()) == pytest.approx(1, abs=3e-3)
    by_column = (out == 0).float().mean(0)
    assert float(by_column.std()) == pytest.approx((rate * (1 - rate) / 1000) ** 0.5, rel=0.2)


def test_dropout_depends_on_the_seed_alone() -> None:
    draws = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(cpu.dropout(torch.ones(1001), 0.1))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_no_dropout_changes_nothing() -> None:
    x = torch.randn(5, 7)
    assert torch.equal(cpu.dropout(x, 0.0), x)


def _results(function, inputs: list[Tensor]) -> list[Tensor]:  # type: ignore[no-untyped-def]
    """The output, and the gradients of a weighted sum of it."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    out = function(*inputs)
    weights = torch.linspace(-1, 1, out.numel()).view(out.shape)
    return [out.detach(), *torch.autograd.grad((out * weights).sum(), inputs)]
