"""The tab Export: a voice packed, downloaded and pushed to a hub; what takes disk, and what may go."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dimts.app import jobs, projects
from dimts.app.projects import Project
from dimts.train import recipe
from tests.browser import hub_taking, steps
from tests.browser.conftest import Site, until
from tests.browser.hub_taking import Taken
from tests.flow.material import QUIET, make

if TYPE_CHECKING:
    from playwright.sync_api import Page

UPDATES = 4


@pytest.fixture(scope="module")
def taken() -> Iterator[Taken]:
    """A hub on loopback."""
    with hub_taking.serve() as running:
        yield running


@pytest.fixture(scope="module")
def hub(taken: Taken) -> str:
    """Where the server finds the hub."""
    return taken.url


@pytest.fixture(scope="module")
def project(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a run of a few updates, each of them kept."""
    material = make(tmp_path_factory.mktemp("material"))
    made = projects.create(site.folder, "export")
    settings = (f"train.max_updates={UPDATES}", "save.every_updates=1", "save.keep=9", "evaluate.every_updates=1",
                "samples.texts=[ሰላም።]", "samples.max_codes=10")  # fmt: skip
    recipe.finetune(material.run(made.run(), *settings), QUIET)
    material.run_file(made.run(), *settings)
    return made


def test_a_voice_is_packed_and_pushed(site: Site, page: "Page", project: Project, taken: Taken) -> None:
    steps.open_project(page, site.url, project.name)
    steps.tab(page, "Export")
    steps.write(page, "voice-name", "a/b")
    page.locator("#export").click()
    steps.notice(page, "cannot be the name of a voice")
    steps.write(page, "voice-name", "ድምፅ-1")
    page.get_by_label("number input for Share of the base").fill("0.25")
    page.locator("#export").click()
    steps.job(page, "export", "done")
    with page.expect_download() as came:
        page.locator("#voices a").click()
    with zipfile.ZipFile(came.value.path()) as packed:
        assert packed.testzip() is None
        assert json.loads(packed.read("ድምፅ-1/bundle.json"))["base_share"] == 0.25
    _push(page, project, taken)


def _push(page: "Page", project: Project, taken: Taken) -> None:
    page.get_by_text("To the Hugging Face hub").click()
    page.locator("#push").click()
    steps.notice(page, "Choose a voice and name the repository")
    steps.choose(page, "push-voice", "ድምፅ-1")
    page.get_by_label("ORGANISATION/NAME").fill("me/voice")
    steps.look(page, "push")
    page.locator("#push").click()
    steps.job(page, "push", "done")
    folder = project.voices / "ድምፅ-1"
    assert taken.repositories[0]["visibility"] == "private"
    assert taken.content == {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    taken.status = 401
    page.locator("#push").click()
    failed = steps.job(page, "push", "failed")
    assert "me/voice: cannot be pushed: " in failed.inner_text() and "hf auth login" in failed.inner_text()


def test_what_may_go_goes_and_the_best_stays(site: Site, page: "Page", project: Project) -> None:
    run = project.run()
    best = json.loads((run / "best.json").read_text())["update"]
    assert len(_kept(run)) > 2
    steps.open_project(page, site.url, project.name)
    steps.tab(page, "Export")
    disk = page.locator("#disk")
    disk.get_by_text("free on this disk").wait_for()
    disk.get_by_text("earlier checkpoints: ").wait_for()
    page.get_by_label("earlier checkpoints").check()
    page.get_by_label("logs of ended jobs").check()
    page.locator("#clean").click()
    steps.notice(page, "freed: ")
    until(lambda: not jobs.all_of(project.folder))
    assert _kept(run) == {best, UPDATES - 1, UPDATES}  # the newest might be damaged
    page.wait_for_function("() => !document.querySelector('#disk').innerText.includes('earlier checkpoints')")
    steps.look(page, "disk")


def _kept(run: Path) -> set[int]:
    return {int(path.name.rpartition("-")[2]) for path in (run / "checkpoints").glob("update-*")}
