"""A first stage for the new rows alone: the rest neither moves nor decays nor gathers averages, then all learns."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from dimts.checkpoint import store
from dimts.errors import CheckpointError, ConfigError
from dimts.train import plan
from dimts.train.interrupt import Stop
from dimts.train.trainer import Trainer
from tests.flow.material import Material, left, quiet_display
from tests.unit.train.test_state import EVERYTHING, stopped, whole

STAGED = "train.new_rows_first_updates=3"
NEW = 492


def weights(trainer: Trainer) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.gpt.state_dict().items()}


@pytest.mark.parametrize("setting", ["all", "[lora, new_rows]", "[text_embedding, text_head, ln_f]"])
def test_the_rest_stands_still_then_all_moves(material: Material, tmp_path: Path, setting: str) -> None:
    settings = (f"train.trainable={setting}", STAGED, "optimizer.weight_decay=0.1", "train.ema=0.5")
    for updates in (3, 4):
        trainer = material.trainer(material.run(tmp_path / str(updates), *settings))
        before, trainer.total_updates = weights(trainer), updates
        trainer.fit(Stop(), quiet_display(trainer))
        state, moved = trainer.state, set()
        steps = {name.split("/")[0]: int(value) for name, value in state.optimizer.state().items() if "step" in name}
        assert state.average is not None
        for piece in state.pieces:
            then = before[piece.name.split("[")[0]][piece.rows]
            moved |= set() if torch.equal(piece.tensor, then) else {piece.name}
            assert piece.new or updates > 3 or torch.equal(state.average.state()[piece.name], then)
        everything, new = {piece.name for piece in state.pieces}, {piece.name for piece in state.pieces if piece.new}
        assert moved == steps.keys() == (new if updates == 3 else everything) and len(new) == 3 < len(everything)
        assert steps == {name: updates if name in new else 1 for name in steps}


def test_the_first_stage_is_a_run_of_new_rows(material: Material, tmp_path: Path) -> None:
    staged, alone = (
        material.trainer(material.run(tmp_path / name, f"train.trainable={name}", *more))
        for name, more in (("all", [STAGED]), ("new-rows", []))
    )
    for trainer in (staged, alone):
        trainer.total_updates = 3
        trainer.fit(Stop(), quiet_display(trainer))
    ours, theirs = weights(staged), weights(alone)
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())
    grads = {name: parameter.grad is not None for name, parameter in staged.gpt.named_parameters()}
    assert sorted(name for name in grads if grads[name]) == [
        "text_embedding.weight",
        "text_head.bias",
        "text_head.weight",
    ]


@pytest.mark.parametrize("looks", [3, 5])
def test_stopped_in_either_stage_and_between(material: Material, tmp_path: Path, looks: int) -> None:
    settings = (*EVERYTHING, STAGED, "save.every_updates=1", "save.keep=9")
    whole(material, tmp_path / "whole", *settings)
    assert stopped(material, tmp_path / "stopped", looks, *settings) == {3: 5, 5: 2}[looks]
    assert left(tmp_path / "stopped") == left(tmp_path / "whole")
    sizes = [len(store.load(store.place(tmp_path / "whole", update)).tensors["optimizer"]) for update in (3, 4)]
    assert sizes[0] == 9 < sizes[1]  # three averages of three pieces


def test_a_state_that_fits_neither_stage(material: Material, tmp_path: Path) -> None:
    trainer = whole(material, tmp_path, STAGED, "train.max_updates=4")
    state = trainer.state.optimizer.state()
    del state["final_norm.bias/step"]
    with pytest.raises(CheckpointError, match="of other trainable parts"):
        trainer.state.optimizer.load_state(state)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("train.trainable=new-rows",), ["nothing else learns here; set it to 0"]),
        (("train.trainable=[ln_f]",), ["no new rows learn here; set vocab, or name them in trainable"]),
        (("train.max_updates=3",), ["3 is not below the run's 3 updates: nothing else would ever learn"]),
        (
            ("train.trainable=[lora]", "train.epochs=1"),
            [
                "no new rows learn here; set vocab, or name them in trainable",
                "3 is not below the run's 2 updates: nothing else would ever learn",
            ],
        ),
    ],
)
def test_refused(material: Material, tmp_path: Path, settings: tuple[str, ...], told: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        material.trainer(material.run(tmp_path, STAGED, *settings))
    assert list(raised.value.problems) == [f"train.new_rows_first_updates: {line}" for line in told]


def test_the_plan_says_it(material: Material, tmp_path: Path) -> None:
    def told(*settings: str) -> str:
        trainer = material.trainer(material.run(tmp_path, "train.trainable=lora", *settings))
        return plan.of(trainer, trainer.tokenizer.rows - NEW).lines()[3]

    assert told() == "what learns: lora, new_rows"
    assert told(STAGED) == "what learns: lora, new_rows; for the first 3 updates only new rows move, then all"
