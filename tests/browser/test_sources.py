"""Where recordings come from beside an upload: a path, an address, subtitles with a film; then filters, then more."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dimts.app.projects import Project
from tests.browser import steps
from tests.browser.conftest import Site
from tests.browser.test_refused import opened, sound
from tests.flow.material import recordings

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGE = """<html><title>A talk</title>
<video src='talk.wav'><track kind='subtitles' src='talk.am.vtt' srclang='am'></video></html>"""
VTT = "WEBVTT\n\n00:00.200 --> 00:02.000\nሰላም ለዓለም\n\n00:02.000 --> 00:05.000\nዛሬ ዝናብ አለ\n"
SRT = "1\n00:00:00,000 --> 00:00:05,000\nቡና እንጠጣ\n\n2\n00:00:05,000 --> 00:00:06,000\n[ሙዚቃ]\n"


class Quiet(SimpleHTTPRequestHandler):
    """Gives files, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A page on loopback with a recording and its subtitles."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "talk.html").write_text(PAGE, encoding="utf-8")
    (folder / "talk.am.vtt").write_text(VTT, encoding="utf-8")
    sound(folder / "talk.wav", 5, seed=2)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/talk.html"
    server.shutdown()
    server.server_close()


def test_paths_addresses_and_subtitles(site: Site, page: "Page", address: str, tmp_path: Path) -> None:
    pytest.importorskip("yt_dlp", reason="the extra youtube is not installed")
    recordings(site.root / "table")
    (site.root / "ፊልም.srt").write_text(SRT, encoding="utf-8")
    sound(site.root / "ፊልም.wav", 6)
    project = opened(site, page, "sources")
    named = [str(site.root / "table"), f"{site.root / 'ፊልም.srt'}={site.root / 'ፊልም.wav'}", address]
    steps.write(page, "sources", "\n".join(named))
    page.locator("#prepare").click()
    steps.job(page, "prepare", "done")
    clips = _clips(project)
    assert {"ቡና እንጠጣ", "ሰላም ለዓለም ዛሬ ዝናብ አለ"} <= {clip["text"] for clip in clips} and len(clips) == 12
    page.locator("#clip-count", has_text="12 clips; page 1 / 2").wait_for()
    page.locator("#ledger", has_text="[ሙዚቃ]").wait_for()
    assert page.locator("#ledger a").evaluate("a => fetch(a.href).then(r => r.status)") == 200
    _filters(page, clips)
    _more(page, project, tmp_path)


def _clips(project: Project) -> list[dict[str, object]]:
    return [json.loads(line) for line in (project.dataset / "clips.jsonl").read_text().splitlines()]


def _filters(page: "Page", clips: list[dict[str, object]]) -> None:
    """Choose which clips are shown, and the worst first."""
    for order, wanted in (("shortest", min(clips, key=_seconds)), ("longest", max(clips, key=_seconds))):
        steps.choose(page, "order", order)
        page.locator("#clip-0 code", has_text=str(wanted["id"])).wait_for()
    steps.look(page, "worst first")
    steps.choose(page, "order", "as listed")
    held = [clip["id"] for clip in clips if clip["split"] == "eval"]
    for which, count in (("held back", len(held)), ("turned away", 1), ("decided", 0), ("accepted", 12)):
        steps.choose(page, "which", which)
        page.locator("#clip-count", has_text=f"{count} clips; page 1").wait_for()
    steps.write(page, "search-clips", "ቡና እንጠጣ")
    page.locator("#clip-count", has_text="2 clips; page 1 / 1").wait_for()
    steps.write(page, "search-clips", "")
    page.locator("#clip-count", has_text="12 clips").wait_for()


def _seconds(clip: dict[str, object]) -> float:
    return float(str(clip["samples"])) / float(str(clip["rate_hz"]))


def _more(page: "Page", project: Project, tmp_path: Path) -> None:
    """Decide about a clip, add a recording, prepare again: the decision stays, the new one is there."""
    dropped = page.locator("#clip-0 code").inner_text()
    page.locator("#clip-0").get_by_role("button", name="Drop").click()
    steps.notice(page, f"{dropped}: decided: drop")
    (tmp_path / "later.txt").write_text("መልካም ቀን።", encoding="utf-8")
    steps.upload(page, [sound(tmp_path / "later.wav", 3, seed=3), tmp_path / "later.txt"])
    steps.notice(page, "2 files were stored")
    page.locator("#prepare").click()
    page.locator("#ledger", has_text="review").wait_for()
    clips = _clips(project)
    assert dropped not in {clip["id"] for clip in clips} and "መልካም ቀን።" in {clip["text"] for clip in clips}
