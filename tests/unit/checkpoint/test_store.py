"""Checkpoints: whole or not there, verified, bounded in number; a run goes on from the newest complete one."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from dimts import files
from dimts.checkpoint import store, weights
from dimts.checkpoint.store import Checkpoint
from dimts.errors import CheckpointError


def checkpoint(update: int) -> Checkpoint:
    tensors = {"weights": {"a": torch.full((4, 4), float(update))}, "optimizer": {}}
    return Checkpoint(update, tensors, {"best": None, "lr": 0.1})


def saved(run: Path, *updates: int) -> list[Path]:
    return [store.save(run, checkpoint(update)) for update in updates]


def updates(run: Path) -> list[int]:
    return [store.update_of(path) for path in store.all_of(run)]


def flip(path: Path, at: int = -1) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, 12)
    loaded = store.load(path)
    assert path == tmp_path / "checkpoints/update-000012" == store.place(tmp_path, 12)
    assert loaded.update == 12 and loaded.facts == {"best": None, "lr": 0.1}
    assert torch.equal(loaded.tensors["weights"]["a"], torch.full((4, 4), 12.0)) and loaded.tensors["optimizer"] == {}


def test_newest_by_number_not_by_name(tmp_path: Path) -> None:
    saved(tmp_path, 999_999, 1_000_000, 5)
    (tmp_path / "checkpoints/notes").mkdir()
    assert updates(tmp_path) == [5, 999_999, 1_000_000]
    newest = store.newest(tmp_path)
    assert newest is not None and store.update_of(newest) == 1_000_000
    assert store.newest(tmp_path / "elsewhere") is None and store.latest(tmp_path / "elsewhere") == (None, [])


@pytest.mark.parametrize("at", [0, 8, -1])
@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors", "manifest.json"])
def test_a_flipped_bit_anywhere_is_found(tmp_path: Path, name: str, at: int) -> None:
    old, new = saved(tmp_path, 3, 7)
    flip(new / name, at)
    if name == "manifest.json" and at == -1:  # the newline at the end says nothing
        flip(new / name, -3)
    (problem,) = store.problems(new)
    assert problem.startswith(str(new))
    assert store.newest(tmp_path) == old
    found, told = store.latest(tmp_path)
    assert found is not None and found.update == 3 and told == [problem]
    with pytest.raises(CheckpointError, match="update-000007"):
        store.load(new)


def test_a_changed_fact_is_found(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, 3)
    manifest = path / "manifest.json"
    manifest.write_text(manifest.read_text().replace("0.1", "0.2"))
    assert store.problems(path) == [f"{manifest}: changed since it was saved"]


@pytest.mark.parametrize("content", ["", "[]", "3", '{"files": {}}', "{"])
def test_a_manifest_that_is_none(tmp_path: Path, content: str) -> None:
    (path,) = saved(tmp_path, 3)
    (path / "manifest.json").write_text(content)
    assert store.problems(path) == [f"{path}: no manifest: the checkpoint is incomplete"]


@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors", "manifest.json"])
def test_a_missing_file_is_found(tmp_path: Path, name: str) -> None:
    old, new = saved(tmp_path, 3, 7)
    (new / name).unlink()
    assert len(store.problems(new)) == 1 and store.newest(tmp_path) == old


def test_a_run_whose_checkpoints_are_all_damaged_does_not_start_over_unasked(tmp_path: Path) -> None:
    for path in saved(tmp_path, 3, 7):
        flip(path / "weights.safetensors")
    with pytest.raises(CheckpointError) as raised:
        store.latest(tmp_path)
    assert [problem.split(": ")[0].removeprefix(f"{tmp_path}/checkpoints") for problem in raised.value.problems] == [
        "/update-000007/weights.safetensors", "/update-000003/weights.safetensors", ""]  # fmt: skip
    assert "remove the folder to start over" in raised.value.problems[-1]


def test_rotation_keeps_the_newest_and_the_best(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2, 3, 4, 5)
    store.rotate(tmp_path, update=5, keep=2, protected={2})
    assert updates(tmp_path) == [2, 4, 5]
    store.rotate(tmp_path, update=5, keep=9, protected=set())
    assert updates(tmp_path) == [2, 4, 5]
    store.rotate(tmp_path, update=5, keep=1, protected=set())
    assert updates(tmp_path) == [5]


def test_rotation_counts_no_damaged_checkpoint_from_the_future(tmp_path: Path) -> None:
    """The newest was damaged, the run went on from the one before: what it saves now must stay."""
    saved(tmp_path, 4, 8)
    flip(store.place(tmp_path, 8) / "weights.safetensors")
    saved(tmp_path, 5)
    store.rotate(tmp_path, update=5, keep=1, protected=set())
    assert updates(tmp_path) == [5] and store.newest(tmp_path) == store.place(tmp_path, 5)


def test_saving_again_replaces(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, 3)
    flip(path / "weights.safetensors")
    (path / "left over").write_text("")
    saved(tmp_path, 3)
    assert store.problems(path) == [] and not (path / "left over").exists()
    assert [inside.name for inside in (tmp_path / "checkpoints").iterdir()] == ["update-000003"]


@pytest.mark.parametrize("name", ["weights", "optimizer", "manifest"])
def test_what_cannot_be_written_leaves_nothing_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (old,) = saved(tmp_path, 3)
    real_write, real_text = weights.write, files.write_text

    def write(state: weights.State, path: Path) -> None:
        if path.stem == name:
            path.write_bytes(b"half")
            try:
                raise OSError(28, "No space left on device")
            except OSError as error:
                raise CheckpointError(f"{path}: cannot be written; free space") from error
        real_write(state, path)

    def write_text(path: Path, text: str) -> None:
        if path.stem == name:
            raise OSError(28, "No space left on device")
        real_text(path, text)

    monkeypatch.setattr(weights, "write", write)
    monkeypatch.setattr(store, "write_text", write_text)
    for update in (3, 4):
        with pytest.raises(CheckpointError) as raised:
            saved(tmp_path, update)
        place = store.place(tmp_path, update)
        reason = "cannot be saved (No space left on device); earlier checkpoints are intact: free space and start again"
        assert str(raised.value) == f"{place}: {reason}"
    assert store.problems(old) == [] and list((tmp_path / "checkpoints").iterdir()) == [old]


def test_sweep_everywhere_in_the_run_folder(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, 3)
    shutil.copytree(path, path.with_name(".update-000004.99.part"))
    path.rename(path.with_name(".update-000003.99.old"))
    (tmp_path / ".voice.99.part").mkdir()
    (tmp_path / ".run.yaml.99.part").write_text("")
    store.sweep(tmp_path)
    assert [inside.name for inside in tmp_path.iterdir()] == ["checkpoints"]
    assert list((tmp_path / "checkpoints").iterdir()) == [path] and store.problems(path) == []


def test_the_manifest_reads_as_json(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, 3)
    manifest = json.loads((path / "manifest.json").read_text())
    assert manifest["update"] == 3 and manifest["files"].keys() == {"weights.safetensors", "optimizer.safetensors"}
    assert manifest["files"]["weights.safetensors"] == files.sha256(path / "weights.safetensors")
