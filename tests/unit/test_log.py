"""metrics.jsonl: one object a line, never with a line of what will be done again."""

import json
import os
import time
from pathlib import Path

import pytest

from dimts import log
from dimts.errors import TrainingError
from dimts.log import Metrics

FACTS = {"loss": 1.5, "lr": 5e-6, "grad_norm": 0.5, "clips_s": 3.0}


def test_lines_are_appended_and_numbers_that_json_lacks_are_null(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, 0)
    metrics.write("update", 1, {"loss": float("nan"), "lr": 5e-6})
    metrics.write("eval", 1, {"code_loss": float("inf")})
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [
        {"kind": "update", "update": 1, "loss": None, "lr": 5e-6}, {"kind": "eval", "update": 1, "code_loss": None},
    ]  # fmt: skip


@pytest.mark.parametrize(("resumed", "kept"), [(0, []), (1, [0, 1]), (2, [0, 1, 2, 2]), (9, [0, 1, 2, 2, 3])])
def test_what_will_be_done_again_is_cut_off(tmp_path: Path, resumed: int, kept: list[int]) -> None:
    metrics = Metrics(tmp_path, 0)
    for kind, update in (("eval", 0), ("update", 1), ("update", 2), ("eval", 2), ("update", 3)):
        metrics.write(kind, update, {})
    Metrics(tmp_path, resumed)
    assert [line["update"] for line in log.read(tmp_path)] == kept
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"]


def test_half_a_line_is_no_line(tmp_path: Path) -> None:
    Metrics(tmp_path, 0).write("update", 1, FACTS)
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"kind": "update", "upd\xff')
    assert [line["update"] for line in log.read(tmp_path)] == [1]
    Metrics(tmp_path, 1).write("update", 2, FACTS)
    assert [line["update"] for line in log.read(tmp_path)] == [1, 2]


def test_a_disk_that_refuses(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, 0)
    (tmp_path / "metrics.jsonl").unlink()
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(TrainingError, match=r"metrics.jsonl: cannot be written \(Is a directory\); see to the disk"):
        metrics.write("update", 1, FACTS)
    with pytest.raises(TrainingError, match=r"metrics.jsonl: cannot be written"):
        Metrics(tmp_path / "missing", 0)


def told(run: Path, update: int) -> tuple[int, set[str]]:
    """How far the metrics of a run went before they were opened to go on after an update."""
    last, kinds = Metrics(run, update).told
    return last, set(kinds)


def test_it_says_how_far_it_went(tmp_path: Path) -> None:
    """So that what follows a run elsewhere is not told anything twice."""
    assert told(tmp_path, 0) == (0, set())
    metrics = Metrics(tmp_path, 0)
    for kind, update in (("eval", 0), ("update", 1), ("eval", 1), ("update", 2)):
        metrics.write(kind, update, {})
    assert [told(tmp_path, 2), told(tmp_path, 1)] == [(2, {"update"}), (2, {"update"})]
    assert told(tmp_path, 1) == (1, {"update", "eval"})
    Metrics(tmp_path, 1).write("update", 2, {})
    assert told(tmp_path, 0) == (2, {"update"}) and (tmp_path / "metrics.jsonl").read_bytes() == b""


def test_damaged_lines_in_the_middle_cost_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"update": 1}\n\xff\n[]\n\n{"update": 2}\n{"update": 3}\nnull\n{"update": 4')
    assert [line["update"] for line in log.read(tmp_path)] == [1, 2, 3]
    assert told(tmp_path, 2) == (3, {"None"})
    assert path.read_bytes() == b'{"update": 1}\n\xff\n[]\n\n{"update": 2}\n'


def test_half_a_million_lines_open_at_once(tmp_path: Path) -> None:
    """Only the end is looked at: what is before may be as long as it likes."""
    facts = ", ".join(f'"{name}": 3.0123456789' for name in ("loss", "loss_code", "loss_text", "lr", "grad_norm"))
    with (tmp_path / "metrics.jsonl").open("w") as file:
        file.writelines(f'{{"kind": "update", "update": {n}, {facts}}}\n' for n in range(1, 500_001))
    size, began = (tmp_path / "metrics.jsonl").stat().st_size, time.process_time()
    assert told(tmp_path, 500_000) == (500_000, {"update"})
    assert (tmp_path / "metrics.jsonl").stat().st_size == size
    Metrics(tmp_path, 499_000)
    assert time.process_time() - began < 0.5
    with (tmp_path / "metrics.jsonl").open("rb") as file:
        file.seek(-300, os.SEEK_END)
        assert json.loads(file.read().splitlines()[-1])["update"] == 499_000
