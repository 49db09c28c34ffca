"""A voice bundle speaks exactly like the network it was written from, here and in tools that read official folders."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import dimts
from dimts.checkpoint import export, grow, weights
from dimts.checkpoint.export import Bundle
from dimts.checkpoint.official import Base
from dimts.errors import CheckpointError
from dimts.files import sha256
from dimts.infer.decode import Sampling
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from dimts.text import extend
from dimts.text.normalise import IDENTITY

FACTS = {"languages": ["am"], "longest_text_tokens": 60, "best": None}
NAMES = ("ሊያ", "../a/b: c%?", "zoë")
FEW = Sampling(max_codes=25)


@pytest.fixture(scope="module")
def bundle(tiny: Base, voice: Voice) -> Bundle:
    """A grown network with other weights than the base, an Amharic vocabulary, three voices."""
    tokenizer = extend.extend(tiny.tokenizer, ["ሰላም ለዓለም።"], "am")
    network = grow.to_fit(tiny, tokenizer, 512)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state["gpt.mel_head.weight"] *= 1.5
    state["hifigan_decoder.waveform_decoder.conv_post.weight"] *= 1.1
    network.load_state_dict(state, assign=True)
    return Bundle(tiny, network, tokenizer, dict.fromkeys(NAMES, voice.state()), FACTS)


@pytest.fixture(scope="module")
def written(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export.write(bundle, tmp_path_factory.mktemp("export") / "voice")


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of the bundle to spoil."""
    return shutil.copytree(written, tmp_path / "voice")


def samples(speaker: Speaker, voice: Voice) -> list[float]:
    found: list[float] = speaker.speak("ሰላም ለዓለም።", voice, "am", seed=3, sampling=FEW).samples.tolist()
    return found


@pytest.mark.parametrize("without", ["model.pth", "model.safetensors"])
def test_it_speaks_like_the_network_in_memory(bundle: Bundle, folder: Path, voice: Voice, without: str) -> None:
    (folder / without).unlink()
    in_memory = Speaker(folder, bundle.network, bundle.tokenizer, 60)
    speaker, expected = dimts.load(folder), samples(in_memory, voice)
    assert samples(speaker, voice) == expected
    assert samples(speaker, speaker.stored_voice("zoë")) == expected


def test_another_network_would_speak_otherwise(bundle: Bundle, tiny: Base, folder: Path, voice: Voice) -> None:
    base = grow.to_fit(tiny, bundle.tokenizer, 512)
    assert samples(dimts.load(folder), voice) != samples(Speaker(folder, base, bundle.tokenizer, 60), voice)


def test_other_tools_read_it_strictly(bundle: Bundle, tiny_folder: Path, written: Path) -> None:
    content = torch.load(written / "model.pth", weights_only=True)
    assert list(content) == ["model"]
    official = {name: tuple(t.shape) for name, t in weights.read(tiny_folder / "model.safetensors").items()}
    rows, width = bundle.tokenizer.rows, 64
    official |= {f"gpt.text_{part}.weight": (rows, width) for part in ("embedding", "head")}
    official |= {"gpt.text_head.bias": (rows,), "gpt.text_pos_embedding.emb.weight": (514, width)}
    assert {name: tuple(t.shape) for name, t in content["model"].items()} == official
    state = bundle.network.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in content["model"].items())
    assert not any(tensor.requires_grad for tensor in content["model"].values())
    assert torch.equal(torch.load(written / "mel_stats.pth", weights_only=True), bundle.network.mel_stats)


def test_files_are_no_larger_than_their_tensors(bundle: Bundle, written: Path) -> None:
    content = sum(tensor.numel() * tensor.element_size() for tensor in bundle.network.state_dict().values())
    for name in ("model.pth", "model.safetensors"):
        assert content < (written / name).stat().st_size < content + 300_000
    assert (written / "mel_stats.pth").stat().st_size < 4_000


def test_config_says_the_grown_sizes(bundle: Bundle, tiny: Base, written: Path) -> None:
    config = json.loads((written / "config.json").read_text())
    arguments = config["model_args"]
    assert arguments["gpt_number_text_tokens"] == bundle.tokenizer.rows > tiny.tokenizer.rows
    assert arguments["gpt_max_text_tokens"] == 512
    unchanged = {name: value for name, value in tiny.config["model_args"].items() if "text_tokens" not in name}
    assert unchanged.items() <= arguments.items()
    assert config["languages"][-1] == "am"
    assert {"model", "audio"} <= config.keys()


def test_the_base_goes_with_it(tiny_folder: Path, written: Path, bundle: Bundle) -> None:
    for name in ("dvae.pth", "speakers_xtts.pth"):
        assert sha256(written / name) == sha256(tiny_folder / name)
    assert (written / "vocab.json").read_text() == bundle.tokenizer.to_json()


def test_the_description_holds_hashes_of_everything(written: Path) -> None:
    description = json.loads((written / "bundle.json").read_text())
    there = {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()} - {"bundle.json"}
    assert description["files"].keys() == there
    assert all(sha256(written / name) == digest for name, digest in description["files"].items())
    assert FACTS.items() <= description.items()
    assert description["normaliser"] == IDENTITY
    assert "CPML" in description["licence"]


def test_voices_keep_their_names(written: Path, voice: Voice) -> None:
    speaker = dimts.load(written)
    assert speaker.stored_voices() == sorted(NAMES)
    assert {path.parent for path in written.rglob("*.safetensors")} == {written, written / "voices"}
    for name in NAMES:
        assert torch.equal(speaker.stored_voice(name).latents_1PD, voice.latents_1PD)
    assert torch.equal(speaker.stored_voice().speaker_1E, voice.speaker_1E)
    line = re.escape("no voice 'Ana' (../a/b: c%?, zoë, ሊያ); give --reference")
    with pytest.raises(CheckpointError, match=line):
        speaker.stored_voice("Ana")


def test_long_text_is_cut_at_what_training_saw(written: Path) -> None:
    assert dimts.load(written).longest_text_tokens == 60


def test_model_pth_can_be_left_out(bundle: Bundle, tmp_path: Path) -> None:
    assert not (export.write(bundle, tmp_path / "voice", pickled=False) / "model.pth").exists()


def test_an_older_bundle_is_replaced_whole(bundle: Bundle, folder: Path) -> None:
    (folder / "voices" / "old.safetensors").touch()
    export.write(replace(bundle, facts={"best": 2}), folder)
    assert json.loads((folder / "bundle.json").read_text())["best"] == 2
    assert dimts.load(folder).stored_voices() == sorted(NAMES)
    assert [path.name for path in folder.parent.iterdir()] == ["voice"]


@pytest.mark.parametrize("step", ["write_pickle", "write"])
@pytest.mark.parametrize("what", [KeyboardInterrupt, OSError(28, "No space left on device")], ids=["stop", "full disk"])
def test_a_failure_leaves_the_older_bundle(
    bundle: Bundle, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str, what: Any
) -> None:
    before = {path: sha256(path) for path in folder.rglob("*") if path.is_file()}

    def fails(content: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise what

    monkeypatch.setattr(weights, step, fails)
    with pytest.raises((KeyboardInterrupt, CheckpointError)) as caught:
        export.write(bundle, folder)
    assert "voice: cannot be written (No space left" in str(caught.value) or caught.type is KeyboardInterrupt
    assert {path: sha256(path) for path in folder.parent.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("what", ["file", "folder", "base"])
def test_what_is_no_bundle_is_not_overwritten(bundle: Bundle, tiny_folder: Path, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    if what == "base":
        shutil.copytree(tiny_folder, out)
    elif what == "folder":
        out.mkdir()
    (out if what == "file" else out / "mine.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CheckpointError, match=r"out: is there and is no voice bundle; choose another --out"):
        export.write(bundle, out)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_that_cannot_be(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"voice: cannot be written \(.*\); free space"):
        export.write(bundle, tmp_path / "file" / "voice")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "{}", '{"languages": []}', '{"normaliser": 3}', '{"normaliser": null}',
     *(f'{{"normaliser": "%", "longest_text_tokens": {wrong}}}' for wrong in ("0", "-2", "null", '"60"', "1.5")),
     '{"normaliser": "%", "trained_languages": null}'],
)  # fmt: skip
def test_a_damaged_description(folder: Path, content: str) -> None:
    (folder / "bundle.json").write_text(content.replace("%", IDENTITY))
    with pytest.raises(CheckpointError, match=r"bundle\.json: damaged \(.*\); export the voice again") as caught:
        dimts.load(folder)
    assert "\n" not in str(caught.value)


def test_a_bundle_of_another_normaliser(folder: Path) -> None:
    description = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**description, "normaliser": "dimts-0"}))
    line = f"voice: was trained on texts of normaliser dimts-0, this is {IDENTITY}; use that version"
    with pytest.raises(CheckpointError, match=line):
        dimts.load(folder)


def test_a_damaged_voice(folder: Path) -> None:
    path = next((folder / "voices").iterdir())
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(CheckpointError, match=r"\.safetensors: damaged or cut off"):
        [dimts.load(folder).stored_voice(name) for name in NAMES]
