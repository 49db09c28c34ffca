"""What the whole way leaves out: two tabs of one project, the base that is shipped, a voice of one's own, presets."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dimts.app import jobs, projects
from dimts.app.ui.page import EVERY_S
from dimts.audio import io
from tests.browser import steps
from tests.browser.conftest import Site
from tests.browser.test_refused import opened, sound

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
TRAINED = "small-trained"


def test_two_tabs_show_the_same(site: Site, browser: "Browser", page: "Page", tmp_path: Path) -> None:
    project = opened(site, page, "two tabs")
    other = browser.new_page()
    steps.open_project(other, site.url, "two tabs", "am")
    page.get_by_label("Speaker").fill("አበበ")
    steps.upload(page, [sound(tmp_path / "one.wav")])
    steps.notice(page, "1 files were stored")
    page.locator("#prepare").click()
    other.locator(".card .state").filter(visible=True).wait_for()
    steps.job(page, "prepare", "failed")  # nothing says what is spoken
    other.locator(".card .state.failed").filter(visible=True).wait_for()
    other.reload()
    other.wait_for_function("() => document.querySelector('#stored')?.innerText.includes('one.wav')")
    other.wait_for_function("() => [...document.querySelectorAll('input, textarea')].some(e => e.value === 'አበበ')")
    other.close()
    assert project.settings("data")["speaker"] == "አበበ"


def test_the_shipped_base_speaks_with_a_voice_of_ones_own(site: Site, page: "Page", tmp_path: Path) -> None:
    project = opened(site, page, "shipped")
    steps.tab(page, "Train")
    page.locator("#get-base button").first.click()
    assert page.get_by_label(TRAINED, exact=True).is_checked()
    page.locator("#own-base").click()
    steps.job(page, "base", "done")
    steps.tab(page, "Speak")
    steps.choose(page, "voice", f"{projects.BASES}/{TRAINED}")
    page.wait_for_function("() => document.querySelector('#stored-voice input')?.value")
    page.locator("#reference input[type=file]").set_input_files(str(sound(tmp_path / "me.wav", 6)))
    page.locator("#reference").get_by_text("0:06").first.wait_for()
    steps.more_settings(page)
    page.get_by_label("number input for Temperature").fill("0.5")
    steps.write(page, "speak-preset", "calm")
    page.locator("#speak-preset input").press("Enter")
    page.locator("#save-preset").click()
    steps.notice(page, "The preset is saved.")
    steps.write(page, "say", "Good morning.")
    page.get_by_label("Language", exact=True).filter(visible=True).fill("en")
    page.get_by_label("number input for Takes").fill("2")
    page.locator("#speak").click()
    steps.job(page, "speak", "done")
    page.locator("#spoken audio").nth(1).wait_for()
    assert project.settings("speak-presets")["calm"]["temperature"] == 0.5
    assert [io.read(path).rate_hz for path in sorted(project.speech.glob("*.wav"))] == [24_000, 24_000]
    (form,) = project.speech.glob("*.json")
    assert Path(json.loads(form.read_text())["reference"]).parent == project.speech / "references"
    assert "--temperature=0.5" in jobs.all_of(project.folder)[0].argv


def test_the_system_is_shown(site: Site, page: "Page") -> None:
    page.goto(f"{site.url}/en/")
    steps.tab(page, "System")
    page.locator("#doctor").click()
    page.locator("#doctor-found table", has_text="ffmpeg").wait_for()
    steps.look(page, "system")


def test_the_keyboard_is_enough(site: Site, page: "Page") -> None:
    page.goto(f"{site.url}/en/")
    page.locator("#new-name input, #new-name textarea").focus()
    page.keyboard.type("keys")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#project input')?.value === 'keys'")
    page.get_by_role("tab", name="Data", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#sentence textarea").wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "read":
            break
    page.keyboard.press("Enter")
    page.locator("#read-steps table").wait_for()


def test_an_empty_project_is_not_told_off(site: Site, page: "Page") -> None:
    opened(site, page, "nothing yet")
    for title in steps.TABS:
        steps.tab(page, title)
        page.wait_for_timeout(1000 * EVERY_S + 500)  # until everything was looked at again
        assert page.locator("#notice .notice").count() == 0, title
