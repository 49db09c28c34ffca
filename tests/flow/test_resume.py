"""Stopped by Ctrl-C and by a scheduler's SIGTERM, a run goes on and ends as if nothing had been."""

import io
import signal
from pathlib import Path

import pytest
from rich.console import Console

from dimts.checkpoint import store
from dimts.train import recipe
from tests.flow import commands
from tests.flow.material import QUIET, Material, left

pytestmark = pytest.mark.usefixtures("one_thread")
SETTINGS = ("train.epochs=10", "train.ema=0.8", "evaluate.every_updates=4", "save.every_updates=7", "save.keep=1")


def test_interrupted_twice_through_the_command_line(material: Material, tmp_path: Path) -> None:
    recipe.finetune(material.run(tmp_path / "whole", *SETTINGS), QUIET)
    run_file, out = material.run_file(tmp_path / "out", *SETTINGS), tmp_path / "out"
    reached = []
    for number in (signal.SIGINT, signal.SIGTERM):
        process, before = commands.train(run_file), commands.updates(out)
        assert commands.wait_until(lambda: commands.updates(out) > before + 1, process)  # noqa: B023
        process.send_signal(number)
        code, said = commands.ended(process)
        assert code == 3 and said.splitlines()[-1].startswith("dimts: stopped; everything is saved: `dimts train ")
        newest = store.newest(out)
        assert newest is not None and "Traceback" not in said and not (out / "voice").exists()
        reached.append(store.update_of(newest))
        assert reached[-1] == commands.updates(out)
    assert 0 < reached[0] < reached[1] < 20
    code, said = commands.ended(commands.train(run_file))
    assert code == 0 and f"going on after update {reached[1]}\n" in said
    assert left(out) == left(tmp_path / "whole")
    voices = [(folder / "voice/model.safetensors").read_bytes() for folder in (out, tmp_path / "whole")]
    assert voices[0] == voices[1]


def test_the_user_is_told_of_a_damaged_checkpoint(material: Material, tmp_path: Path) -> None:
    settings = ("save.every_updates=1", "train.max_updates=3", "evaluate.every_updates=3")
    recipe.finetune(material.run(tmp_path / "whole", *settings), QUIET)
    out = tmp_path / "out"
    recipe.finetune(material.run(out, *settings), QUIET)
    broken = store.place(out, 3) / "weights.safetensors"
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 16
    broken.write_bytes(bytes(content))
    written = io.StringIO()
    recipe.finetune(material.run(out, *settings), Console(file=written, width=60))
    lines = written.getvalue().splitlines()
    assert f"{broken}: missing or changed since it was saved" in lines and "going on after update 2" in lines
    assert left(out) == left(tmp_path / "whole")


def test_a_second_train_in_the_same_out_is_refused(material: Material, tmp_path: Path) -> None:
    run_file = material.run_file(tmp_path / "out")
    with recipe.hold(tmp_path / "out", leads=True):
        code, said = commands.ended(commands.train(run_file))
    told = f"dimts: {tmp_path / 'out'}: another process is training here; wait for it or choose another out"
    assert code == 1 and said.startswith(told) and said.count("\n") == 1
    assert not list((tmp_path / "out").glob("[!.]*"))
