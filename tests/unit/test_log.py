"""metrics.jsonl: one object a line, never with a line of what will be done again."""

import json
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
