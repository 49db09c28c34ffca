"""AdamW over pieces: decay on matrices only, rates by piece, norms clipped, state by name."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dimts.config import Optimizer as Settings
from dimts.errors import CheckpointError
from dimts.train.interrupt import Stop
from dimts.train.optim import Optimizer
from dimts.train.trainable import Piece
from tests.flow.material import Material, quiet_display

DECAYED = (
    ["conditioning_encoder.init.weight"]
    + [f"conditioning_encoder.attn.{block}.{name}.weight" for block in range(6) for name in ("proj_out", "qkv")]
    + [
        f"conditioning_perceiver.layers.{layer}.{name}.weight"
        for layer in (0, 1)
        for name in ("0.to_q", "0.to_kv", "0.to_out", "1.0", "1.2")
    ]
    + [
        f"gpt.h.{layer}.{name}.weight"
        for layer in (0, 1)
        for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    ]
    + ["mel_head.weight", "text_head.weight[:550]", "text_head.weight[550:]"]
)
UNDECAYED = (  # the other matrices of the network; all else has one dimension
    "conditioning_perceiver.latents",
    "text_embedding.weight",
    "mel_embedding.weight",
    "text_pos_embedding.emb.weight",
    "mel_pos_embedding.emb.weight",
)


def piece(name: str, values: Sequence[float], new: bool = False) -> Piece:
    return Piece(name, nn.Parameter(torch.tensor(values)), slice(None), new)


def with_gradient(one: Piece, values: Sequence[float]) -> Piece:
    one.parameter.grad = torch.tensor(values)
    return one


def test_decay_is_on_matrices_only(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path))
    optimizer = trainer.state.optimizer
    names = {id(view): piece.name for piece, view in zip(optimizer.pieces, optimizer.views, strict=True)}
    found: dict[bool, list[str]] = {True: [], False: []}
    for group in optimizer.adamw.param_groups:
        assert group["weight_decay"] in (0, 0.01)
        found[group["weight_decay"] > 0] += [names[id(view)] for view in group["params"]]
    assert sorted(found[True]) == sorted(DECAYED)
    flat = [name for name in found[False] if not name.startswith(UNDECAYED)]
    sizes = dict(trainer.gpt.named_parameters())
    assert all(sizes[name.split("[")[0]].dim() == 1 for name in flat)
    assert {name.split(".")[-1].split("[")[0] for name in flat} == {"bias", "weight", "gamma"}
    assert len(found[True]) + len(found[False]) == len(trainer.state.pieces)


def test_adapters_decay_like_matrices(material: Material, tmp_path: Path) -> None:
    optimizer = material.trainer(material.run(tmp_path, "train.trainable=[lora]")).state.optimizer
    assert len(optimizer.views) == 16
    assert [group["weight_decay"] for group in optimizer.adamw.param_groups] == [0.01]


def test_decay_pulls_matrices_and_nothing_else() -> None:
    matrix, row = Piece("w", nn.Parameter(torch.ones(2, 2)), slice(None), False), piece("b", [1.0, 1.0])
    optimizer = Optimizer([matrix, row], Settings(lr=0.1, weight_decay=0.5))
    for one in (matrix, row):
        one.parameter.grad = torch.zeros_like(one.parameter)
    optimizer.attach()
    optimizer.adamw.step()
    assert torch.allclose(matrix.tensor, torch.tensor(1 - 0.1 * 0.5)) and torch.equal(row.tensor, torch.ones(2))


def test_updates_are_those_of_adamw() -> None:
    """Against the definition: averages of the gradient and its square with betas 0.9 and 0.96, bias corrected."""
    one = piece("b", [0.5, -0.5])
    optimizer = Optimizer([one], Settings(lr=0.01))
    weights, first, second = torch.tensor([0.5, -0.5]), torch.zeros(2), torch.zeros(2)
    for step, values in enumerate(([0.1, -0.2], [0.3, 0.1], [-0.2, 0.4]), 1):
        gradient = torch.tensor(values)
        optimizer.zero_grad()
        with_gradient(one, values)
        optimizer.attach()
        optimizer.adamw.step()
        first, second = 0.9 * first + 0.1 * gradient, 0.96 * second + 0.04 * gradient**2
        weights = weights - 0.01 * (first / (1 - 0.9**step)) / ((second / (1 - 0.96**step)).sqrt() + 1e-8)
        assert torch.allclose(one.tensor, weights, atol=1e-7)


def test_rates_follow_the_schedule_each_from_its_own() -> None:
    pieces = [piece("b", [0.0]), piece("text_head.bias[5:]", [0.0], new=True)]
    optimizer = Optimizer(pieces, Settings(lr=1e-3, new_rows_lr=2e-2))
    optimizer.set_rates(0.5)
    optimizer.set_rates(0.25)  # of the run's rate, not of the last
    assert [group["lr"] for group in optimizer.adamw.param_groups] == [0.25e-3, 0.5e-2]
    for one in pieces:
        with_gradient(one, [1.0])
    optimizer.attach()
    optimizer.adamw.step()
    assert [round(float(one.tensor), 7) for one in pieces] == [-0.25e-3, -0.5e-2]


@pytest.mark.parametrize(("limit", "after"), [(1.0, 1.0), (10.0, 5.0), (0.0, 5.0)])
def test_clip_norm(limit: float, after: float) -> None:
    pieces = [with_gradient(piece("a", [0.0]), [3.0]), with_gradient(piece("b", [0.0]), [4.0])]
    optimizer = Optimizer(pieces, Settings(clip_norm=limit))
    optimizer.attach()
    norms = optimizer.clip()
    assert (norms.before, norms.after) == (5.0, after)
    assert [float(one.gradient) for one in pieces] == pytest.approx([3 * after / 5, 4 * after / 5])


def test_clipping_spares_what_does_not_learn() -> None:
    """The norm is of the pieces: the gradient of frozen rows of a tensor neither counts nor changes."""
    parameter = nn.Parameter(torch.zeros(4))
    parameter.grad = torch.tensor([100.0, 100.0, 3.0, 4.0])
    optimizer = Optimizer([Piece("x[2:]", parameter, slice(2, None), True)], Settings())
    optimizer.attach()
    assert optimizer.clip().before == 5.0 and parameter.grad[:2].tolist() == [100, 100]
    optimizer.adamw.step()
    assert parameter[:2].tolist() == [0, 0] and all(value < 0 for value in parameter[2:].tolist())


@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
def test_a_norm_that_is_not_finite_changes_nothing(bad: float) -> None:
    one = with_gradient(piece("a", [0.0, 0.0]), [3.0, bad])
    optimizer = Optimizer([one], Settings())
    optimizer.attach()
    assert not torch.isfinite(torch.tensor(optimizer.clip().before)) and float(one.gradient[0]) == 3.0


def test_a_process_without_clips_gives_zeros() -> None:
    one = piece("a", [0.0, 0.0])
    optimizer = Optimizer([one], Settings())
    assert [gradient.tolist() for gradient in optimizer.attach()] == [[0, 0]]


def test_state_goes_by_name_and_comes_back() -> None:
    def fresh() -> tuple[list[Piece], Optimizer]:
        pieces = [piece("b", [0.5]), piece("a", [0.1])]
        return pieces, Optimizer(pieces, Settings(lr=0.1))

    pieces, optimizer = fresh()
    assert optimizer.state() == {}
    for one in pieces:
        with_gradient(one, [0.3])
    optimizer.attach()
    optimizer.adamw.step()
    state = {name: tensor.clone() for name, tensor in optimizer.state().items()}
    assert state.keys() == {f"{name}/{key}" for name in "ab" for key in ("exp_avg", "exp_avg_sq", "step")}
    _, other = fresh()
    other.load_state(state)
    assert all(torch.equal(tensor, state[name]) for name, tensor in other.state().items())
    other.load_state({})
    with pytest.raises(CheckpointError, match="optimizer state is of other trainable parts"):
        other.load_state({name: tensor for name, tensor in state.items() if name.startswith("a/")})


@pytest.mark.parametrize(
    ("setting", "other"),
    [
        ("lr", 2e-3),
        ("betas", "[0.5, 0.6]"),
        ("eps", 1e-2),
        ("weight_decay", 0.5),
        ("new_rows_lr", 1e-3),
        ("clip_norm", 0),
    ],
)
def test_every_setting_is_live(
    material: Material, tmp_path: Path, as_it_is: Tensor, setting: str, other: object
) -> None:
    """Two updates with another value end in other weights."""
    assert float((after_two(material, tmp_path, f"optimizer.{setting}={other}") - as_it_is).abs().max()) > 1e-5


@pytest.fixture(scope="module")
def as_it_is(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Tensor:
    return after_two(material, tmp_path_factory.mktemp("as_it_is"))


def after_two(material: Material, out: Path, *settings: str) -> Tensor:
    """All weights after two updates."""
    run = material.run(out, "train.max_updates=2", "evaluate.at_start=false", *settings)
    trainer = material.trainer(run)
    trainer.fit(Stop(), quiet_display(trainer))
    return torch.cat([parameter.detach().flatten() for parameter in trainer.gpt.parameters()])
