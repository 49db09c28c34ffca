"""Killed at any moment, saving included, a run goes on from a complete checkpoint, and nothing there is damaged."""

import random
import subprocess
import time
from pathlib import Path

import pytest

from dimts import log
from dimts.checkpoint import store
from dimts.train import recipe
from tests.flow import commands
from tests.flow.material import QUIET, Material, left

pytestmark = pytest.mark.usefixtures("one_thread")
SETTINGS = ("train.epochs=999", "train.ema=0.8", "evaluate.every_updates=5", "save.every_updates=1", "save.keep=2")


def saving(out: Path) -> bool:
    """Say whether a checkpoint is being written."""
    return any((out / store.FOLDER).glob(".*.part"))


def kill(process: subprocess.Popen[str], out: Path, chance: random.Random) -> None:
    """Kill a run soon after it goes on: while it saves, or at any moment of an update."""
    target = commands.updates(out) + chance.randint(1, 4)
    commands.wait_until(lambda: commands.updates(out) >= target, process)
    if chance.random() < 0.5:
        commands.wait_until(lambda: saving(out), process, 0.002)
    update_s = max(line.get("seconds", 0.0) for line in log.read(out))
    time.sleep(chance.uniform(0, update_s))
    process.kill()
    commands.ended(process)


def assert_sound(out: Path, before: int) -> int:
    """What was complete is complete, or has made room for newer ones; return the newest."""
    complete = [store.update_of(path) for path in store.all_of(out) if not store.problems(path)]
    newest = max(complete, default=0)
    assert newest >= before and len(complete) >= min(2, newest)
    assert newest <= commands.updates(out) <= newest + 1
    return newest


def killed_and_ended(material: Material, tmp_path: Path, kills: int, updates: int) -> int:
    """Kill a run so often, let it end, compare; return how many kills left a half-written checkpoint."""
    settings = (*SETTINGS, f"train.max_updates={updates}")
    run_file, out, chance = material.run_file(tmp_path / "out", *settings), tmp_path / "out", random.Random(kills)
    reached = torn = 0
    for _ in range(kills):
        kill(commands.train(run_file), out, chance)
        reached = assert_sound(out, reached)
        torn += saving(out)
    assert reached < updates, "the run ended before it was killed often enough"
    code, said = commands.ended(commands.train(run_file))
    assert code == 0 and f"going on after update {reached:,}\n" in said
    recipe.finetune(material.run(tmp_path / "whole", *settings), QUIET)
    assert left(out) == left(tmp_path / "whole")
    assert not [path for path in out.rglob("*") if path.name.endswith((".part", ".old"))]
    return torn


def test_killed_thrice(material: Material, tmp_path: Path) -> None:
    killed_and_ended(material, tmp_path, kills=3, updates=24)


@pytest.mark.slow
def test_killed_at_25_moments(material: Material, tmp_path: Path) -> None:
    assert killed_and_ended(material, tmp_path, kills=25, updates=200) > 0
