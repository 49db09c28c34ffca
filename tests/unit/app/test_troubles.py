"""Errors name the section of docs/TROUBLESHOOTING.md that says more; sections, words and messages stay together."""

import re
from pathlib import Path

import pytest

from dimts.app import troubles

ROOT = Path(__file__).parents[3]
SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "src/dimts").rglob("*.py") if path.name != "troubles.py"
)


def test_every_section_is_on_the_page() -> None:
    page = (ROOT / "docs/TROUBLESHOOTING.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", page, re.M)
    assert troubles.SECTIONS.keys() <= set(headings)
    assert len(set(map(troubles.anchor, headings))) == len(headings)
    links = re.findall(r"\(#([\w-]+)\)", page)
    assert set(links) <= set(map(troubles.anchor, headings)) and links


@pytest.mark.parametrize("words", "|".join(troubles.SECTIONS.values()).replace("(normalised|read)", "read").split("|"))
def test_messages_still_say_so(words: str) -> None:
    assert re.search(rf'"[^"\n]*{words}', SOURCE), f"no message says {words!r}"


def test_only_what_the_page_explains_leads_there_once() -> None:
    full, missing = "update 3: out of memory with a single clip", "dataset: no such folder; give a dataset folder"
    seed, rate = (f"run.yaml: {name} was 0, now 3; change it back, or choose another out" for name in ("seed", "lr"))
    assert troubles.told([full, missing, seed, rate]) == [
        f"{full} (more: {troubles.PAGE}#out-of-memory)",
        missing,
        seed,
        f"{rate} (more: {troubles.PAGE}#a-run-does-not-go-on)",
    ]


def test_the_page_is_where_the_project_says() -> None:
    documentation = re.search(r'^Documentation = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert documentation and troubles.PAGE.startswith(documentation[1] + "/")
