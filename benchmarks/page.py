"""How the page bears a large project: seconds until it is open in Chromium, memory of its server, whether that grows.

A project of 20,000 clips and a run of 500,000 metric lines is made up. Open is when its clips can be played; the tab
Train is measured from a click on it to its curves. Then a job runs: lines are added to its metrics and its log while
that tab is open. Memory is what the server's process holds (Linux).
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dimts.app import jobs, projects
from dimts.app.projects import Project
from dimts.audio import io
from dimts.audio.io import Audio
from dimts.checkpoint import initial
from dimts.data import manifest
from dimts.data.manifest import Clip, Dataset
from dimts.log import METRICS
from dimts.text.front import Front

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAME = "large"
WORDS = ("ሰላም", "ለዓለም", "ዛሬ", "ዝናብ", "አለ", "ቡና", "እንጠጣ", "ልጁ", "ወደ", "ትምህርት", "ቤት", "ሄደ")
HEARD = 60  # clips that have a sound
OPEN = """() => /\\d/.test(document.querySelector('#clip-count')?.innerText ?? '')
  && document.querySelector('#clip-0 audio')"""
MB = 2**20
ROUNDS = 5


def main() -> None:
    """Make the project where it is not there, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("large-page"), help="folder for what is made up")
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the job runs")
    parser.add_argument("--lines-a-second", type=float, default=10.0, help="which the job adds")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    project = _project(asked.work.resolve(), asked.clips, asked.lines)
    from playwright.sync_api import sync_playwright

    with _served(project.folder.parent) as (url, pid), sync_playwright() as playwright:
        idle_mb = memory_mb(pid)
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            page = browser.new_page()
            print(json.dumps(_open(page, url) | {"cores_busy": os.getloadavg()[0]}), flush=True)
            page.close()
        print(json.dumps({"idle_mb": idle_mb, "open_mb": memory_mb(pid)}), flush=True)
        page = browser.new_page()
        _open(page, url)
        for minute, held in _run(project, asked.lines, asked.minutes, asked.lines_a_second, pid):
            print(
                json.dumps({"minute": minute, "mb": held, "shown": page.locator("#run-facts b").first.inner_text()}),
                flush=True,
            )
        browser.close()


def _open(page: "Page", url: str) -> dict[str, float]:
    """Open the page; return the seconds until its clips are there, and those from a click to the curves."""
    began = time.perf_counter()
    page.goto(f"{url}/en/?project={NAME}")
    page.wait_for_function(OPEN, timeout=120_000)
    opened = time.perf_counter()
    page.get_by_role("tab", name="Train", exact=True).click()
    page.locator("#curves svg").nth(4).wait_for()
    return {"open_s": round(opened - began, 2), "train_s": round(time.perf_counter() - opened, 2)}


def _run(project: Project, update: int, minutes: float, lines_s: float, pid: int) -> Iterator[tuple[int, float]]:
    """Add lines as a job would; yield the server's memory every minute."""
    job = jobs.start(project.folder, "train", ["ui", str(project.folder / "inner"), f"--port={_free_port()}"])
    began, chance = time.monotonic(), random.Random(1)
    try:
        for minute in range(int(minutes) + 1):
            while time.monotonic() - began < minute * 60:
                update += 1
                with (project.run() / METRICS).open("a") as metrics, (job.folder / jobs.LOG).open("a") as log:
                    metrics.write(json.dumps(_line(update, chance)) + "\n")
                    log.write(f"update {update}: loss {chance.random():.4f}\n")
                time.sleep(1 / lines_s)
            yield minute, memory_mb(pid)
    finally:
        jobs.stop(jobs.read(job.folder))


def _project(place: Path, clips: int, lines: int) -> Project:
    """Make the project, or take it as it is; its run ends at the last of its lines."""
    place.mkdir(parents=True, exist_ok=True)
    if NAME in projects.all_of(place):
        return projects.find(place, NAME)
    project, chance = projects.create(place, NAME), random.Random(0)
    wave = initial.synthetic_speech(10).flatten().numpy()[: 22_050 * 4]
    for number in range(HEARD):
        io.write(project.dataset / "audio" / f"{number:06}.flac", Audio(wave, 22_050))
    made = tuple(_clip(number, chance) for number in range(clips))
    manifest.write(Dataset(project.dataset, "am", Front().identity, made))
    project.run().mkdir()
    (project.run() / "plan.json").write_text(json.dumps({"total_updates": 2 * lines}))
    with (project.run() / METRICS).open("w") as file:
        for update in range(1, lines + 1):
            file.write(json.dumps(_line(update, chance)) + "\n")
            if update % 1000 == 0:
                scores = {"code_loss": 2 + chance.random(), "text_loss": 3 + chance.random()}
                file.write(json.dumps({"kind": "eval", "update": update, **scores}) + "\n")
    return project


def _line(update: int, chance: random.Random) -> dict[str, Any]:
    loss = 2 + chance.random()
    return {"kind": "update", "update": update, "epoch": update // 1000, "loss": loss, "loss_code": loss - 0.04,
            "loss_text": loss + 1, "lr": 5e-6, "grad_norm": chance.random(), "grad_norm_clipped": 1.0, "skipped": False,
            "clips": 512, "seconds": 12.0, "clips_s": 40.0 + chance.random(), "peak_gb": 12.5}  # fmt: skip


def _clip(number: int, chance: random.Random) -> Clip:
    text, samples = " ".join(chance.choices(WORDS, k=8)), chance.randint(44_100, 242_550)
    return Clip(
        f"clip{number:06}", f"audio/{number:06}.flac", samples, 22_050, f"{number:064x}", text, text, "am",
        f"speaker {number % 20}", f"table:{number}", "train" if number % 50 else "eval", f"group {number}",
    )  # fmt: skip


@contextmanager
def _served(place: Path) -> Iterator[tuple[str, int]]:
    """Serve the page; give its address and the number of its process."""
    port = _free_port()
    server = subprocess.Popen([sys.executable, "-m", "dimts.app.cli", "ui", str(place), f"--port={port}"])
    try:
        while not _answers(f"http://127.0.0.1:{port}/favicon.ico"):
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def memory_mb(pid: int) -> float:
    """Return the memory that a process holds."""
    return round(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / MB, 1)


if __name__ == "__main__":
    main()
