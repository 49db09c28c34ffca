"""A person's whole way in a browser: from recordings to a voice to download, with a reload and a stop in the middle."""

import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dimts import log
from dimts.app import jobs
from dimts.app.projects import Project
from tests.browser import steps
from tests.browser.conftest import Site, until
from tests.flow.material import recordings

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAME = "ሰላም"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten recordings and their table."""
    folder = tmp_path_factory.mktemp("recordings")
    recordings(folder)
    return [*sorted((folder / "wavs").iterdir()), folder / "metadata.csv"]


def test_from_recordings_to_a_voice(site: Site, page: "Page", source: list[Path]) -> None:
    project = Project(site.folder / NAME)
    steps.create(page, site.url, NAME)
    page.wait_for_function("name => decodeURIComponent(location.search) === '?project=' + name", arg=NAME)
    _data(page, source, project)
    _text(page, project)
    _train(site, page, project)
    _compare(page, project)
    _speak(page, project)
    _export(page, project)
    steps.look_everywhere(page, site.url, NAME)


def _data(page: "Page", source: list[Path], project: Project) -> None:
    steps.upload(page, source)
    steps.notice(page, "11 files were stored")
    steps.more_settings(page)
    page.get_by_label("Held back for evaluation").first.fill("0.3")
    page.locator("#prepare").click()
    steps.job(page, "prepare", "done")
    page.locator("#ledger", has_text="clips accepted").wait_for()
    page.locator("#clip-count", has_text="10 clips; page 1 / 2").wait_for()
    assert page.locator("#clip-0 audio").evaluate("a => fetch(a.src).then(r => r.status)") == 200
    page.locator("#clip-1").get_by_role("button", name="Drop").click()
    steps.notice(page, "clip1: decided: drop")
    page.locator("#clip-3 textarea").fill("ድምፅ ነው።")
    page.locator("#clip-3").get_by_role("button", name="Save text").click()
    steps.notice(page, "clip3: decided: text")
    steps.look(page, "data")
    page.locator("#apply").click()
    steps.job(page, "prepare", "done")
    page.locator("#clip-count", has_text="9 clips").wait_for()
    clips = [json.loads(line) for line in (project.dataset / "clips.jsonl").read_text().splitlines()]
    assert "clip1" not in {clip["id"] for clip in clips}
    assert [clip["text"] for clip in clips if clip["id"] == "clip3"] == ["ድምፅ ነው።"]


def _text(page: "Page", project: Project) -> None:
    steps.tab(page, "Train")
    page.locator("#get-base button").first.click()
    page.get_by_label("tiny", exact=True).check()
    page.locator("#own-base").click()
    steps.job(page, "base", "done")
    steps.tab(page, "Text")
    page.locator("#vocab-base input").wait_for()
    page.locator("#extend").click()
    steps.job(page, "vocab", "done")
    page.locator("#coverage", has_text="100.0%").wait_for()
    page.locator("#read").click()
    page.locator(".tokens").wait_for()
    assert "[am]" in page.locator(".tokens").inner_text() and project.vocab.is_file()
    steps.look(page, "text")


def _train(site: Site, page: "Page", project: Project) -> None:
    steps.tab(page, "Train")
    steps.choose(page, "preset", "from-nothing")
    page.wait_for_function(
        "() => document.querySelector('#set-train-trainable textarea, #set-train-trainable input').value === 'all'"
    )
    for field, value in (("train-epochs", "5000"), ("evaluate-every_updates", "10"), ("save-every_updates", "10")):
        steps.write(page, f"set-{field}", value)
    steps.write(page, "set-samples-texts", "ሰላም ለዓለም።\nቡና እንጠጣ።")
    page.locator("#plan").click()
    page.locator("#planned", has_text="updates in all").wait_for()
    page.locator("#start").click()
    steps.job(page, "train", "running")
    page.locator("#run-facts", has_text="code_loss after update 0").wait_for()
    page.reload()
    page.wait_for_function("name => document.querySelector('#project input')?.value === name", arg=NAME)
    steps.tab(page, "Train")
    steps.job(page, "train", "running")
    site.stop()
    site.start()
    steps.open_project(page, site.url, NAME)
    steps.tab(page, "Train")
    steps.job(page, "train", "running")
    page.locator("#stop-train").click()
    steps.notice(page, "asked to save and stop")
    steps.job(page, "train", "stopped")
    stopped = jobs.all_of(project.folder)[0]
    assert (stopped.kind, stopped.code) == ("train", 3) and not (project.run() / "voice").exists()
    done = max(line["update"] for line in log.read(project.run()))
    steps.write(page, "set-train-epochs", str(done + 4))  # an epoch is one update here
    page.locator("#start").click()
    steps.job(page, "train", "done")
    assert "going on after update" in jobs.all_of(project.folder)[0].log()
    page.locator("#run-facts", has_text=re.compile(r"(\d+) / \1")).wait_for()
    page.locator("#samples audio").first.wait_for()
    assert page.locator("#curves svg").count() >= 5
    steps.look(page, "train")
    page.locator("#train-log button").first.click()
    steps.write(page, "search-log", "evaluation after")
    page.locator("#log", has_text="lines").wait_for()


def _compare(page: "Page", project: Project) -> None:
    steps.tab(page, "Compare")
    page.locator("#checkpoints table").wait_for()
    assert "★ best" in page.locator("#checkpoints").inner_text()
    page.locator("#side audio").first.wait_for()
    page.locator("#draw").click()
    page.locator("#blind audio").nth(1).wait_for()
    page.locator("#vote-a").click()
    page.locator("#tally table").wait_for()
    page.locator("#mark").click()
    steps.job(page, "mark", "done")
    page.locator("#checkpoints", has_text="marked by a person").wait_for()
    assert json.loads((project.run() / "best.json").read_text())["metric"] == "rank"
    steps.look(page, "compare")


def _speak(page: "Page", project: Project) -> None:
    steps.tab(page, "Speak")
    page.wait_for_function("() => document.querySelector('#voice input')?.value.endsWith('run/voice')")
    steps.write(page, "say", "ሰላም ለዓለም። ቡና እንጠጣ።")
    page.locator("#speak").click()
    page.locator("#now audio").wait_for()
    steps.job(page, "speak", "done")
    page.wait_for_function("() => document.querySelector('#now audio')?.currentTime > 0")
    with page.expect_download() as came:
        page.locator("#spoken a").first.click()
    (take,) = project.speech.glob("*.wav")
    assert Path(came.value.path()).read_bytes() == take.read_bytes()
    steps.look(page, "speak")


def _export(page: "Page", project: Project) -> None:
    steps.tab(page, "Export")
    page.locator("#export").click()
    steps.job(page, "export", "done")
    page.locator("#voices a").wait_for()
    with page.expect_download() as came:
        page.locator("#voices a").click()
    with zipfile.ZipFile(came.value.path()) as packed:
        assert "voice/bundle.json" in packed.namelist()
    page.get_by_label("archives of voices").check()
    page.locator("#clean").click()
    steps.notice(page, "freed")
    until(lambda: not list(project.voices.glob("*.zip")))
    steps.look(page, "export")
