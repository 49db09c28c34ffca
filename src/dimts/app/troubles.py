"""Where docs/TROUBLESHOOTING.md says more about an error than its one line can: by the words of the line."""

import re
from collections.abc import Sequence

PAGE = "https://github.com/dimts/dimts/tree/main/docs/TROUBLESHOOTING.md"
SECTIONS = {  # a heading of the page, and what its errors say
    "Not finite": r"not finite",
    "Out of memory": r"out of memory",
    "Clips do not fit": r"clips do not fit this run",
    "Foreign vocabulary": r"foreign vocabulary",
    "Sizes do not match": r"not a complete XTTS v2 checkpoint|does not fit its base",
    "Refused pickles": r"it would run code",
    "Another normaliser": r"texts were (normalised|read) by|trained on texts of normaliser",
    "A run does not go on": r"change it back, or choose another out|another process is training here",
}


def told(problems: Sequence[str]) -> list[str]:
    """Return an error's lines; the last about each section of the page ends in its address."""
    about = [_section(problem) for problem in problems]
    return [
        f"{problem} (more: {PAGE}#{anchor(section)})" if section and section not in about[at + 1 :] else problem
        for at, (problem, section) in enumerate(zip(problems, about, strict=True))
    ]


def _section(problem: str) -> str | None:
    return next((name for name, words in SECTIONS.items() if re.search(words, problem)), None)


def anchor(heading: str) -> str:
    """Return what a heading is called in addresses."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
