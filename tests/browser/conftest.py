"""What the tests in a browser share: `dimts ui` as a process of its own, Chromium, pages that see every request."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE_S = 60.0
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here; skip it where it cannot run, and say why."""
    missing = [name for name in ("gradio", "playwright") if not _is_there(name)]
    why = f"not installed: {', '.join(missing)}" if missing else "" if CHROMIUM else "no chromium: apt install chromium"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if why:
                item.add_marker(pytest.mark.skip(reason=why))


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


@dataclass
class Site:
    """A running `dimts ui`, which can be restarted on its port."""

    folder: Path  # of projects
    root: Path  # the other folder that it may read
    port: int
    words: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)  # beside the tests' own
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dimts.app.cli", "ui", str(self.folder), "--root", str(self.root), "--port",
             str(self.port), *self.words],
            env={**os.environ, "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1", **self.environment},
        )  # fmt: skip
        until(lambda: _answers(f"{self.url}/favicon.ico"))

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(PATIENCE_S)


def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def hub() -> str:
    """Where the server finds the Hugging Face hub: nowhere, unless a file of tests has one."""
    return "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, hub: str) -> Iterator[Site]:
    """One server for a file of tests: a base that one file makes must not be offered to another."""
    root = tmp_path_factory.mktemp("ድምፅ root")
    environment = {"HF_ENDPOINT": hub, "HF_HOME": str(root / "hf"), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    made = Site(root / "projects", root, free_port(), ("--max-upload-mb", "2"), environment)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-device-for-media-stream",  # a microphone that beeps
                "--use-fake-ui-for-media-stream",
            ],
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: "Browser", site: Site) -> Iterator["Page"]:
    """A page of its own; it must ask nobody but the server, and its scripts must not fail."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(PATIENCE_S * 1000)
    asked, failed = [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: failed.append(str(error)))
    yield opened
    opened.close()
    ours = re.compile(rf"{site.url}/|data:|blob:")
    assert not [url for url in asked if not ours.match(url)] and not failed
