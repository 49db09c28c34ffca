"""Number formats, dropout, and the other switches of a run: each changes what it should."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dimts.train import precision, recipe
from dimts.train.engine import Engine, Tally
from dimts.train.interrupt import Stop
from dimts.train.trainer import Trainer
from tests.flow.material import QUIET, Material, quiet_display


def scored(trainer: Trainer) -> tuple[float, set[torch.dtype]]:
    """The code loss of a micro-batch, and the formats that its matrices were multiplied in."""
    formats: set[torch.dtype] = set()
    block = trainer.gpt.gpt.h[0]
    hook = block.mlp.c_fc.register_forward_hook(lambda module, given, out: formats.add(out.dtype))  # type: ignore[union-attr]
    update, tally = trainer.plan.update(0), Tally()
    trainer.gpt.train()
    trainer.engine.micro_batch(update, 0, update.micro_batches[0], tally)
    hook.remove()
    return tally.totals()[1], formats


@pytest.mark.parametrize(("name", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_precision(material: Material, tmp_path: Path, name: str, dtype: torch.dtype) -> None:
    runs = {
        p: material.trainer(material.run(tmp_path / p, "train.dropout=0", f"train.precision={p}"))
        for p in ("fp32", name)
    }
    exact, lower = scored(runs["fp32"]), scored(runs[name])
    assert exact[1] == {torch.float32} and lower[1] == {dtype}
    assert exact[0] != lower[0] and exact[0] == pytest.approx(lower[0], rel=0.01)
    assert all(p.dtype == p.grad.dtype == torch.float32 for p in runs[name].gpt.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_training_in_half_precision_stays_close(material: Material, tmp_path: Path, name: str) -> None:
    settings = ("train.max_updates=3", "train.dropout=0", "evaluate.at_start=false")
    ends = []
    for chosen in ("fp32", name):
        trainer = material.trainer(material.run(tmp_path / chosen, *settings, f"train.precision={chosen}"))
        trainer.fit(Stop(), quiet_display(trainer))
        assert trainer.state.skipped == 0 and trainer.state.best is not None
        ends.append(trainer.state.best.value)
    assert ends[0] != ends[1] and ends[0] == pytest.approx(ends[1], rel=0.005)


def test_fp16_scales_its_loss_and_unscales_its_gradient(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path, "train.precision=fp16", "train.dropout=0"))
    exact = material.trainer(material.run(tmp_path, "train.dropout=0"))
    assert trainer.state.scale.enabled and not exact.state.scale.enabled
    update = trainer.plan.update(0)
    for one in (trainer, exact):
        one.gpt.train()
        for number, draws in enumerate(update.micro_batches):
            one.engine.micro_batch(update, number, draws, Tally())
    scaled, plain = (one.gpt.mel_head.weight.grad for one in (trainer, exact))
    assert scaled is not None and plain is not None
    assert float(scaled.norm() / plain.norm()) == pytest.approx(trainer.state.scale.value, rel=0.02)
    norms = trainer.engine._move(update, 1.0)
    assert norms.before == pytest.approx(exact.engine._move(update, 1.0).before, rel=0.02)


def test_fp16_lowers_its_scale_when_it_overflows(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path, "train.precision=fp16", "train.max_updates=4"))
    before = trainer.gpt.mel_head.weight.detach().clone()
    trainer.state.scale.value = 2.0**40
    trainer.fit(Stop(), quiet_display(trainer))  # four overflows in a row are no reason to stop
    assert torch.equal(trainer.gpt.mel_head.weight, before) and trainer.state.scale.value == 2.0**36


def test_dropout(material: Material, tmp_path: Path) -> None:
    def losses(rate: float, seed: int = 0) -> float:
        return scored(material.trainer(material.run(tmp_path, f"train.dropout={rate}", f"seed={seed}")))[0]

    assert losses(0.1) == losses(0.1) != losses(0.0) == losses(0.0)
    assert losses(0.5) not in (losses(0.1), losses(0.0))


def test_dropout_differs_between_updates_and_micro_batches(material: Material, tmp_path: Path) -> None:
    """The same clips at another place draw other masks."""
    trainer = material.trainer(material.run(tmp_path))
    update = trainer.plan.update(0)
    trainer.gpt.train()
    found = []
    for number, place in ((0, 0), (0, 1), (1, 0), (0, 0)):
        tally = Tally()
        moved = replace(update, number=number)
        trainer.engine.micro_batch(moved, place, update.micro_batches[0], tally)
        found.append(tally.totals()[1])
    assert found[0] == found[3] and len(set(found)) == 3


def test_seed(material: Material, tmp_path: Path) -> None:
    """Another seed is another order, other prompts, other masks; the same seed is the same run."""

    def end(name: str, seed: int) -> torch.Tensor:
        run = material.run(tmp_path / name, f"seed={seed}", "train.max_updates=2", "evaluate.at_start=false")
        trainer = material.trainer(run)
        trainer.fit(Stop(), quiet_display(trainer))
        return trainer.gpt.mel_head.weight.detach()

    assert torch.equal(end("a", 0), end("b", 0)) and not torch.equal(end("c", 1), end("d", 0))


@pytest.mark.parametrize("allowed", [True, False])
def test_tf32_is_set_while_a_run_trains_and_as_before_afterwards(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    seen: list[tuple[bool, bool]] = []

    def look() -> tuple[bool, bool]:
        return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32

    def step(self: Engine, *given: object) -> None:
        seen.append(look())
        raise KeyboardInterrupt

    before = look()
    monkeypatch.setattr(Engine, "do", step)
    run = material.run(tmp_path, f"train.tf32={str(allowed).lower()}", "evaluate.at_start=false")
    with pytest.raises(KeyboardInterrupt):
        recipe.finetune(run, QUIET)
    assert seen == [(allowed, allowed)] and look() == before


def test_tf32_nests() -> None:
    with precision.tf32(True):
        with precision.tf32(False):
            assert not torch.backends.cuda.matmul.allow_tf32
        assert torch.backends.cuda.matmul.allow_tf32


def test_trying_convolutions_leaves_cudnn_on() -> None:
    """torch.backends.cudnn.flags(benchmark=True) would turn it off, and rounding to TF32 on."""
    cudnn = torch.backends.cudnn
    before = cudnn.enabled, cudnn.benchmark, cudnn.allow_tf32
    with precision.equal_shapes():
        assert cudnn.benchmark and (cudnn.enabled, cudnn.allow_tf32) == (before[0], before[2])
    assert (cudnn.enabled, cudnn.benchmark, cudnn.allow_tf32) == before
