"""What a run shows: live lines that fit any width, and lines now and then where there is no terminal."""

import io

import pytest
from rich.console import Console

from dimts.train.display import Display

FACTS = {"loss": 1.5, "lr": 5e-6, "grad_norm": 0.5, "clips_s": 3.0}


def test_lines_stand_for_the_bar_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    written, now = io.StringIO(), [100.0]
    monkeypatch.setattr("dimts.train.display.time.monotonic", lambda: now[0])
    with Display(40, 0, 10, Console(file=written, width=40)) as display:
        for update in range(1, 11):
            display.updated(update, FACTS)
            now[0] += 4
        display.skipped(3, ["clip[1]", "clip2"])
        display.skipped(4, [])
        display.evaluated(10, {"code_loss": 1.0, "code_accuracy": 0.5, "text_loss": 2.0})
    assert written.getvalue().splitlines() == [
        *(f"update {n}/10  loss 1.500  lr 5e-6  grad 0.50  3.0 clips/s" for n in (1, 4, 7, 10)),
        "update 3 is skipped: the loss of clip[1], clip2 is not finite",
        "update 4 is skipped: the gradient is not finite",
        "evaluation after 10 updates: code loss 1.000  accuracy 50.0%  text loss 2.000",
    ]


def test_the_bar_shows_on_a_terminal() -> None:
    written = io.StringIO()
    console = Console(file=written, width=150, force_terminal=True, legacy_windows=False)
    with Display(40, 4, 10, console) as display:
        display.heard(4)
        display.updated(2, FACTS)
    assert "update 2/10" in written.getvalue() and "loss 1.500  lr 5e-6  grad 0.50" in written.getvalue()
    assert display.progress.tasks[0].completed == 8
