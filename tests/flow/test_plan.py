"""`dimts plan` as a user meets it: words and a curve in a pipe of any width, numbers for programs, a picture."""

import json
from pathlib import Path

import pytest

from dimts.train import curve
from tests.flow.material import Material
from tests.unit.app import command

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_plan(
    material: Material, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_file = material.run_file(tmp_path / "out", "schedule.milestones=[2]")
    monkeypatch.setenv("COLUMNS", "40")
    done = command.run(capsys, "plan", run_file, "--plot", tmp_path / "lr.png")
    lines = done.out.splitlines()
    assert done.code == 0 and (tmp_path / "lr.png").stat().st_size > 5000
    assert "4 clips an update, 2 updates an epoch; 6 updates in all: LR starts at 0.001; 5e-4 at 2" in lines
    drawn = lines[lines.index("learning rate (new rows: 0.01 at the top)") + 1 :][: curve.ROWS + 1]
    assert drawn[0].startswith("0.001 |█") and all(len(line) <= 40 for line in drawn)
    assert drawn[-1].endswith("6 updates") and not (tmp_path / "out").exists()
    told = json.loads(command.run(capsys, "plan", run_file, "--json").out)
    assert (told["updates_per_epoch"], told["total_updates"]) == (2, 6)
    assert [point["update"] for point in told["curve"]] == list(range(6))
    assert [point["lr"] for point in told["curve"]] == pytest.approx([1e-3, 1e-3, *[5e-4] * 4])
    assert [point["new_rows_lr"] for point in told["curve"]] == pytest.approx([1e-2, 1e-2, *[5e-3] * 4])


def test_all_problems_are_lines(material: Material, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ("train.trainable=[text_haed]", "schedule.milestones=[3, 2]", f"base={tmp_path}", "batch.clips=0")
    run_file = material.run_file(tmp_path / "out", *wrong)
    for name in ("plan", "train"):
        done = command.run(capsys, name, run_file)
        found = [line.removeprefix(f"dimts: {run_file}: ").split(":")[0] for line in done.err.splitlines()]
        assert (done.code, found) == (1, ["schedule.milestones", "batch.clips", "base", "train.trainable"])
