"""Weights, configurations and vocabularies that do not fit are refused in one line."""

import json
import shutil
from pathlib import Path

import pytest
import torch

import dimts
from dimts.checkpoint import official, weights
from dimts.checkpoint.official import Base
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError, DimtsError
from dimts.text import base as small_vocabulary
from tests.unit.checkpoint.pickles import Change, folder_with

VOCODER = "hifigan_decoder.waveform_decoder"

OTHER_WEIGHTS: dict[str, Change] = {
    r"1 weights missing \(gpt\.mel_head\.bias\)": lambda state: drop(state, "gpt.mel_head.bias"),
    r"lacks text_embedding\.weight": lambda state: drop(state, "gpt.text_embedding.weight"),
    r"lacks conditioning_perceiver\.latents": lambda state: drop(state, "gpt.conditioning_perceiver"),
    r"2 unknown \(hifi.*conds\.3\.bias, ": lambda state: drop(state, f"{VOCODER}.ups.3."),
    r"1 layers, config\.json says 2": lambda state: drop(state, "gpt.gpt.h.1."),
    r"0 layers, config\.json says 2": lambda state: drop(state, "gpt.gpt.h."),
    r"1 unknown \(gpt\.new\.weight\)": lambda state: {**state, "gpt.new.weight": torch.ones(2)},
    r"1 of wrong shape \(gpt\.mel_head\.bias: \(5,\)": lambda state: put(state, "gpt.mel_head.bias", (5,)),
    r"odd shapes \(not enough": lambda state: put(state, "gpt.text_embedding.weight", (5,)),
    r"odd shapes \(cannot reshape": lambda state: put(state, f"{VOCODER}.conv_pre.weight", (2, 64, 7)),
    r"8194 code rows, XTTS v2 has 1026": lambda state: put(state, "gpt.mel_embedding.weight", (8194, 64)),
    r"1 weights of wrong type \(mel_stats\)": lambda state: {**state, "mel_stats": torch.arange(80)},
}


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("line", OTHER_WEIGHTS)
def test_other_weights_are_refused(tiny_folder: Path, tmp_path: Path, line: str) -> None:
    says_one_line(folder_with(tiny_folder, tmp_path / "base", OTHER_WEIGHTS[line]), line)


def test_any_missing_weight_is_missed(tiny_folder: Path) -> None:
    path = tiny_folder / "model.safetensors"
    state = weights.read(path)
    for name in sorted(state)[::61]:
        with pytest.raises(CheckpointError, match=name.rpartition("decoder.")[2].removeprefix("gpt.")):
            official.build_network(drop(state, name), 4, path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", r"config\.json: damaged"),
        ("{", r"config\.json: damaged"),
        ("[]", r"config\.json: not an XTTS configuration"),
        ("{}", r"config\.json: lacks model_args\.gpt_n_heads"),
        ('{"model_args": [4]}', r"config\.json: lacks model_args\.gpt_n_heads"),
        ('{"model_args": {"gpt_n_heads": null}}', r"config\.json: lacks model_args\.gpt_n_heads"),
        ('{"model_args": {"gpt_n_heads": 0}}', r"width 64 has no 0 heads; copy the config\.json"),
        ('{"model_args": {"gpt_n_heads": 5}}', r"width 64 has no 5 heads; copy the config\.json"),
        ('{"model_args": {"gpt_n_heads": -4}}', r"width 64 has no -4 heads"),
        ('{"model_args": {"gpt_n_heads": 4, "gpt_layers": 30}}', r"2 layers, config\.json says 30"),
    ],
)
def test_other_configurations_are_refused(tiny_folder: Path, tmp_path: Path, content: str, line: str) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    (folder / "config.json").write_text(content)
    says_one_line(folder, line)


def test_a_foreign_vocabulary_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    document = json.loads(small_vocabulary.vocabulary())
    document["model"]["vocab"]["one more"] = 1 + max(document["model"]["vocab"].values())
    (folder / "vocab.json").write_text(json.dumps(document))
    says_one_line(folder, r"vocab\.json: foreign vocabulary: \d+ rows, the weights have \d+; use the vocab\.json that")


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused(tiny_folder: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    (folder / name).unlink()
    says_one_line(folder, rf"{Path(name).stem}\.\w+: .*no such file; ")


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "model.safetensors", "dvae.pth"])
def test_a_damaged_file_is_refused(tiny_folder: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    content = (folder / name).read_bytes()
    for length in (0, 1, len(content) // 2, len(content) - 1):
        (folder / name).write_bytes(content[:length])
        if length < len(content.rstrip()):  # the last byte of JSON files is a line end
            says_one_line(folder, rf"{name}: ")


def test_a_dvae_of_more_codes_is_refused(tiny_folder: Path, tiny: Base, tmp_path: Path) -> None:
    folder, state = shutil.copytree(tiny_folder, tmp_path / "base"), tiny.need_dvae().state_dict()
    books = {name: torch.cat([t, t], dim=-1) for name, t in state.items() if name.startswith("codebook")}
    torch.save({**state, **books}, folder / "dvae.pth")
    says_one_line(folder, r"dvae\.pth: 2048 codes, XTTS v2 has 1024")


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    says_one_line(tmp_path / "none", r"none: no such folder; give a base folder")
    (tmp_path / "file").touch()
    says_one_line(tmp_path / "file", r"file: is a file; give a base folder")


def drop(state: State, prefix: str) -> State:
    return {name: tensor for name, tensor in state.items() if not name.startswith(prefix)}


def put(state: State, name: str, shape: tuple[int, ...]) -> State:
    return {**state, name: torch.ones(shape)}


def says_one_line(folder: Path, line: str) -> None:
    with pytest.raises(DimtsError, match=line) as caught:
        dimts.load(folder)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(folder))
