"""Weight files are read as data alone: nothing in them runs, and damage is said in one line."""

import argparse
import os
import random
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dimts.checkpoint import weights
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError
from tests.unit.checkpoint import pickles
from tests.unit.checkpoint.pickles import Calls, XttsConfig

STATE = {"a.weight": torch.arange(12.0).view(3, 4), "a.bias": torch.ones(4), "steps": torch.tensor(3)}
LEFTOVERS = {
    "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 5e-6, "betas": (0.9, 0.96)}]},
    "scaler": {"scale": 65536.0, "growth_tracker": 0},
    "step": 1234,
    "epoch": None,
    "date": "2023-11-06",
    "model_loss": {"train_loss": np.float64(1.5), "eval_loss": np.float32(0.5), "history": np.arange(3.0)},
    "ordered": OrderedDict(a=1),
    "path": Path("run"),
    "arguments": argparse.Namespace(gpu=0),
}


def same(ours: State, theirs: State) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("nested", [True, False], ids=["model entry", "bare"])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old format"])
def test_tensors_are_read(tmp_path: Path, nested: bool, zipped: bool) -> None:
    path = tmp_path / "model.pth"
    torch.save({"model": STATE} if nested else STATE, path, _use_new_zipfile_serialization=zipped)
    assert same(weights.read(path), STATE)


@pytest.mark.parametrize("nested", [True, False], ids=["model entry", "bare"])
def test_what_trainers_leave_is_passed_over(tmp_path: Path, nested: bool) -> None:
    path = tmp_path / "model.pth"
    with pickles.coqui():
        config = {"config": XttsConfig(nested=XttsConfig(model="inner"))}
        torch.save({"model": STATE, **config, **LEFTOVERS} if nested else {**STATE, **config, **LEFTOVERS}, path)
    assert same(weights.read(path), STATE)
    assert not any(name.split(".")[0] == "TTS" for name in sys.modules)


def marker_calls(marker: Path) -> dict[str, Any]:
    return {
        "system": Calls(os.system, f"touch {marker}"),
        "eval": Calls(eval, f"open({str(marker)!r}, 'w')"),
        "exec": Calls(exec, f"open({str(marker)!r}, 'w')"),
        "open": Calls(open, str(marker), "w"),
        "popen": Calls(subprocess.Popen, ["touch", str(marker)]),
        "method of an inert class": Calls(Path.touch, marker),
        "torch": Calls(torch.save, {}, str(marker)),
        "getattr": Calls(getattr, Path, "touch"),
    }


@pytest.mark.parametrize("name", sorted(marker_calls(Path())))
@pytest.mark.parametrize(
    "place",
    [
        lambda call: call,
        lambda call: {"model": STATE, "config": call},
        lambda call: {"model": {**STATE, "deep": [{"er": (1, [call])}]}},
        lambda call: {**STATE, "a.weight": call},
    ],
    ids=["alone", "beside", "nested", "as weights"],
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old format"])
def test_code_is_refused(tmp_path: Path, name: str, place: Callable[[Any], Any], zipped: bool) -> None:
    marker, path = tmp_path / "ran", tmp_path / "model.pth"
    torch.save(place(marker_calls(marker)[name]), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"model\.pth: refused: it would run code .*; get it from") as caught:
        weights.read(path)
    assert "\n" not in str(caught.value)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["TTS.evil.run", "trainer.evil.run", "coqpit.evil.run"])
def test_a_listed_name_is_never_imported_nor_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    module, _, function = name.rpartition(".")
    marker, package = tmp_path / "ran", tmp_path / module.split(".")[0]
    package.mkdir()
    (package / "__init__.py").write_text(f"open({str(marker)!r}, 'w')\n")
    (package / "evil.py").write_text(f"def {function}(text):\n    open({str(marker)!r}, 'w')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    path = pickles.archive(tmp_path / "model.pth", pickles.global_call(module, function, "now"))
    with pytest.raises(CheckpointError, match="holds no dictionary of weights"):
        weights.read(path)
    assert not marker.exists()
    __import__(module)
    assert marker.exists(), "the trap works"


def test_refusals_name_what_they_refuse(tmp_path: Path) -> None:
    path = pickles.archive(tmp_path / "model.pth", pickles.global_call("builtins", "eval", "1"))
    with pytest.raises(CheckpointError, match=r"\(builtins\.eval\)"):
        weights.read(path)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_cut_off_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model.{suffix}"
    weights.write(STATE, path) if suffix == "safetensors" else torch.save({"model": STATE}, path)
    whole = path.read_bytes()
    for length in {*range(0, len(whole), 13), *range(12), len(whole) - 1}:
        path.write_bytes(whole[:length])
        says_one_line(path)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x00", b"PK\x03\x04", b"\x80\x02", b"<html>not found</html>\n" * 9, b"{}"])
def test_foreign_files(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(content)
    says_one_line(path)


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02.",  # nothing on the stack
        b"\x80\x02\x85.",
        b"\x80\x02h\x07.",  # an unknown memo
        b"\x80\x02J\x01.",  # half an integer
        b"\x80\x02}K\x01K\x02u.",  # items without a mark
        b"\x80\x02ccollections\nOrderedDict\nK\x05R.",  # arguments that are no tuple
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",  # too few arguments
        b"\x80\x02(X\x07\x00\x00\x00storageK\x01tQ.",  # half a storage
        b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94.",  # another protocol
    ],
)
def test_odd_pickles(tmp_path: Path, pickled: bytes) -> None:
    says_one_line(pickles.archive(tmp_path / "model.pth", pickled))
    old = tmp_path / "old.pth"
    old.write_bytes(pickled)
    says_one_line(old)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_changed_bytes_never_show_a_traceback(tmp_path: Path, suffix: str) -> None:
    path, chance = tmp_path / f"model.{suffix}", random.Random(5)
    weights.write(STATE, path) if suffix == "safetensors" else torch.save({"model": STATE, "more": [{}, ()]}, path)
    whole = path.read_bytes()
    first = 0 if suffix == "safetensors" else whole.index(b"\x80\x02}")
    for _ in range(600):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            changed[first + chance.randrange(min(400, len(whole) - first))] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            weights.read(path)
        except CheckpointError as error:
            assert "\n" not in str(error)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model\.pth: no such file; .*init it again"):
        weights.read(tmp_path / "model.pth")


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {"model": {"a": "b"}}, torch.ones(3)])
def test_no_weights_inside(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "model.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=r"model\.pth: holds no .*; give an XTTS v2 checkpoint"):
        weights.read(path)


def test_shown_names_are_few() -> None:
    assert weights.shown(["c", "a"]) == "a, c"
    assert weights.shown("edcba") == "a, b, c and 2 more"


def says_one_line(path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        weights.read(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    assert "; copy it again" in line
