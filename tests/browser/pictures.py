"""Pictures of every tab of the page, on what `dimts demo` made: python -m tests.browser.pictures DEMO [--docs].

They go to build/screenshots/, to be looked at: English and Amharic, at the width of a phone and of a desk. With --docs
those of the guides are made anew too, small enough to be kept.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from dimts.app import jobs, projects
from dimts.app.projects import BASES, Project
from dimts.app.ui import words
from tests.browser import steps
from tests.browser.conftest import CHROMIUM, Site, free_port, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAME = "ሰላም"
DOCS = Path(__file__).parents[2] / "docs" / "images"
SHOWN = {"Data": "#which", "Text": "#read-steps", "Train": "#run-facts", "Compare": "#checkpoints"}
SAID = "ሰላም ለዓለም። ዛሬ ጥሩ ቀን ነው።"


def main() -> None:
    """Make a project of a demo, open it in Chromium, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demo", type=Path)
    parser.add_argument("--docs", action="store_true")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Site(Path(folder) / "projects", Path(folder), free_port())
        project = _project(asked.demo, site.folder)
        _jobs(project)
        site.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.set_default_timeout(60_000)
            steps.look_everywhere(page, site.url, NAME)
            if asked.docs:
                _for_docs(browser.new_page(viewport={"width": 1180, "height": 760}), site)
        finally:
            browser.close()
            site.stop()


def _project(demo: Path, place: Path) -> Project:
    """Lay what the demo made out as a project that was trained by the page."""
    place.mkdir()
    project = projects.create(place, NAME)
    base = place / BASES / "small-trained"
    for name, target in (("base", base), ("dataset", project.dataset), ("run", project.run()),
                         ("judged", project.run() / "evaluation")):  # fmt: skip
        shutil.copytree(demo / name, target)
    shutil.copy(demo / "vocab.json", project.vocab)
    project.recordings.mkdir()
    for path in [*sorted((demo / "corpus" / "wavs").iterdir())[:12], demo / "corpus" / "metadata.csv"]:
        shutil.copy(path, project.recordings)
    content = yaml.safe_load((demo / "run" / "run.yaml").read_text())
    content |= {"base": str(base), "vocab": str(project.vocab), "out": str(project.run())}
    content["data"] = {"datasets": [str(project.dataset)]}
    project.run_file().write_text(yaml.safe_dump(content, allow_unicode=True))
    project.remember("base", {"folder": str(base)})
    project.remember("speak", {"text": SAID})
    return project


def _jobs(project: Project) -> None:
    """Run what the pictures show the answers of."""
    base, voice = project.folder.parent / BASES / "small-trained", project.run() / "voice"
    project.speech.mkdir()
    take = project.speech / "20260101-120000.wav"
    form = {"text": SAID, "voice": str(voice), "seed": 0}
    take.with_suffix(".json").write_text(json.dumps(form, ensure_ascii=False))
    for kind, argv in (
        ("vocab", ["vocab", str(project.dataset), f"--base={base}", f"--out={project.vocab}", "--size=0", "--json"]),
        ("plan", ["plan", str(project.run_file()), "--json"]),
        ("speak", ["speak", str(voice), SAID, "--language=am", f"--out={take}", "--temperature=0.5", "--json"]),
        ("export", ["export", f"--out={project.voices / 'voice'}", "--zip", "--json", "--", str(project.run())]),
    ):
        job = jobs.start(project.folder, kind, argv)
        until(lambda job=job: not jobs.read(job.folder).is_active)  # type: ignore[misc]
        assert jobs.read(job.folder).state == "done", jobs.read(job.folder).log()


def _for_docs(page: "Page", site: Site) -> None:
    """Take the pictures of the guides: one screen each, few colours; the last in Amharic on a phone."""
    DOCS.mkdir(parents=True, exist_ok=True)
    page.set_default_timeout(60_000)
    steps.open_project(page, site.url, NAME)
    for name, place in SHOWN.items():
        _open(page, name)
        page.locator(place).evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 20)")
        _shoot(page, name)
    page.set_viewport_size({"width": 390, "height": 900})
    steps.open_project(page, site.url, NAME, "am")
    _open(page, words.of("am")("Speak"))
    _shoot(page, "Speak", full_page=True)


def _open(page: "Page", name: str) -> None:
    steps.tab(page, name)
    if page.locator("#read").is_visible():
        page.locator("#read").click()
        page.locator(".tokens").wait_for()
    page.wait_for_timeout(2500)  # what is live is there


def _shoot(page: "Page", name: str, full_page: bool = False) -> None:
    path = DOCS / f"{name.lower()}.png"
    page.screenshot(path=path, full_page=full_page)
    _small(path)


def _small(path: Path) -> None:
    """Keep 64 colours of a picture: a third of the bytes."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main()
