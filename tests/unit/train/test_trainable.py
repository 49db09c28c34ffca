"""What learns is what is named; everything else has no gradient, no optimizer state, and stays as it is."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dimts.checkpoint.grow import Adapters
from dimts.errors import ConfigError
from dimts.model.shapes import LoraShape
from dimts.train import trainable
from dimts.train.interrupt import Stop
from dimts.train.trainer import Trainer
from tests.flow.material import Material, quiet_display

PERCEIVER = ["latents", "norm.gamma"] + [
    f"layers.{layer}.{name}"
    for layer in (0, 1)
    for name in (
        "0.to_q.weight",
        "0.to_kv.weight",
        "0.to_out.weight",
        "1.0.weight",
        "1.0.bias",
        "1.2.weight",
        "1.2.bias",
    )
]
ENCODER = ["init.weight", "init.bias"] + [
    f"attn.{block}.{name}.{kind}"
    for block in range(6)
    for name in ("norm", "qkv", "proj_out")
    for kind in ("weight", "bias")
]
BLOCK = [
    f"{name}.{kind}"
    for name in ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
    for kind in ("weight", "bias")
]
NAMES = {
    "text_embedding": ["text_embedding.weight"],
    "text_head": ["text_head.weight", "text_head.bias"],
    "text_positions": ["text_pos_embedding.emb.weight"],
    "code_embedding": ["mel_embedding.weight"],
    "code_positions": ["mel_pos_embedding.emb.weight"],
    "code_head": ["mel_head.weight", "mel_head.bias"],
    "conditioning": [f"conditioning_encoder.{name}" for name in ENCODER]
    + [f"conditioning_perceiver.{name}" for name in PERCEIVER],
    "ln_f": ["gpt.ln_f.weight", "gpt.ln_f.bias"],
    "final_norm": ["final_norm.weight", "final_norm.bias"],
    "blocks.0": [f"gpt.h.0.{name}" for name in BLOCK],
    "blocks.1": [f"gpt.h.1.{name}" for name in BLOCK],
    "blocks.0-1": [f"gpt.h.{layer}.{name}" for layer in (0, 1) for name in BLOCK],
}


ADAPTERS = [
    f"gpt.h.{layer}.{name}.adapter.{matrix}"
    for layer in (0, 1)
    for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    for matrix in ("down", "up")
]
PRESETS = ("all", "last-2", "new-rows", "lora", "auto", "[lora, text_embedding, text_head]")


def trainer_of(material: Material, out: Path, *settings: str) -> Trainer:
    return material.trainer(material.run(out, "train.max_updates=3", "evaluate.at_start=false", *settings))


def copied(trainer: Trainer) -> dict[str, Tensor]:
    """Everything in the network: parameters and buffers."""
    return {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()}


def whole(name: str) -> str:
    """The parameter behind a piece."""
    return re.sub(r"\[.*", "", name)


@pytest.mark.parametrize("setting", [*(f"[{name}]" for name in NAMES), "[new_rows]", "[lora]", *PRESETS])
def test_what_is_frozen_stays_bit_identical(material: Material, tmp_path: Path, setting: str) -> None:
    trainer = trainer_of(material, tmp_path, f"train.trainable={setting}")
    before = copied(trainer)
    trainer.fit(Stop(), quiet_display(trainer))
    learning = {f"gpt.{whole(piece.name)}" for piece in trainer.state.pieces}
    moved = {name for name, tensor in trainer.network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == learning
    for name, parameter in trainer.network.named_parameters():
        assert parameter.requires_grad == (name in learning)
        assert (parameter.grad is not None) == (name in learning)
    assert {f"gpt.{whole(name.split('/')[0])}" for name in trainer.state.optimizer.state()} == learning
    assert len(trainer.state.optimizer.adamw.state) == len(trainer.state.pieces)


def test_new_rows_move_while_base_rows_of_the_same_tensor_stay(material: Material, tmp_path: Path) -> None:
    trainer = trainer_of(material, tmp_path, "train.trainable=new-rows")
    rows = trainer.tokenizer.rows - (new := 492)
    before = copied(trainer)
    trainer.fit(Stop(), quiet_display(trainer))
    for name in trainable.TEXT_ROWS:
        now, then = trainer.network.state_dict()[f"gpt.{name}"], before[f"gpt.{name}"]
        assert len(now) == rows + new and torch.equal(now[:rows], then[:rows])
        still = (now[rows:] == then[rows:]).reshape(new, -1).all(1)
        assert int(still.sum()) < new if "embedding" in name else not bool(still.any())
    assert [piece.name for piece in trainer.state.pieces] == [
        f"text_embedding.weight[{rows}:]", f"text_head.weight[{rows}:]", f"text_head.bias[{rows}:]"]  # fmt: skip


def test_new_rows_have_a_learning_rate_of_their_own(material: Material, tmp_path: Path) -> None:
    """The first update of AdamW moves every weight that has a gradient by its learning rate."""
    names = "train.trainable=[text_head]"
    rates = ("optimizer.lr=1e-3", "optimizer.weight_decay=0", "optimizer.eps=1e-16", "train.max_updates=1")
    for own, expected in (("2e-2", 2e-2), ("same", 1e-3)):
        trainer = trainer_of(material, tmp_path / own, names, *rates, f"optimizer.new_rows_lr={own}")
        base_rows = trainer.tokenizer.rows - 492
        before = trainer.gpt.text_head.bias.detach().clone()
        trainer.fit(Stop(), quiet_display(trainer))
        moved = (trainer.gpt.text_head.bias.detach() - before).abs()
        assert torch.allclose(moved[:base_rows], torch.tensor(1e-3), rtol=0.01)
        assert torch.allclose(moved[base_rows:], torch.tensor(expected), rtol=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_names(material: Material, tmp_path: Path, name: str) -> None:
    trainer = trainer_of(material, tmp_path, f"train.trainable=[{name}]")
    found = list(dict.fromkeys(whole(piece.name) for piece in trainer.state.pieces))
    assert sorted(found) == sorted(NAMES[name])


def test_presets(material: Material, tmp_path: Path) -> None:
    gpt = trainer_of(material, tmp_path).gpt
    everything = {name for name, _ in gpt.named_parameters()}
    conditioned = {*NAMES["conditioning"]}
    last_2 = ("text_embedding", "text_head", "text_positions", "blocks.0-1", "ln_f", "final_norm")

    def learned(setting: str) -> set[str]:
        trainer = trainer_of(material, tmp_path, f"train.trainable={setting}")
        return {whole(piece.name) for piece in trainer.state.pieces}

    assert learned("all") == everything == set().union(*NAMES.values()) and conditioned < everything
    assert learned("last-2") == learned("auto") == {name for part in last_2 for name in NAMES[part]}
    assert learned("new-rows") == set(trainable.TEXT_ROWS)
    assert learned("text_head") == {*NAMES["text_head"]}
    assert learned("lora") == {*ADAPTERS, *trainable.TEXT_ROWS} and learned("[lora]") == {*ADAPTERS}
    assert learned("[lora, text_embedding, ln_f]") == {*ADAPTERS, *NAMES["text_embedding"], *NAMES["ln_f"]}
    assert learned("new_rows") == learned("[new_rows]") == learned("[new-rows]") == learned("new-rows")
    assert learned("[new-rows, ln_f]") == {*trainable.TEXT_ROWS, *NAMES["ln_f"]}
    assert learned("[last-2, conditioning]") == learned("last-2") | conditioned


def test_auto_is_by_the_number_of_clips() -> None:
    last = ["text_embedding", "text_head", "text_positions", "blocks.28-29", "ln_f", "final_norm"]
    assert trainable.parts("auto", 2_999, 30, 9) == trainable.parts("last-2", 10**6, 30, 0) == last
    everything = [*trainable.PARTS, "blocks.0-29"]
    assert trainable.parts("auto", 3_000, 30, 9) == trainable.parts("all", 1, 30, 9) == everything
    assert trainable.parts("last-2", 1, 1, 9)[3] == "blocks.0-0"


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("everything", "everything"),
        (["ln_f", "text-head", "blocks.1"], "text-head"),
        (["blocks.2"], "blocks.2"),
        (["blocks.1-0"], "blocks.1-0"),
        (["blocks.0-2"], "blocks.0-2"),
        (["gpt.h.0"], "gpt.h.0"),
        ([], "(empty list)"),
        (["all", "new_row"], "new_row"),
        (["lora", "blocks.0-9", "adapters"], "blocks.0-9, adapters"),
    ],
)
def test_unknown_names_are_refused_in_one_line(setting: str | Sequence[str], wrong: str) -> None:
    with pytest.raises(ConfigError) as raised:
        trainable.parts(setting, 100, 2, 9)
    (line,) = raised.value.problems
    assert line.startswith(f"train.trainable: no part {wrong}; choose from auto, all, last-2, new-rows, lora, ")
    assert line.endswith("new_rows, text_embedding, text_head, text_positions, code_embedding, code_positions, "
                         "code_head, conditioning, ln_f, final_norm, blocks.0-1")  # fmt: skip


def test_lora_is_adapters_and_the_rows_that_nobody_knows_yet() -> None:
    assert trainable.parts("lora", 10**6, 30, 9) == ["lora", "new_rows"]
    assert trainable.parts("lora", 10**6, 30, 0) == trainable.parts(["lora"], 9, 30, 9) == ["lora"]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ((), ADAPTERS),
        (("train.lora.blocks=1",), [name for name in ADAPTERS if ".1." in name]),
        (("train.lora.blocks=0-0",), [name for name in ADAPTERS if ".0." in name]),
        (("train.lora.blocks=0-1", "train.lora.targets=[mlp.c_fc]"), [name for name in ADAPTERS if "c_fc" in name]),
        (("train.lora.targets=[attn.c_proj, mlp.c_proj]",), [name for name in ADAPTERS if "c_proj" in name]),
    ],
)
def test_where_adapters_are(material: Material, tmp_path: Path, settings: tuple[str, ...], found: list[str]) -> None:
    gpt = trainer_of(material, tmp_path, "train.trainable=lora", *settings).gpt
    assert [name for name, _ in gpt.named_parameters() if ".adapter." in name] == found


def test_every_setting_of_adapters_reaches_the_network(material: Material, tmp_path: Path) -> None:
    settings = {"rank": 3, "alpha": 5.0, "dropout": 0.2, "targets": "[mlp.c_fc, mlp.c_fc]", "blocks": "1-1"}
    words = [f"train.lora.{name}={value}" for name, value in settings.items()]
    run = material.run(tmp_path, "train.trainable=[ln_f, lora]", "seed=8", *words)
    shape = LoraShape(rank=3, alpha=5.0, dropout=0.2, targets=("mlp.c_fc",), blocks=(1,))
    assert trainable.adapters(run, 2) == Adapters(shape, seed=8)
    trainer = material.trainer(run)
    assert trainer.gpt.shape.lora == shape
    assert trainer.gpt.get_parameter("gpt.h.1.mlp.c_fc.adapter.down").shape == (64, 3)
    assert trainable.adapters(material.run(tmp_path, "train.trainable=all"), 2) is None


@pytest.mark.parametrize("blocks", ["2", "1-2", "1-0"])
def test_adapters_in_blocks_that_are_not_there(material: Material, tmp_path: Path, blocks: str) -> None:
    with pytest.raises(ConfigError) as raised:
        trainer_of(material, tmp_path, "train.trainable=lora", f"train.lora.blocks={blocks}")
    assert raised.value.problems == (f"train.lora.blocks: no blocks {blocks}; the base has 0-1",)


def test_adapters_have_a_learning_rate_of_their_own(material: Material, tmp_path: Path) -> None:
    """In the first update nothing pulls at `down`, and AdamW moves `up` by its learning rate."""
    rates = ("optimizer.lr=1e-3", "optimizer.weight_decay=0", "optimizer.eps=1e-16", "train.max_updates=1")
    for own, expected in (("2e-2", 2e-2), ("same", 1e-3)):
        trainer = trainer_of(
            material, tmp_path / own, "train.trainable=[lora, ln_f]", *rates, f"optimizer.lora_lr={own}"
        )
        bias = trainer.gpt.gpt.ln_f.bias.detach().clone()
        trainer.fit(Stop(), quiet_display(trainer))
        up = trainer.gpt.get_parameter("gpt.h.1.mlp.c_fc.adapter.up")
        assert torch.allclose(up.abs(), torch.tensor(expected), rtol=0.01)
        assert torch.allclose((trainer.gpt.gpt.ln_f.bias - bias).abs(), torch.tensor(1e-3), rtol=0.01)


@pytest.mark.parametrize("setting", ["new-rows", "new_rows", ["ln_f", "new_rows"]])
def test_new_rows_without_a_vocabulary_would_learn_nothing(setting: str | Sequence[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        trainable.parts(setting, 100, 2, 0)
    told = "train.trainable: the vocabulary adds no rows, so there are none to train; set vocab"
    assert raised.value.problems == (told,)
