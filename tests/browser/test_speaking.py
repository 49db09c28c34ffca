"""The tab Speak: a stored voice, every setting on the command line, several takes heard while they are spoken."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dimts.app import jobs, projects
from dimts.app.projects import BASES, Project
from dimts.audio import io
from dimts.checkpoint import initial, official, speakers, weights
from dimts.infer import voice
from tests.browser import steps
from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
SAID = "Good morning. It rains today. We drink coffee. The child goes to school."


@pytest.fixture(scope="module")
def base(site: Site) -> Path:
    """A tiny base with two voices that came with it."""
    folder = site.folder / BASES / "mine"
    initial.write(folder, "tiny", 0)
    made = voice.make(official.load(folder).network, [initial.synthetic_speech(10).flatten()])
    entry = {"gpt_cond_latent": made.latents_1PD, "speaker_embedding": made.speaker_1E}
    weights.write_pickle({"Abebe": {**entry}, "ሄለን": {**entry}}, folder / speakers.OFFICIAL)
    return folder


def ready(site: Site, page: "Page", name: str) -> Project:
    """Make a project and open its tab Speak, with the base chosen."""
    project = projects.create(site.folder, name)
    steps.open_project(page, site.url, name)
    steps.tab(page, "Speak")
    steps.choose(page, "voice", f"{BASES}/mine")
    page.wait_for_function("() => document.querySelector('#stored-voice input')?.value === 'Abebe'")
    page.get_by_label("Language", exact=True).filter(visible=True).fill("en")
    return project


def test_several_takes_are_heard_while_they_are_spoken(site: Site, page: "Page", base: Path) -> None:
    project = ready(site, page, "takes")
    steps.write(page, "say", SAID)
    steps.choose(page, "stored-voice", "ሄለን")
    page.get_by_label("Seed", exact=True).fill("7")
    page.get_by_label("number input for Takes").fill("3")
    steps.more_settings(page)
    page.get_by_label("number input for Speed").fill("1.5")
    page.get_by_label("at each sentence").check()
    page.locator("#speak").click()
    page.wait_for_function("() => document.querySelector('#now audio')?.currentTime > 0")
    (job,) = jobs.all_of(project.folder)
    assert job.is_active, "it was heard only when all was spoken"
    steps.look(page, "while it speaks")
    steps.job(page, "speak", "done")
    page.locator("#spoken audio").nth(2).wait_for()
    assert {"--seed=7", "--takes=3", "--speed=1.5", "--split=sentences", "--voice=ሄለን", "--language=en"} <= {*job.argv}
    sounds = sorted(project.speech.glob("*.wav"))
    assert len(sounds) == 3 and len({path.read_bytes() for path in sounds}) == 3
    assert [f"seed {seed}" in page.locator("#spoken").inner_text() for seed in (7, 8, 9)] == [True] * 3
    page.reload()  # what was said is remembered
    steps.tab(page, "Speak")
    page.wait_for_function("text => document.querySelector('#say textarea')?.value === text", arg=SAID)


def test_the_microphone_is_a_reference(site: Site, page: "Page", base: Path) -> None:
    project = ready(site, page, "microphone")
    field = page.locator("#reference")
    field.get_by_label("Record audio").click()
    field.get_by_role("button", name="Record", exact=True).click()
    field.get_by_role("button", name="Stop", exact=True).first.wait_for()
    page.wait_for_timeout(4000)  # what is spoken into it
    field.get_by_role("button", name="Stop", exact=True).first.click()
    field.get_by_text("0:04").or_(field.get_by_text("0:05")).first.wait_for()
    assert field.get_by_label("Share").count() == 0, "nothing is shared with anybody"
    steps.look(page, "microphone")
    steps.write(page, "say", "Good morning.")
    page.locator("#speak").click()
    steps.job(page, "speak", "done")
    (form,) = project.speech.glob("*.json")
    heard = Path(json.loads(form.read_text())["reference"])
    assert heard.parent == project.speech / "references" and 3 < io.read(heard).duration_s < 8
    assert f"--reference={heard}" in jobs.all_of(project.folder)[0].argv


def test_a_text_that_nobody_can_read_is_a_sentence(site: Site, page: "Page", base: Path) -> None:
    ready(site, page, "unread")
    steps.write(page, "say", " ")
    page.locator("#speak").click()
    steps.notice(page, "Write what to say.")
    shutil.move(base, base.with_name("away"))
    try:
        steps.write(page, "say", "Good morning.")
        page.locator("#speak").click()
        steps.notice(page, "config.json is missing")
    finally:
        shutil.move(base.with_name("away"), base)
