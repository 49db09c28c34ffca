"""A disk that fills up: one clear line, nothing lost; with room again the run goes on as if nothing had been."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dimts.checkpoint import store
from dimts.train import recipe
from tests.flow import commands
from tests.flow.material import QUIET, Material, left

pytestmark = pytest.mark.usefixtures("one_thread")
SETTINGS = ("train.epochs=3", "save.every_updates=1", "save.keep=1", "evaluate.every_updates=99", "train.ema=0.5")
FULL = "cannot be saved ({}); earlier checkpoints are intact: free space and start again"


def test_no_large_file_can_be_written(material: Material, tmp_path: Path) -> None:
    out, run_file = tmp_path / "out", material.run_file(tmp_path / "out", *SETTINGS)
    recipe.finetune(material.run(out, *SETTINGS, "train.max_updates=2"), QUIET)
    before = (store.place(out, 2) / store.MANIFEST).read_bytes()
    code, said = commands.ended(commands.train(run_file, most_bytes=5_000_000))  # the optimizer's state is larger
    (line,) = [line for line in said.splitlines() if line.startswith("dimts: ")]
    assert (
        code == 1 and said.splitlines()[-1] == line == f"dimts: {store.place(out, 3)}: {FULL.format('File too large')}"
    )
    assert store.newest(out) == store.place(out, 2) == store.all_of(out)[-1]
    assert (store.place(out, 2) / store.MANIFEST).read_bytes() == before
    assert [path.name for path in (out / store.FOLDER).iterdir()] == ["update-000002"]
    recipe.finetune(material.run(out, *SETTINGS), QUIET)
    recipe.finetune(material.run(tmp_path / "whole", *SETTINGS, "train.max_updates=2"), QUIET)
    recipe.finetune(material.run(tmp_path / "whole", *SETTINGS), QUIET)
    assert left(out) == left(tmp_path / "whole")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for one checkpoint and a half."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=18m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("a disk can be mounted by root only")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
def test_a_disk_with_room_for_one_checkpoint(material: Material, tmp_path: Path, small_disk: Path) -> None:
    settings = (*SETTINGS, "train.ema=0")
    out, run_file = small_disk / "out", material.run_file(small_disk / "out", *settings)
    code, said = commands.ended(commands.train(run_file))
    place = store.place(out, 2)
    assert code == 1 and said.splitlines()[-1] == f"dimts: {place}: {FULL.format('No space left on device')}"
    assert [path.name for path in (out / store.FOLDER).iterdir()] == ["update-000001"]
    assert store.newest(out) == store.place(out, 1)
    subprocess.run(["mount", "-o", "remount,size=99m", small_disk], check=True)
    recipe.finetune(material.run(out, *settings), QUIET)
    recipe.finetune(material.run(tmp_path / "whole", *settings), QUIET)
    assert left(out) == left(tmp_path / "whole")
