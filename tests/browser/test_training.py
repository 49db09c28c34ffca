"""The tab Train beside the whole way: the licence, recipes, time left, the log, and two runs that want one device."""

import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from dimts.app import jobs, projects
from dimts.app.projects import BASES, Project
from tests.browser import steps
from tests.browser.conftest import Site
from tests.flow.material import Material, make
from tests.unit.checkpoint.hub_server import COMMIT, CONTENT, Hub, serve

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served() -> Iterator[Hub]:
    """A hub on loopback."""
    with serve(Hub()) as running:
        yield running


@pytest.fixture(scope="module")
def hub(served: Hub) -> str:
    """Where the server finds the hub."""
    return served.url


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A tiny base, and a dataset of ten clips."""
    return make(tmp_path_factory.mktemp("material"))


def ready(site: Site, material: Material, name: str) -> Project:
    """Make a project that has a base, a dataset and a vocabulary."""
    project, base = projects.create(site.folder, name), site.folder / BASES / "mine"
    if not base.exists():
        shutil.copytree(material.base, base)
    shutil.copytree(material.dataset, project.dataset)
    shutil.copy(material.vocab, project.vocab)
    project.remember("base", {"folder": str(base)})
    return project


def start(page: "Page", site: Site, project: Project) -> None:
    """Start a run that does not end by itself."""
    steps.open_project(page, site.url, project.name)
    steps.tab(page, "Train")
    steps.choose(page, "preset", "from-nothing")
    page.wait_for_function("() => document.querySelector('#set-train-trainable textarea, #set-train-trainable input')"
                           ".value === 'all'")  # fmt: skip
    steps.write(page, "set-train-epochs", "5000")
    page.locator("#start").click()
    steps.notice(page, "Training has begun")


def test_the_licence_comes_before_the_download(site: Site, page: "Page", served: Hub) -> None:
    project = projects.create(site.folder, "licence")
    steps.open_project(page, site.url, project.name)
    steps.tab(page, "Train")
    page.locator("#get-base button").first.click()
    page.get_by_text("It allows non-commercial use only").wait_for()
    steps.look(page, "licence")
    page.locator("#fetch").click()
    steps.notice(page, "Read the licence above and accept it first; nothing was downloaded.")
    assert not jobs.all_of(project.folder) and not served.asked
    page.get_by_label("I accept the licence (CPML)").check()
    page.locator("#fetch").click()
    steps.job(page, "base", "done")
    came = site.folder / BASES / "xtts-v2"
    assert {name: (came / name).read_bytes() for name in CONTENT if name != "README.md"} == {
        name: content for name, content in CONTENT.items() if name != "README.md"
    }
    assert COMMIT in (came / "origin.json").read_text() and "--accept-license" in jobs.all_of(project.folder)[0].argv
    page.wait_for_function("() => document.querySelector('#train-base input')?.value.endsWith('xtts-v2')")
    served.status = 503
    shutil.rmtree(came)
    page.locator("#fetch").click()
    assert "503" in steps.job(page, "base", "failed").locator(".notice").inner_text()
    assert not came.exists()


def test_a_run_tells_how_long_it_takes(site: Site, page: "Page", material: Material) -> None:
    project = ready(site, material, "first")
    start(page, site, project)
    steps.job(page, "train", "running")
    facts = page.locator("#run-facts")
    facts.locator("div", has_text=re.compile(r"^(\d+ days?, )?\d+:\d\d:\d\d\s*left, about$")).wait_for()
    for words in ("updates", "loss", "clips a second", "code_loss after update"):
        facts.get_by_text(words, exact=words != "code_loss after update").first.wait_for()
    before = facts.locator("b").first.inner_text()
    page.wait_for_function("before => document.querySelector('#run-facts b').innerText !== before", arg=before)
    for title in ("Loss", "Learning rate", "Gradient norm", "Clips a second"):
        page.locator("#curves figcaption", has_text=title).first.wait_for()
    other = ready(site, material, "second")
    start(page, site, other)
    steps.job(page, "train", "waiting")  # one training a device
    page.locator("#stop-train").click()
    steps.job(page, "train", "stopped")
    steps.open_project(page, site.url, project.name)
    steps.tab(page, "Train")
    steps.job(page, "train", "running")
    assert page.locator("#preset input").input_value() == "from-nothing"
    _search(page)
    page.locator("#stop-train").click()
    steps.job(page, "train", "stopped")
    steps.look(page, "stopped")


def _search(page: "Page") -> None:
    """Look for a line of the log, and for one that is not there."""
    page.locator("#train-log button").first.click()
    page.locator("#log pre").wait_for()
    steps.write(page, "search-log", "EVALUATION")
    page.locator("#log p", has_text=re.compile(r"^[1-9]\d* lines$")).wait_for()
    assert all("evaluation" in line.casefold() for line in page.locator("#log pre").inner_text().splitlines())
    steps.write(page, "search-log", "no such words")
    page.locator("#log p", has_text=re.compile(r"^0 lines$")).wait_for()


def test_recipes_fill_the_fields(site: Site, page: "Page") -> None:
    steps.open_project(page, site.url, projects.create(site.folder, "recipes").name)
    steps.tab(page, "Train")
    page.locator("#all-settings button").first.click()
    page.locator("#all-settings").get_by_text("train.lora", exact=True).click()
    rank = page.locator("#set-train-lora-rank")
    assert "Width of an adapter" in rank.inner_text()
    for recipe, trainable in (("amharic-lora", "lora"), ("from-nothing", "all"), ("amharic-bpe", "auto")):
        steps.choose(page, "preset", recipe)
        page.wait_for_function("wanted => document.querySelector('#set-train-trainable textarea,"
                               " #set-train-trainable input').value === wanted", arg=trainable)  # fmt: skip
    steps.look(page, "settings")
