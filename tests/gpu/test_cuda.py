"""What only a GPU can show: the same numbers as the CPU's, number formats, memory that runs out. `pytest -m gpu`."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dimts.data.batching import Update, collate
from dimts.data.prompting import Draw
from dimts.train import loss
from dimts.train.dist import World
from dimts.train.engine import Engine, Tally
from dimts.train.interrupt import Stop
from dimts.train.trainer import Trainer
from tests.flow.material import Material, make, quiet_display

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]
PLAIN = ("train.dropout=0", "evaluate.at_start=false")


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make(tmp_path_factory.mktemp("material"))


def trainer_of(material: Material, out: Path, *settings: str) -> Trainer:
    """A trainer on the GPU."""
    world = World(0, 1, torch.device("cuda"))
    trainer = material.trainer(material.run(out, "device=cuda", *settings), world)
    assert trainer.stats.is_cuda
    return trainer


def gradients(trainer: Trainer) -> dict[str, Tensor]:
    """The gradients of the first update, in float64 on the CPU."""
    trainer.gpt.train()
    update = trainer.plan.update(0)
    for number, draws in enumerate(update.micro_batches):
        trainer.engine.micro_batch(update, number, draws, Tally())
    return {name: p.grad.double().cpu() for name, p in trainer.gpt.named_parameters() if p.grad is not None}


def apart(one: dict[str, Tensor], two: dict[str, Tensor]) -> float:
    """The relative distance of all gradients together."""
    ours, theirs = (torch.cat([grads[name].flatten() for name in sorted(grads)]) for grads in (one, two))
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ((), 1e-4),
        (("batch.layout=padded",), 1e-4),
        (("train.checkpointing=true",), 1e-4),
        (("train.precision=bf16",), 0.05),
        (("train.precision=fp16",), 0.01),
        (("train.compile=true",), 1e-4),
    ],
    ids=lambda value: " ".join(value) or "fp32" if isinstance(value, tuple) else "",
)
def test_gradients_are_those_of_the_cpu(
    material: Material, tmp_path: Path, settings: tuple[str, ...], limit: float
) -> None:
    exact = gradients(material.trainer(material.run(tmp_path / "cpu", *PLAIN)))
    trainer = trainer_of(material, tmp_path / "gpu", *PLAIN, *settings)
    found = gradients(trainer)
    found = {name: grad / trainer.state.scale.value for name, grad in found.items()}
    assert exact.keys() == found.keys() and apart(found, exact) < limit


@pytest.mark.parametrize("settings", [("optimizer.place=cpu",), ("optimizer.state=8bit",), ("batch.by=auto",)])
def test_a_run_ends_where_it_ends_otherwise(material: Material, tmp_path: Path, settings: tuple[str, ...]) -> None:
    ends = []
    for chosen in ((), settings):
        trainer = trainer_of(material, tmp_path / str(len(chosen)), *PLAIN, "train.max_updates=3", *chosen)
        trainer.fit(Stop(), quiet_display(trainer))
        assert trainer.state.best is not None
        ends.append(trainer.state.best.value)
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)


def test_memory_that_runs_out_halves_micro_batches(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA's own refusal, in the middle of an update: a micro-batch above so many rows asks for more than there is."""
    trainer = trainer_of(material, tmp_path, *PLAIN, "batch.clips=4", "batch.accumulation=1", "train.max_updates=1")
    update, real = trainer.plan.update(0), Engine.micro_batch
    most, everything = sum(update.rows) // 2, torch.cuda.get_device_properties(0).total_memory

    def micro_batch(self: Engine, update: Update, number: int, draws: Sequence[Draw], tally: Tally) -> None:
        real(self, update, number, draws, tally)
        if update.rows_of(draws) > most:
            torch.empty(2 * everything, dtype=torch.uint8, device="cuda")

    monkeypatch.setattr(Engine, "micro_batch", micro_batch)
    trainer.fit(Stop(), quiet_display(trainer))
    assert trainer.state.update == 1 and trainer.state.budget is not None and trainer.state.budget <= most


def test_nothing_waits_for_the_gpu_between_micro_batches(material: Material, tmp_path: Path) -> None:
    trainer = trainer_of(material, tmp_path, *PLAIN)
    update = trainer.plan.update(0)
    trainer.gpt.train()
    trainer.engine.micro_batch(update, 0, update.micro_batches[0], Tally())
    torch.cuda.set_sync_debug_mode("error")
    try:
        trainer.engine.micro_batch(update, 1, update.micro_batches[1], Tally())
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_evaluation_is_that_of_the_cpu(material: Material, tmp_path: Path) -> None:
    found = []
    for trainer in (material.trainer(material.run(tmp_path / "cpu")), trainer_of(material, tmp_path / "gpu")):
        draws = trainer.plan.update(0).micro_batches[0]
        trainer.gpt.eval()
        batch = collate(trainer.pair.train, draws, trainer.run.prompt, trainer.stats, trainer.tokenizer.stop_id)
        with torch.no_grad():
            sums = loss.sums(loss.score(trainer.gpt, batch, trainer.tokenizer.start_id, padded=False), batch)
        found.append((float(sums.text), float(sums.codes)))
    assert found[0] == pytest.approx(found[1], rel=1e-4)
