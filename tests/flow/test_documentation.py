"""Every `dimts` line in the README and the guides is a command that exists, with options that exist."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from dimts import config
from dimts.app.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def lines(page: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("dimts ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_parse(page: Path) -> None:
    group = typer.main.get_command(app)
    for line in lines(page):
        words = shlex.split(line, comments=True)[1:]
        command, context = group, None
        while hasattr(command, "commands"):
            assert words[0] in command.commands, line
            context = typer.Context(command, parent=context, info_name=words[0])
            command, words = command.commands[words[0]], words[1:]
        command.make_context("dimts", list(words), parent=context)  # raises when an option does not exist


def test_readme_has_ten_lines() -> None:
    assert len(lines(ROOT / "README.md")) >= 8


@pytest.mark.parametrize("recipe", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda path: path.name)
def test_recipes_are_valid_and_complete(recipe: Path) -> None:
    run = config.read(recipe)
    spelled_out = recipe.read_text(encoding="utf-8")
    assert all(f"  {name}:" in spelled_out for name in config.Optimizer.model_fields)
    defaults = config.build({"base": run.base, "data": run.data, "out": run.out, "vocab": run.vocab}, "defaults")
    assert run == defaults
