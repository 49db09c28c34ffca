"""Everything that heads can tell is told at once, each line with its place in the run file, and no weight is read."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from dimts.checkpoint import official, weights
from dimts.config import RunConfig
from dimts.errors import CheckpointError, ConfigError
from dimts.text.bpe import Tokenizer
from dimts.train import dist, preflight, recipe, trackers
from tests.flow.material import QUIET, Material


@pytest.fixture(autouse=True)
def weights_stay_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads a weight fails."""

    def refuse(*given: object, **named: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr("dimts.checkpoint.weights.read", refuse)
    monkeypatch.setattr("dimts.checkpoint.weights.load_file", refuse)


def changed(path: Path, **values: object) -> None:
    """Change values at the top of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.fixture
def own(material: Material, tmp_path: Path) -> Material:
    """A copy of the material that a test may damage."""
    copied = Material(tmp_path / "own")
    shutil.copytree(material.base, copied.base)
    shutil.copytree(material.dataset, copied.dataset, ignore=shutil.ignore_patterns("cache", "audio"))
    shutil.copy(material.vocab, copied.vocab)
    return copied


def found(run: RunConfig) -> list[str]:
    return preflight.problems(run)


def test_a_sound_run_has_no_problem(own: Material, tmp_path: Path) -> None:
    assert found(own.run(tmp_path / "out", "samples.texts=[ሰላም]", "train.trainable=new-rows")) == []
    preflight.check(own.run(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_seven_problems_are_seven_lines(own: Material, tmp_path: Path) -> None:
    """Of the file itself, of the base, of the dataset, of what they are to each other."""
    changed(own.dataset / "dataset.json", normaliser="dimts-0")
    changed(own.base / "config.json", model_args={"gpt_n_heads": 4, "gpt_layers": 30})
    settings = ("train.trainable=[text_haed]", "device=quantum", "schedule.milestones=[3, 2]",
                "prompt.max_samples=300000", f"vocab={own.folder / 'nowhere.json'}")  # fmt: skip
    run_file = tmp_path / "run.yaml"
    run_file.write_text(yaml.safe_dump(own.content(tmp_path / "out", *settings)))
    with pytest.raises(ConfigError) as raised:
        preflight.read(run_file)
    lines = [line.removeprefix(f"{run_file}: ") for line in raised.value.problems]
    assert len(lines) == len(set(lines)) and all("\n" not in line for line in lines)
    assert [line.split(": ")[0] for line in lines] == [
        "schedule.milestones", "prompt.max_samples", "device", "base", "vocab", "data.datasets[0]",
        "train.trainable"]  # fmt: skip
    assert lines[0].endswith("must rise from one to the next") and "is above limits.clip_samples" in lines[1]
    assert "layers, config.json says 30" in lines[3] and "texts were normalised by dimts-0" in lines[5]
    assert not (tmp_path / "out").exists()


def test_the_same_without_a_problem_of_the_file_itself(
    own: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a second dataset, parts, samples, a limit, a program that is not installed."""
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    twice = own.folder / "twice"
    shutil.copytree(own.dataset, twice)
    changed(twice / "dataset.json", language="xx")
    settings = (f"data.datasets=[{own.dataset}, {twice}]", "train.trainable=[text_haed, blocks.0-9]",
                "limits.clip_samples=900000", "samples.texts=[ሰላም, '...', '']", "track.to=[wandb]")  # fmt: skip
    with pytest.raises(ConfigError) as raised:
        recipe.finetune(own.run(tmp_path / "out", *settings), QUIET)
    places = [line.split(": ")[0] for line in raised.value.problems]
    assert places == ["track.to", "limits.clip_samples", "data.datasets[1]", "samples.texts[1]", "samples.texts[2]",
                      "train.trainable"]  # fmt: skip
    assert "no part text_haed, blocks.0-9; choose from" in raised.value.problems[-1]
    assert not (tmp_path / "out").exists()


def damaged_vocabulary(own: Material) -> None:
    own.vocab.write_text("{")


def foreign_vocabulary(own: Material) -> None:
    document = json.loads(own.vocab.read_text())
    ids = document["model"]["vocab"]
    ids["a"], ids["b"] = ids["b"], ids["a"]
    own.vocab.write_text(json.dumps(document))


def no_dvae(own: Material) -> None:
    for path in own.base.glob("dvae.*"):
        path.unlink()


def cut_off_weights(own: Material) -> None:
    path = own.base / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def no_clips(own: Material) -> None:
    changed(own.dataset / "dataset.json", clips={"train": 0, "eval": 0})


def none_held_back(own: Material) -> None:
    changed(own.dataset / "dataset.json", clips={"train": 9, "eval": 0})


def no_numbers(own: Material) -> None:
    changed(own.dataset / "dataset.json", clips="many")


def no_dataset(own: Material) -> None:
    (own.dataset / "dataset.json").unlink()


def bundle_of_ipa(own: Material) -> None:
    (own.base / "bundle.json").write_text('{"normaliser": "dimts-1+ipa-rules-1"}')


@pytest.mark.parametrize(("damage", "line"), [
    (damaged_vocabulary, "vocab: {own}/vocab.json: damaged, not JSON"),
    (foreign_vocabulary, "vocab: {own}/vocab.json: does not extend this base's vocabulary"),
    (no_dvae, "base: {own}/base: no dvae.pth: it can speak but not train"),
    (cut_off_weights, "base: {own}/base/model.safetensors: damaged or cut off"),
    (no_clips, "data.datasets: no training clips"),
    (none_held_back, "data.eval_split: no clips are held back for evaluation"),
    (no_numbers, "data.datasets[0]: {own}/dataset/dataset.json: is damaged"),
    (no_dataset, "data.datasets[0]: {own}/dataset: is not a dataset"),
    (bundle_of_ipa, "base: {own}/base: learned from IPA by rules, the datasets hold letters"),
])  # fmt: skip
def test_one_problem(own: Material, tmp_path: Path, damage: Callable[[Material], None], line: str) -> None:
    damage(own)
    (problem,) = found(own.run(tmp_path / "out"))
    assert problem.startswith(line.format(own=own.folder))


@pytest.mark.parametrize(("setting", "line"), [
    ("vocab=null", "data.datasets[0]: the vocabulary has no tag [am]"),
    ("samples.texts=['...']", "samples.texts[0]: nothing to say in '...'"),
    ("train.trainable=last-3", "train.trainable: no part last-3; choose from"),
    ("limits.clip_samples=900000", "limits.clip_samples: 900000 is more than"),
    ("device=quantum", "device: quantum cannot be used here"),
])  # fmt: skip
def test_one_setting(own: Material, tmp_path: Path, setting: str, line: str) -> None:
    (problem,) = found(own.run(tmp_path / "out", setting))
    assert problem.startswith(line)


def test_more_processes_than_clips(own: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for size, problems in (("7", []), ("8", ["data.datasets: 7 training clips are fewer than 8 processes; "])):
        monkeypatch.setenv("WORLD_SIZE", size)
        assert [line.removesuffix("start fewer") for line in found(own.run(tmp_path / "out"))] == problems
        assert dist.ranks() == int(size)


def test_programs_that_are_not_installed(own: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    lines = found(own.run(tmp_path / "out", "track.to=[tensorboard, wandb]"))
    assert lines == [
        f"track.to: {name} needs {name}: pip install 'dimts[track]'" for name in ("tensorboard", "wandb")
    ]  # fmt: skip


def test_a_base_as_a_pickle(own: Material, tmp_path: Path) -> None:
    """As the official one comes: sizes are read from it, the weights stay mapped."""
    state = weights.outline(own.base / "model.safetensors")
    outline = {name: torch.zeros((), dtype=tensor.dtype).expand(tensor.shape) for name, tensor in state.items()}
    (own.base / "model.safetensors").unlink()
    weights.write_pickle({"model": outline}, own.base / "model.pth")
    assert found(own.run(tmp_path / "out")) == []
    weights.write_pickle({"model": {**outline, "gpt.mel_head.bias": outline["gpt.mel_head.bias"][:1]}},
                         own.base / "model.pth")  # fmt: skip
    (line,) = found(own.run(tmp_path / "out"))
    assert line.startswith(f"base: {own.base / 'model.pth'}: not a complete XTTS v2 checkpoint: 1 of wrong shape")


def test_the_outline_is_the_file(own: Material) -> None:
    base = official.survey(own.base)
    assert {parameter.device.type for parameter in base.network.gpt.parameters()} == {"meta"}
    assert base.network.shape.gpt.text_rows == Tokenizer.read(own.base / "vocab.json").rows
    with pytest.raises(CheckpointError, match="no such file"):
        weights.outline(own.base / "nothing.safetensors")


def test_a_run_file_of_which_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("base: 3\nseed: -1\n")
    with pytest.raises(ConfigError) as raised:
        preflight.read(tmp_path / "run.yaml")
    assert [line.split(": ")[1] for line in raised.value.problems] == ["base", "data", "out", "seed"]


def test_compiling_is_for_gpus(own: Material, tmp_path: Path) -> None:
    assert found(own.run(tmp_path / "out", "train.compile=true")) == [
        "train.compile: is for NVIDIA GPUs, this is cpu; set it to false"
    ]
