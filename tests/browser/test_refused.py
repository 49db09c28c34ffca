"""Errors as a person meets them: each is a sentence that says what to do, and nothing foreign gets through."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from dimts.app import jobs, projects
from dimts.app.jobs import Job
from dimts.app.projects import Project
from dimts.audio import io
from dimts.audio.io import Audio
from dimts.checkpoint import initial
from tests.browser import steps
from tests.browser.conftest import Site, free_port, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EVIL = '<img src=x onerror="window.entered = 1"><b>ሰላም</b>'
DISK_MB = 3


def sound(path: Path, seconds: float = 2.0, seed: int = 1) -> Path:
    """Write a recording of synthetic speech."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        wave = initial.synthetic_speech(10).flatten().numpy()
    io.write(path, Audio(wave[: int(seconds * 22_050)], 22_050))
    return path


def opened(site: Site, page: "Page", name: str) -> Project:
    """Make a project and open it."""
    project = projects.create(site.folder, name)
    steps.open_project(page, site.url, name)
    page.locator("#stored", has_text="Nothing is uploaded yet.").wait_for()
    return project


def test_wrong_files_are_refused(site: Site, page: "Page", tmp_path: Path) -> None:
    project = opened(site, page, "wrong files")
    (tmp_path / "page.wav").write_bytes(b"<!DOCTYPE html><script>alert(1)</script>")
    (tmp_path / "empty.csv").write_bytes(b"")
    steps.upload(page, [tmp_path / "page.wav", tmp_path / "empty.csv", sound(tmp_path / "one.wav")])
    steps.notice(page, "page.wav: is not a recording, whatever its name says; give the right file")
    steps.notice(page, "empty.csv: is empty")
    steps.notice(page, "1 others were stored")
    assert [path.name for path in project.recordings.iterdir()] == ["one.wav"]
    steps.look(page, "refused")


@pytest.mark.parametrize("name", ["large.wav", "program.exe"])
def test_the_upload_says_what_is_too_large_or_of_another_kind(
    site: Site, page: "Page", tmp_path: Path, name: str
) -> None:
    project = opened(site, page, f"upload of {name}")
    (tmp_path / name).write_bytes(b"RIFF\0" + b"\1" * (3 << 20))
    steps.upload(page, [tmp_path / name])
    said = page.locator(".toast-body.error", has_text=re.compile("maximum allowed size|Invalid file type"))
    said.first.wait_for()
    assert not project.recordings.exists()


@pytest.mark.parametrize(
    ("tab", "button", "words"),
    [
        ("Data", "prepare", "there are no recordings yet: upload some, or name a path or an address"),
        ("Data", "apply", "There is no dataset yet: prepare recordings"),
        ("Text", "extend", "choose one, or get one in the tab Train"),
        ("Train", "plan", "choose one, or get one in the tab Train"),
        ("Train", "start", "choose one, or get one in the tab Train"),
        ("Compare", "mark", "No checkpoint is kept yet."),
        ("Compare", "evaluate", "No checkpoint is kept yet."),
        ("Compare", "draw", "evaluate first"),
        ("Compare", "vote-a", "Draw two takes first."),
        ("Speak", "speak", "choose one, or get one in the tab Train"),
        ("Export", "export", "No checkpoint is kept yet."),
        ("Export", "clean", "Choose what may go."),
    ],
)
def test_an_empty_project_says_what_is_missing(site: Site, page: "Page", tab: str, button: str, words: str) -> None:
    if "empty" not in projects.all_of(site.folder):
        projects.create(site.folder, "empty")
    steps.open_project(page, site.url, "empty")
    steps.tab(page, tab)
    page.locator(f"#{button}").click()
    steps.notice(page, words)
    assert jobs.all_of(site.folder / "empty") == []


def test_without_a_project_nothing_happens(site: Site, page: "Page") -> None:
    outside = projects.create(site.root, "outside")
    for name in ("..%2Foutside", "nobody", ".."):
        page.goto(f"{site.url}/en/?project={name}")
        page.locator("#project input").wait_for()
        page.locator("#prepare").click()
        steps.notice(page, "no project is open; create one above, or choose one")
    steps.write(page, "new-name", "../outside")
    page.locator("#create").click()
    steps.notice(page, "cannot be the name of a project")
    assert sorted(path.name for path in outside.folder.iterdir()) == [".settings.json.lock", "settings.json"]


def test_paths_outside_are_refused(site: Site, page: "Page") -> None:
    project = opened(site, page, "outside paths")
    for path in ("/etc/passwd", f"{site.folder}/../../../etc"):
        steps.write(page, "sources", path)
        page.locator("#prepare").click()
        steps.notice(page, "is outside the folders that this page may use")
        steps.notice(page, path)
    assert jobs.all_of(project.folder) == []


@pytest.mark.skipif(find_spec("transformers") is not None, reason="the extra asr-hf is installed")
def test_a_missing_extra_says_how_to_get_it(site: Site, page: "Page", tmp_path: Path) -> None:
    opened(site, page, "missing extra")
    steps.upload(page, [sound(tmp_path / "one.wav")])
    steps.notice(page, "1 files were stored")
    page.get_by_label("Write down what has no text").fill("hf:facebook/mms-1b-all")
    page.locator("#prepare").click()
    assert "pip install 'dimts[asr-hf]'" in steps.job(page, "prepare", "failed").locator(".notice").inner_text()


def test_html_in_transcripts_stays_text(site: Site, page: "Page", tmp_path: Path) -> None:
    project = opened(site, page, "html")
    rows = [f"{name}|{EVIL}" for name in ("one.wav", f"{EVIL.replace('/', '')}.wav")]
    (tmp_path / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    steps.upload(page, [sound(tmp_path / "one.wav"), tmp_path / "metadata.csv"])
    steps.notice(page, "2 files were stored")
    page.locator("#prepare").click()
    steps.job(page, "prepare", "done")
    page.locator("#ledger", has_text="turned away").wait_for()
    steps.choose(page, "which", "turned away")
    page.locator("#clip-0 code", has_text="onerror").wait_for()
    assert (project.dataset / "rejected.jsonl").read_text().count("onerror") >= 1
    assert "onerror" in page.locator("#ledger").inner_text()
    steps.tab(page, "Text")
    steps.read_sentence(page, EVIL, "onerror")
    assert page.evaluate("window.entered") is None and page.locator("img[src=x]").count() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", place], capture_output=True)
    if made.returncode:
        pytest.skip(f"no small disk: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, but: int) -> None:
    """Leave so many bytes of a disk."""
    with (disk / "filler").open("ab") as file:
        file.write(bytes(max(0, shutil.disk_usage(disk).free - but)))


def test_a_full_disk_says_so(browser: "Browser", small_disk: Path, tmp_path: Path) -> None:
    site = Site(small_disk / "projects", small_disk, free_port())
    site.start()
    page = browser.new_page()
    try:
        project = opened(site, page, "full")
        rows = "".join(f"{n}.wav|ሰላም ለዓለም {n}\n" for n in range(6))
        (tmp_path / "metadata.csv").write_text(rows, encoding="utf-8")
        steps.upload(page, [*(sound(tmp_path / f"{n}.wav", 10) for n in range(6)), tmp_path / "metadata.csv"])
        steps.notice(page, "7 files were stored")
        fill(small_disk, but=100_000)  # bytes: too few for the dataset
        page.locator("#prepare").click()
        assert "No space left on device" in steps.job(page, "prepare", "failed").locator(".notice").inner_text()
        assert not (project.dataset / "dataset.json").exists()
        fill(small_disk, but=0)
        steps.upload(page, [sound(tmp_path / "7.wav")])
        steps.notice(page, "7.wav: cannot be stored (No space left on device); free some disk and try again")
        page.locator("#prepare").click()
        steps.notice(page, "No space left on device")
    finally:
        page.close()
        site.stop()


def test_a_taken_port_is_told_in_the_terminal(site: Site, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dimts.app.cli", "ui", str(tmp_path / "projects"), "--port", str(site.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "is another page open? Choose another port" in done.stderr
    assert "Traceback" not in done.stderr


def endless(project: Project) -> Job:
    """Start a job that runs until it is ended."""
    argv = ["ui", str(project.folder / "inner"), "--port", str(free_port())]
    job = jobs.start(project.folder, "train", argv)
    until(lambda: jobs.read(job.folder).process is not None)
    return jobs.read(job.folder)


def test_a_crashed_job_says_what_to_do(site: Site, page: "Page") -> None:
    project = opened(site, page, "crashed")
    steps.tab(page, "Train")
    job = endless(project)
    steps.job(page, "train", "running")
    assert job.process is not None
    os.kill(job.process.pid, signal.SIGKILL)
    card = steps.job(page, "train", "failed")
    assert "It was ended by force. What it saved before is whole; start it again to go on." in card.inner_text()
    job = endless(project)
    page.locator(".card .state.running").wait_for()
    assert job.keeper is not None and job.process is not None
    os.kill(job.keeper.pid, signal.SIGKILL)
    try:
        assert "Start it again; it goes on." in steps.job(page, "train", "lost").inner_text()
    finally:
        os.kill(job.process.pid, signal.SIGKILL)
    jobs.start(project.folder, "train", ["speak"])
    card = steps.job(page, "train", "failed")
    card.get_by_text("The command failed in a way that nobody foresaw:").wait_for()
    assert card.locator("details[open] pre").count() == 1
