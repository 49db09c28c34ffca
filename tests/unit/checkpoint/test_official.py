"""Every shape in which XTTS v2 weights go round reads as the same network."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import dimts
from dimts.checkpoint import official
from dimts.checkpoint.official import Base
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError
from tests.unit.checkpoint.pickles import Change, XttsConfig, folder_with

NORMED = ".parametrizations.weight.original"


def plain(state: State) -> State:
    return dict(state)


def prefixed(state: State) -> State:
    return {f"xtts.{name}": tensor for name, tensor in state.items()}


def trained(state: State) -> dict[str, Any]:
    """What coqui's GPTTrainer leaves: every weight under `xtts.`, its own DVAE and mel fronts, optimizer, scaler."""
    extras = {
        "dvae.encoder.0.0.weight": torch.ones(3),
        "dvae.codebook.embed": torch.ones(2, 2),
        "torch_mel_spectrogram_style_encoder.mel_stft.spectrogram.window": torch.ones(1024),
        "torch_mel_spectrogram_dvae.mel_norms": torch.ones(80),
    }
    leftovers = {"optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}, "scaler": {"scale": 65536.0}, "step": 12}
    losses = {"model_loss": {"train_loss": np.float64(2.5)}}
    return {"config": XttsConfig(), "model": {**prefixed(state), **extras}, **leftovers, **losses}


def with_inference_modules(state: State) -> State:
    """What upstream's `init_gpt_for_inference` grows, and the masks of old transformers."""
    gpt = {name: tensor for name, tensor in state.items() if name.startswith("gpt.gpt.")}
    grown = {name.replace("gpt.gpt.", "gpt.gpt_inference.transformer."): tensor.clone() for name, tensor in gpt.items()}
    masks = {"gpt.gpt.h.0.attn.bias": torch.ones(1, 1, 4, 4), "gpt.gpt.h.1.attn.masked_bias": torch.tensor(-1e4)}
    return {
        **state,
        **grown,
        "gpt.gpt_inference.lm_head.1.bias": torch.ones(2),
        "gpt.gpt.wte.weight": torch.ones(2, 2),
        **masks,
    }


def old_weight_norm(state: State) -> State:
    assert any(NORMED in name for name in state)
    return {name.replace(f"{NORMED}0", ".weight_g").replace(f"{NORMED}1", ".weight_v"): t for name, t in state.items()}


def everything(state: State) -> dict[str, Any]:
    return trained(with_inference_modules(old_weight_norm(state)))


def assert_same(ours: State, theirs: State) -> None:
    assert ours.keys() == theirs.keys()
    assert [name for name in theirs if not torch.equal(ours[name], theirs[name])] == []
    assert {tensor.dtype for tensor in ours.values()} <= {torch.float32, torch.int64}


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("change", [plain, prefixed, with_inference_modules, old_weight_norm])
def test_names_become_official(tiny_folder: Path, tiny: Base, tmp_path: Path, change: Change, suffix: str) -> None:
    network = dimts.load(folder_with(tiny_folder, tmp_path / "base", change, suffix)).network
    assert_same(network.state_dict(), tiny.network.state_dict())
    assert not network.training


@pytest.mark.parametrize(
    "change",
    [
        lambda state: {"model": state},
        lambda state: {"config": XttsConfig(nested=XttsConfig()), "model": state},
        lambda state: {**state, "config": XttsConfig(), "step": 3},
        lambda state: {f"module.{name}": tensor for name, tensor in prefixed(state).items()},
        trained,
        everything,
    ],
    ids=["model entry", "config object", "bare with extras", "distributed", "trainer", "everything"],
)
def test_pickles_of_other_tools(tiny_folder: Path, tiny: Base, tmp_path: Path, change: Change) -> None:
    network = dimts.load(folder_with(tiny_folder, tmp_path / "base", change)).network
    assert_same(network.state_dict(), tiny.network.state_dict())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_other_float_types_become_float32(
    tiny_folder: Path, tiny: Base, tmp_path: Path, dtype: torch.dtype, suffix: str
) -> None:
    def change(state: State) -> State:
        return {name: t.to(dtype) if t.is_floating_point() else t for name, t in state.items()}

    network = dimts.load(folder_with(tiny_folder, tmp_path / "base", change, suffix)).network
    assert_same(network.state_dict(), {name: t.float() for name, t in change(tiny.network.state_dict()).items()}
                | {name: t for name, t in tiny.network.state_dict().items() if not t.is_floating_point()})  # fmt: skip


def test_safetensors_come_before_pth(tiny_folder: Path, tiny: Base, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    torch.save({"model": {"other": torch.ones(1)}}, folder / "model.pth")
    assert_same(dimts.load(folder).network.state_dict(), tiny.network.state_dict())


def test_mel_stats_come_from_their_own_file(tiny_folder: Path, tmp_path: Path) -> None:
    folder = folder_with(
        tiny_folder, tmp_path / "base", lambda state: {n: t for n, t in state.items() if n != "mel_stats"}
    )
    stats = torch.linspace(1, 5, 80)
    torch.save(stats, folder / "mel_stats.pth")
    assert torch.equal(dimts.load(folder).network.mel_stats, stats)
    (folder / "mel_stats.pth").unlink()
    with pytest.raises(CheckpointError, match=r"1 weights missing \(mel_stats\)"):
        dimts.load(folder)


def test_without_dvae_it_speaks_but_does_not_train(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    (folder / "dvae.pth").unlink()
    base = official.load(folder)
    assert base.dvae is None
    with pytest.raises(CheckpointError, match=r"no dvae\.pth: it can speak but not train; fetch the complete base"):
        base.need_dvae()


def test_dvae_with_loss_statistics_and_prefix(tiny_folder: Path, tiny: Base, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    state = {f"dvae.{name}": tensor for name, tensor in tiny.need_dvae().state_dict().items()}
    torch.save({**state, "discrete_loss.accumulator": torch.ones(3)}, folder / "dvae.pth")
    assert_same(official.load(folder).need_dvae().state_dict(), tiny.need_dvae().state_dict())


def test_fingerprint_follows_every_weight_and_the_vocabulary(tiny_folder: Path, tiny: Base, tmp_path: Path) -> None:
    assert official.load(tiny_folder).sha256 == tiny.sha256

    def nudge(state: State) -> State:
        state["gpt.final_norm.bias"][0] += 1e-3
        return state

    assert official.load(folder_with(tiny_folder, tmp_path / "base", nudge)).sha256 != tiny.sha256
