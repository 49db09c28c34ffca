"""Rows of a report on the terminal: what, a verdict in colour, and a text that wraps under itself."""

import shutil
import textwrap

import typer

COLOURS = {"ok": "green", "note": "yellow", "PROBLEM": "red", "absent": "bright_black"}
NAME_WIDTH = 12
WIDEST = 110  # columns; longer lines are hard to read


def row(name: str, verdict: str, text: str) -> str:
    """Return one row of a check."""
    coloured = typer.style(f"{verdict:<8}", fg=COLOURS.get(verdict), bold=verdict == "PROBLEM")
    return f"{name:<{NAME_WIDTH}}{coloured} {wrapped(text, NAME_WIDTH + 9)}"


def fact(name: str, text: str) -> str:
    """Return one row of a description."""
    return f"{name:<{NAME_WIDTH}} {wrapped(text, NAME_WIDTH + 1)}"


def wrapped(text: str, indent: int = 0) -> str:
    """Break a text to the terminal's width; lines but the first are indented."""
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    lines = textwrap.wrap(
        text, max(40, width - indent), break_on_hyphens=False, break_long_words=False, replace_whitespace=False
    )
    return ("\n" + " " * indent).join(lines)
