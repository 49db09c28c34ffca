"""How commands answer: lines for a person, or one JSON object for a program."""

import json
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]


def show(facts: dict[str, Any], as_json: bool, *lines: str) -> None:
    """Print facts for a program, or lines for a person."""
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else "\n".join(lines))
