"""What a run shows: live lines that fit any width, and lines now and then where there is no terminal."""

import fcntl
import io
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from typing import IO, Any

import pytest
from rich.console import Console

from dimts.train.display import Display

PATIENCE_S = 60.0
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


def frame(width: int, facts: Mapping[str, object] = FACTS, done: int = 20, **console: Any) -> list[str]:
    """The lines that a terminal of this width shows after an update."""
    written = io.StringIO()
    shown = Console(file=written, width=width, force_terminal=True, color_system=None, legacy_windows=False, **console)
    display = Display(40, 4, 1240, shown)
    display.heard(done - 4)
    display.updated(620, facts)
    shown.print(*display.progress.get_renderables())
    return written.getvalue().splitlines()


@pytest.mark.parametrize(("width", "lines"), [
    (120, ["update 620/1,240  ━━━━━━━━━━━━━━━━━━━─────────────────── "
           " loss 1.500  lr 5e-6  grad 0.50  3.0 clips/s  epoch 2  31.2 GB"]),
    (80, ["update 620/1,240  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━───────────────────────────────",
          "loss 1.500  lr 5e-6  grad 0.50  3.0 clips/s  epoch 2  31.2 GB"]),
    (60, ["update 620/1,240  ━━━━━━━━━━━━━━━━━━━━─────────────────────",
          "loss 1.500  lr 5e-6  grad 0.50  3.0 clips/s  epoch 2"]),
    (40, ["update 620/1,240  ━━━━━━━━━━───────────",
          "loss 1.500  lr 5e-6  grad 0.50", "3.0 clips/s  epoch 2  31.2 GB"]),
    (20, ["620/1,240  ━━━━────", "loss 1.500  lr 5e-6", "grad 0.50", "3.0 clips/s"]),
    (13, ["620/1,240", "loss 1.500", "lr 5e-6", "grad 0.50", "3.0 clips/s"]),
])  # fmt: skip
def test_what_fits_is_shown(width: int, lines: list[str]) -> None:
    """Loss, rate, gradient and speed always, in as many lines as they take; epoch and memory where there is room."""
    found = frame(width, {**FACTS, "epoch": 1, "peak_gb": 31.2})
    assert found == lines and all(len(line) < width for line in found)


@pytest.mark.parametrize("width", range(1, 200, 7))
def test_no_line_fills_the_window(width: int) -> None:
    for facts in (FACTS, {**FACTS, "loss": float("nan"), "grad_norm": 1e9, "epoch": 10**6, "peak_gb": 1e3}):
        assert all(len(line) < max(2, width) for line in frame(width, facts))


def test_a_bar_in_ascii() -> None:
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"), width=60, force_terminal=True)
    display = Display(40, 10, 10, console)
    console.print(*display.progress.get_renderables())
    assert "".join(segment.text for segment in console.render(next(iter(display.progress.get_renderables())))).isascii()


def test_it_says_what_takes_the_time_and_how_long() -> None:
    written = io.StringIO()
    console = Console(file=written, width=100, force_terminal=True, color_system=None, legacy_windows=False)
    display = Display(40, 0, 10, console)

    def now() -> str:
        written.truncate(0)
        console.print(*display.progress.get_renderables())
        return written.getvalue().lstrip("\0").split()[0]

    assert now() == "starting"
    display.evaluating()
    assert now() == "evaluating"
    display.evaluated(0, {"code_loss": 1.0, "code_accuracy": 0.5, "text_loss": 2.0})
    assert now() == "starting"
    for _ in range(3):
        display.heard(4)
    display.updated(3, FACTS)
    written.truncate(0)
    console.print(*display.progress.get_renderables())
    assert " left" in written.getvalue() and "3.0 clips/s" in written.getvalue()
    assert display.progress.tasks[0].completed == 12


WATCHED = """
import os, sys, time
from rich.console import Console
from dimts.train.display import Display

with Display(100, 0, 100, Console(stderr=True)) as display:
    for update in range(1, 101):
        display.heard(1)
        display.updated(update, {"loss": 2.5, "lr": 5e-6, "grad_norm": 0.5, "clips_s": 3.0, "epoch": 0})
        if update % 25 == 0:
            display.evaluated(update, {"code_loss": 1.0, "code_accuracy": 0.5, "text_loss": 2.0})
            os.write(1, b"#\\n")
            sys.stdin.readline()
        time.sleep(0.002)
"""


def test_a_window_that_is_resized() -> None:
    """A real terminal, made narrow and wide again while the lines are live: they follow, and nothing is left behind."""
    pyte = pytest.importorskip("pyte")
    leader, follower = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": follower}
    resize(follower, 100)
    process = subprocess.Popen([sys.executable, "-c", WATCHED], env={**environment, "TERM": "xterm"}, **pipes)
    assert process.stdin and process.stdout
    screen = pyte.Screen(100, 12)
    stream, frames = pyte.ByteStream(screen), []
    for columns in (40, 120, 60, 60):
        settle(leader, stream, process.stdout)
        frames.append([line.rstrip() for line in screen.display if line.strip()])
        if columns > screen.columns:
            screen.resize(12, columns)
        resize(follower, columns)
        settle(leader, stream)  # what was on its way for the old window still fits
        screen.resize(12, columns)
        process.stdin.write(b"\n")
        process.stdin.flush()
    settle(leader, stream, process.stdout)
    assert process.wait(60) == 0
    os.close(leader)
    os.close(follower)
    final = [line.rstrip() for line in screen.display if line.strip()]
    live = [[line for line in frame if line.startswith(("update ", "loss "))] for frame in [*frames, final]]
    assert [len(lines) for lines in live] == [1, 2, 1, 2, 2]
    assert [max(map(len, lines)) for lines in live] == pytest.approx([99, 39, 119, 59, 59], abs=1)
    assert live[0][0].startswith("update 25/100  ━") and "loss 2.500  lr 5e-6  grad 0.50  3.0 clips/s" in live[0][0]
    assert live[1][1] == "loss 2.500  lr 5e-6  grad 0.50" and live[4][0].startswith("update 100/100  ━")
    assert sum(line.startswith("evaluation after") for line in final) >= 3


def resize(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 12, columns, 0, 0))


def settle(leader: int, stream: Any, until: IO[bytes] | None = None, quiet_s: float = 0.3) -> None:
    """Show what comes until the process says something, or ends, and a while longer: it draws ten times a second."""
    end = time.monotonic() + (PATIENCE_S if until else quiet_s)
    while time.monotonic() < end:
        watched: list[Any] = [leader, until] if until else [leader]
        ready, _, _ = select.select(watched, [], [], 0.02)
        if leader in ready:
            stream.feed(os.read(leader, 65_536))
        elif until in ready and until:
            until.readline()
            until, end = None, time.monotonic() + quiet_s
    assert until is None, "nothing came"
