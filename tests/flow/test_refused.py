"""What cannot be trained is refused by the command line in a line each, exit code 1, and nothing is damaged."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import save_file

from dimts.app import cli
from dimts.app.troubles import PAGE
from dimts.checkpoint import store
from dimts.data import manifest
from dimts.train import recipe
from tests.flow.material import QUIET, Material


def refused(run_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run `dimts train` in this process; return its lines, each of which begins with the program's name."""
    monkeypatch.setattr(sys, "argv", ["dimts", "train", str(run_file)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == 1 and said.out == ""
    lines = said.err.splitlines()
    assert all(line.startswith("dimts: ") for line in lines)
    return [line.removeprefix("dimts: ") for line in lines]


def test_one_line_each(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines(*settings: str, out: str = "out") -> list[str]:
        return refused(material.run_file(tmp_path / out, *settings), monkeypatch, capsys)

    (tmp_path / "file").write_text("mine")
    assert lines(out="file") == [f"{tmp_path / 'file'}: cannot be a run folder (File exists); choose another out"]
    found = lines("train.epoch=3", "train.dropout=2", "batch.clips=0")
    assert [line.removeprefix(f"{tmp_path / 'out.yaml'}: ").split(":")[0] for line in found] == [
        "batch.clips", "train.dropout", "train.epoch"]  # fmt: skip
    assert not (tmp_path / "out").exists()
    (line,) = lines("train.trainable=[text_haed, ln_f]")
    assert line.startswith("train.trainable: no part text_haed; choose from auto, all, ")
    (line,) = lines(f"base={tmp_path / 'nowhere'}")
    assert line.startswith(f"base: {tmp_path / 'nowhere'}: no such folder")
    (line,) = lines(f"data.datasets=[{tmp_path / 'nowhere'}]")
    assert line.startswith(f"data.datasets[0]: {tmp_path / 'nowhere'}: no such folder")
    (line,) = lines("device=quantum")
    assert line.startswith("device: quantum cannot be used here")
    assert (tmp_path / "file").read_text() == "mine"


def test_poisoned_clips_end_the_run(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Infinities in the cached mels of all training clips: named, nothing learned is lost, once mended it goes on."""
    out, settings = tmp_path / "out", ("evaluate.at_start=false", "save.every_updates=1", "train.epochs=9")
    shutil.copytree(material.dataset, tmp_path / "dataset", ignore=shutil.ignore_patterns("cache"))
    own = f"data.datasets=[{tmp_path / 'dataset'}]"
    recipe.finetune(material.run(out, own, *settings, "train.max_updates=1"), QUIET)
    (shard,) = (tmp_path / "dataset/cache").rglob("shard-*")
    sound = shard.read_bytes()
    poison(shard, {clip.sha256 for clip in manifest.read(tmp_path / "dataset").side("train")})
    monkeypatch.setattr(sys, "argv", ["dimts", "train", str(material.run_file(out, own, *settings))])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    lines = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1 and lines[-1].startswith(
        "dimts: update 4: the gradient was not finite 3 times in a row (clips: clip"
    )
    assert sum(line.startswith(f"update {n} is skipped: the loss of clip") for line in lines for n in (2, 3, 4)) == 3
    newest = store.newest(out)
    assert newest == store.place(out, 3)
    shard.write_bytes(sound)
    recipe.finetune(material.run(out, own, *settings, "train.max_updates=5"), QUIET)
    assert store.newest(out) == store.place(out, 5)


def poison(shard: Path, sha256s: set[str]) -> None:
    """Put infinities into the cached mels of clips."""
    with safe_open(shard, framework="pt") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    for sha256 in sha256s:
        tensors[f"{sha256}.mel"].fill_(torch.inf)
    save_file(tensors, shard, metadata=metadata)


def test_settings_changed_since(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused with a line each; the run goes on once they are changed back."""
    out, one = tmp_path / "out", ("train.max_updates=1", "evaluate.at_start=false")
    recipe.finetune(material.run(out, *one), QUIET)
    before = yaml.safe_load((out / "run.yaml").read_text())
    changed = material.run_file(out, *one, "optimizer.lr=0.5", "seed=3")
    assert refused(changed, monkeypatch, capsys) == [
        f"{out / 'run.yaml'}: optimizer.lr was 0.001, now 0.5; change it back, or choose another out",
        f"{out / 'run.yaml'}: seed was 0, now 3; change it back, or choose another out"
        f" (more: {PAGE}#a-run-does-not-go-on)",
    ]
    assert yaml.safe_load((out / "run.yaml").read_text()) == before
    recipe.finetune(material.run(out, "train.max_updates=2", "evaluate.at_start=false", "save.keep=5"), QUIET)
    assert store.newest(out) == store.place(out, 2)
