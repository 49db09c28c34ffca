"""The page in Amharic: what it says, help of every setting too; names of the run file stay as they are."""

import re
from typing import TYPE_CHECKING

import pytest

from dimts.app import projects
from dimts.app.ui import fields, words
from tests.browser import steps
from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
ENGLISH = """() => [...document.querySelectorAll(
    'label, label > span, button, h1, h3, h4, [data-testid=block-info], p.soft')]
  .filter(e => e.offsetParent !== null && e.getBoundingClientRect().width > 1)
  .map(e => e.innerText.trim()).filter(text => /[a-zA-Z]{2}/.test(text) && !/[\\u1200-\\u137f]/.test(text))"""
NAMES = {"Dimts", "XTTS", "LUFS", "top-k", "top-p", "auto", "energy", "silero", "hama", "ORGANISATION/NAME", "English",
         "small-trained", "tiny", "small"}  # fmt: skip
GRADIO = {"Drop File Here", "Drop Audio Here", "- or -", "Click to Upload"}  # its own words follow the browser


def test_what_the_page_says_is_amharic(site: Site, page: "Page") -> None:
    say, name = words.of("am"), projects.create(site.folder, "ሰላም").name
    steps.open_project(page, site.url, name, "am")
    assert page.evaluate("document.documentElement.lang") == "am"
    settings = {setting.name for setting in fields.settings()} | {setting.section for setting in fields.settings()}
    choices = {choice for setting in fields.settings() for choice in setting.choices} | set(fields.presets())
    known = NAMES | GRADIO | settings | choices
    for title in steps.TABS:
        steps.tab(page, say(title))
        closed = page.locator("button.label-wrap:not(.open)").filter(visible=True)
        while closed.count():
            closed.first.click()
        page.wait_for_timeout(500)
        said = {line.strip() for text in page.evaluate(ENGLISH) for line in text.splitlines()}
        assert {line for line in said if re.search("[a-zA-Z]{2}", line)} - known == set(), title
        steps.look(page, f"amharic {title}")
    page.set_viewport_size({"width": 390, "height": 844})
    steps.tab(page, say("Train"))
    steps.look(page, "amharic settings on a phone")


def test_errors_of_the_page_are_amharic(site: Site, page: "Page") -> None:
    say, name = words.of("am"), projects.create(site.folder, "ስሕተት").name
    steps.open_project(page, site.url, name, "am")
    for title, button, sentence in (
        ("Data", "apply", "There is no dataset yet: prepare recordings in the tab Data first."),
        ("Train", "fetch", "Read the licence above and accept it first; nothing was downloaded."),
        ("Export", "clean", "Choose what may go."),
    ):
        steps.tab(page, say(title))
        if button == "fetch":
            page.locator("#get-base button").first.click()
        page.locator(f"#{button}").click()
        steps.notice(page, say(sentence))
