"""metrics.jsonl is read once and then on, whatever happens to it; curves stay short."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("orjson", reason="the extra ui is not installed")

from dimts.app.ui import following
from dimts.app.ui.following import MOST_POINTS, Curve, follow
from dimts.log import METRICS, Metrics


def update(number: int, **facts: Any) -> dict[str, Any]:
    return {"epoch": 0, "loss": float(number), "lr": 1e-3, "seconds": 0.5, "clips": 4, **facts}


def test_what_is_added_is_read_and_torn_lines_wait(tmp_path: Path) -> None:
    assert follow(tmp_path).update == 0
    metrics = Metrics(tmp_path, 0)
    metrics.write("eval", 0, {"code_loss": 5.0})
    metrics.write("update", 1, update(1))
    metrics.write("update", 2, update(2, loss=float("nan")))
    found = follow(tmp_path)
    assert found.update == 2 and found.evaluations == {0: {"code_loss": 5.0}} and found.recent_s == [0.5, 0.5]
    assert found.curves["loss"].shown() == [(1, 1.0)] and found.curves["lr"].shown() == [(1, 1e-3), (2, 1e-3)]
    with (tmp_path / METRICS).open("a") as file:
        file.write(json.dumps({"kind": "update", "update": 3, **update(3)})[:20])
    assert follow(tmp_path).update == 2
    with (tmp_path / METRICS).open("a") as file:
        file.write(json.dumps({"kind": "update", "update": 3, **update(3)})[20:] + "\nno json\n")
    assert follow(tmp_path).update == 3
    metrics.write("stop", 3, {"why": "enough"})
    assert follow(tmp_path).stopped == "enough"


def test_a_run_that_goes_on_from_before_is_read_anew(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, 0)
    for number in range(1, 9):
        metrics.write("update", number, update(number))
    assert follow(tmp_path).update == 8
    again = Metrics(tmp_path, 4)
    assert follow(tmp_path).update == 4
    for number in range(5, 12):  # longer than before at once: only the numbers tell
        again.write("update", number, update(number))
    assert [x for x, _ in follow(tmp_path).curves["loss"].shown()] == list(range(1, 12))
    for number in range(12, 14):
        again.write("update", number, update(number))
    follow(tmp_path)
    last = Metrics(tmp_path, 10)
    for number in range(11, 19):
        last.write("update", number, update(number, loss=0.0))
    assert follow(tmp_path).curves["loss"].shown()[9:] == [(10, 10.0), *((n, 0.0) for n in range(11, 19))]


def test_curves_keep_means_and_stay_short() -> None:
    whole, parts = Curve(), Curve()
    numbers = list(range(1, 5001))
    whole.extend(numbers, [float(n) for n in numbers])
    for number in numbers:
        parts.extend([number], [float(number)])
    assert whole.shown() == parts.shown() and len(whole.shown()) <= MOST_POINTS
    assert all(x == y for x, y in whole.shown()) and whole.shown()[-1][0] > 4980


def test_of_a_long_file_a_part_is_parsed_and_every_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics(tmp_path, 0)
    for number in range(1, 401):
        metrics.write("update", number, update(number))
        if number % 7 == 0:
            metrics.write("eval", number, {"code_loss": 1.0})
    monkeypatch.setattr(following, "QUICK_BYTES", 4000)
    found = follow(tmp_path)
    assert found.update == 400 and len(found.evaluations) == 57 and len(found.curves["loss"].points) < 100


def test_few_runs_are_held(tmp_path: Path) -> None:
    for number in range(8):
        follow(tmp_path / str(number))
    assert len(following._followed) <= following.MOST_FOLLOWED
