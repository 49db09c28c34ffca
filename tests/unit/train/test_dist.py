"""Two processes are as good as one: the same gradients, one writer, and a run may go from one to two and back."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from dimts import config, log
from dimts.checkpoint import store
from dimts.train import recipe
from dimts.train.dist import ALONE, World
from dimts.train.optim import Optimizer
from tests.flow.material import QUIET, Material

# 7 clips in updates of 6: the last update of an epoch is one micro-batch, so the second process has none.
# eps damps what AdamW makes of gradients that are zero but for rounding.
SETTINGS = ("train.dropout=0", "batch.clips=3", "optimizer.eps=1e-4", "evaluate.every_updates=2", "train.epochs=2",
            "schedule.milestones=[1, 3]")  # fmt: skip

SCRIPT = """
import json, os, sys
from pathlib import Path
import torch
from rich.console import Console
from dimts import config
from dimts.train import dist, recipe

torch.set_num_threads(1)
ports = sys.argv[1].split()
for path in sys.argv[2:]:
    os.environ["MASTER_PORT"] = ports.pop()
    recipe.finetune(config.read(Path(path)), Console(stderr=True))
os.environ["MASTER_PORT"] = ports.pop()
world = dist.join("cpu")
found = [world.total(1.5, world.rank), world.together([f"rank {world.rank}"])]
found += [world.any(world.rank == 1), world.any(False)]
tensor = torch.tensor([1.0, world.rank])
world.add_up([tensor])
world.wait()
print(json.dumps([*found, tensor.tolist(), world.leads]))
world.leave()
"""


def two_processes(*run_files: Path) -> list[tuple[list[Any], str]]:
    """Run `finetune` for each run file in two processes, as torchrun starts them; return what they print."""
    common = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"}
    ports = " ".join(free_ports(len(run_files) + 1))
    command = [sys.executable, "-c", SCRIPT, ports, *map(str, run_files)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, env={**common, "RANK": rank, "LOCAL_RANK": rank}, **pipes) for rank in "01"]
    try:
        ended = [process.communicate(timeout=120) for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0, 0], ended
    return [(json.loads(out.splitlines()[-1]), err) for out, err in ended]


def free_ports(count: int) -> list[str]:
    """Ports that nobody listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in sockets]


def assert_close(one: Path, two: Path, update: int) -> None:
    left, right = (store.load(store.place(out, update)).tensors for out in (one, two))
    for name in ("weights", "optimizer"):
        assert left[name].keys() == right[name].keys()
        assert max(float((left[name][key] - right[name][key]).abs().max()) for key in left[name]) < 1e-5
    for here, there in zip(log.read(one), log.read(two), strict=True):
        assert here["kind"] == there["kind"] and here["update"] == there["update"]
        for key in ("loss", "loss_code", "loss_text", "grad_norm", "clips", "code_loss", "text_loss", "code_accuracy"):
            assert here.get(key) == pytest.approx(there.get(key), abs=1e-5)


def test_two_processes_equal_one_and_a_run_may_change_between_them(material: Material, tmp_path: Path) -> None:
    first = ("train.max_updates=2",)
    alone, grown, shrunk, shared = (tmp_path / name for name in ("alone", "grown", "shrunk", "shared"))
    recipe.finetune(material.run(alone, *SETTINGS), QUIET)
    recipe.finetune(material.run(grown, *SETTINGS, *first), QUIET)
    files = [material.run_file(grown, *SETTINGS), material.run_file(shrunk, *SETTINGS, *first)]
    files.append(material.run_file(shared, *SETTINGS, *first, "optimizer.shard=true"))
    (leader, said), (other, silent) = two_processes(*files)
    for out in (shrunk, shared):
        recipe.finetune(material.run(out, *SETTINGS), QUIET)
    assert [store.update_of(path) for path in store.all_of(alone)] == [2, 4]
    for out in (grown, shrunk, shared):  # updates 3 and 4 in two processes; 1 and 2; 1 and 2 with averages shared out
        assert_close(alone, out, 4)
    rates = [line["lr"] for line in log.read(grown) if line["kind"] == "update"]
    assert rates == pytest.approx([1e-3, 5e-4, 5e-4, 2.5e-4])
    assert leader == [[3.0, 1.0], ["rank 0", "rank 1"], True, False, [2.0, 1.0], True]
    assert other == [*leader[:5], False]
    assert "going on after update 2" in said and "evaluation" not in silent and "update" not in silent


def test_shares_of_the_averages_are_about_equal_and_disjoint(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path))
    settings = trainer.run.optimizer.model_copy(update={"shard": True})
    pieces = trainer.state.pieces
    halves = [Optimizer(pieces, settings, World(rank, 2, torch.device("cpu"))) for rank in (0, 1)]
    held = [{pieces[i].name for i in half.masters} for half in halves]
    sizes = [sum(master.numel() for master in half.masters.values()) for half in halves]
    assert not held[0] & held[1] and held[0] | held[1] == {piece.name for piece in pieces}
    assert 0.8 < sizes[0] / sizes[1] < 1.25


def test_one_process_needs_no_peers() -> None:
    tensor = torch.ones(2)
    ALONE.add_up([tensor])
    ALONE.wait()
    assert ALONE.total(1.5, 2.0) == [1.5, 2.0] and ALONE.together(["a"]) == ["a"] and tensor.tolist() == [1, 1]
    assert ALONE.any(True) and not ALONE.any(False) and ALONE.leads


def test_an_update_without_clips_for_a_process_is_in_the_material(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(config.build(material.content(tmp_path, *SETTINGS), "run.yaml"))
    assert [len(trainer.plan.update(n).micro_batches) for n in (0, 1)] == [2, 1]
