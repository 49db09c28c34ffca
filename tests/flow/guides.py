"""The commands of the README and the guides, and a folder in which they can be run as a reader would."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from dimts.app.cli import app

ROOT = Path(__file__).parents[2]
PAGES = {path.name: path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
PIECES = re.compile(r"```sh\n(?P<block>.*?)```|`(?P<inline>dimts [^`\n]+)`", re.S)
FOR = {
    "RUN": "run",
    "VOICE": "voice",
    "DATASET": "dataset",
    "RUN.yaml": "run.yaml",
    "SOURCE...": "recordings",
}  # what a page leaves to the reader


@dataclass(frozen=True)
class Line:
    """A line of a page: a `dimts` command or another program's, from a block or from within a sentence."""

    text: str
    inline: bool = False

    @property
    def words(self) -> list[str]:
        """Split it as a shell does, with names for what is left to the reader; what `>` takes is left out."""
        words = [FOR.get(word, word) for word in shlex.split(self.text, comments=True)]
        return words[: words.index(">")] if ">" in words else words

    @property
    def ours(self) -> bool:
        return self.words[:1] == ["dimts"]


def lines(page: Path) -> Iterator[Line]:
    """Read the commands of a page in their order."""
    for found in PIECES.finditer(page.read_text(encoding="utf-8")):
        if found["inline"]:
            yield Line(found["inline"], inline=True)
        else:
            yield from (Line(line) for line in found["block"].splitlines() if line.strip())


def parse(line: Line) -> bool:
    """Parse a command; False where a sentence only names it, with options that exist."""
    command: Any = typer.main.get_command(app)
    words, context = line.words[1:], None
    while hasattr(command, "commands"):
        assert words[0] in command.commands, line.text
        context = typer.Context(command, parent=context, info_name=words[0])
        command, words = command.commands[words[0]], words[1:]
    if line.inline and (not words or _only_named(command, list(words))):
        return False
    command.make_context("dimts", list(words), parent=context)
    return True


def _only_named(command: Any, words: list[str]) -> bool:
    """Tell whether something required is missing; options that do not exist are found."""
    given, _, _ = command.make_parser(typer.Context(command)).parse_args(words)
    return any(each.required and not given.get(each.name) for each in command.params)
