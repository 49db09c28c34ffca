"""Killed before any step that saving takes on the disk, the newest complete checkpoint is there."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dimts.checkpoint import store
from dimts.checkpoint.store import Checkpoint

STEPS = ("mkdir", "fsync", "replace", "unlink", "rmdir")  # all that changes the disk, but the writing of new files


def checkpoint(update: int) -> Checkpoint:
    return Checkpoint(update, {"weights": {"a": torch.full((4,), float(update))}, "optimizer": {}}, {})


def dying(step: int, work: Callable[[], None]) -> bool:
    """Do some work in a process that kills itself before the n-th step on the disk; say whether it came to its end."""
    child = os.fork()
    if child == 0:
        left = iter(range(step, -1, -1))

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **named: Any) -> Any:
                if next(left, 1) == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **named)

            return call

        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def save_and_rotate(run: Path, update: int, keep: int) -> None:
    store.save(run, checkpoint(update))
    store.rotate(run, update, keep, {1})


@pytest.mark.parametrize(("update", "keep"), [(4, 1), (4, 2), (3, 1)])  # 3 replaces the newest one
def test_killed_at_every_step(tmp_path: Path, update: int, keep: int) -> None:
    origin = tmp_path / "origin"
    for number in (1, 2, 3):
        store.save(origin, checkpoint(number))
    complete, step = False, 0
    found = set()
    while not complete:
        run = tmp_path / "run"
        shutil.copytree(origin, run)
        complete = dying(step, lambda: save_and_rotate(run, update, keep))  # noqa: B023
        store.sweep(run)
        newest, problems = store.latest(run)
        assert newest is not None and newest.update in (3, update) and problems == [], step
        assert torch.equal(newest.tensors["weights"]["a"], torch.full((4,), float(newest.update)))
        assert store.problems(store.place(run, 1)) == []  # the best
        assert all(path.name.startswith("update-") for path in (run / store.FOLDER).iterdir())
        found.add(newest.update)
        save_and_rotate(run, update, keep)
        assert {store.update_of(path) for path in store.all_of(run)} == {1, update, *({3} if keep == 2 else ())}
        assert not any(store.problems(path) for path in store.all_of(run))
        shutil.rmtree(run)
        step += 1
    assert step > 15 and found == {3, update}
