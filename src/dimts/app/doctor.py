"""`dimts doctor`: what this machine has, what it lacks, and the line that mends it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dimts.app.output import Json, show
from dimts.app.rows import row

if TYPE_CHECKING:
    from dimts.app.inspection import Line


def doctor(
    base: Annotated[Path | None, typer.Argument(help="A base folder to look for.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Show versions, devices, extras, programs, disk and hub. Exit code 1 only when the core is broken."""
    from dimts.app import inspection

    lines: list[Line] = []
    for line in inspection.inspect(base):
        again = bool(lines) and lines[-1].section == line.section
        lines.append(line)
        if not as_json:
            typer.echo(row("" if again else line.section, line.verdict, line.text))
    broken = [line for line in lines if line.verdict == "PROBLEM"]
    said = "\nThe core is broken: mend what is marked PROBLEM." if broken else "\nThe core works."
    show({"ok": not broken, "lines": [_facts(line) for line in lines]}, as_json, said)
    if broken:
        raise typer.Exit(1)


def _facts(line: "Line") -> dict[str, Any]:
    return {"section": line.section, "verdict": line.verdict, "text": line.text, **line.facts}
