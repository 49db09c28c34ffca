"""The command that makes a voice of a run, or of adapters and their base."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from dimts.app.output import Json, show
from dimts.errors import ConfigError


def export(
    source: Annotated[
        Path, typer.Argument(help="Run folder, the `out` of a run; or what --adapters wrote.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Voice bundle to write.", show_default=False)],
    raw: Annotated[bool, typer.Option("--raw", help="The weights themselves, not their average (train.ema).")] = False,
    base_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Mix in this share of the base's weights, against forgetting.")
    ] = 0.0,
    adapters: Annotated[
        bool, typer.Option("--adapters", help="Write only what a run with LoRA learned; small, speaks with its base.")
    ] = False,
    base: Annotated[
        Path | None, typer.Option(help="Base of what --adapters wrote: makes it a whole voice.", show_default=False)
    ] = None,
    zipped: Annotated[bool, typer.Option("--zip", help="Write OUT.zip too, to pass on.")] = False,
    as_json: Json = False,
) -> None:
    """Export a run's best checkpoint as a voice bundle."""
    from rich.console import Console

    from dimts.train import recipe
    from dimts.train.outcome import Form

    if base is not None:
        if raw or adapters or base_share:
            raise ConfigError("--base: joins adapters that are exported; --raw, --adapters, --base-share go with a run")
        _joined(source, base, out)
        _ready("voice", out, zipped, as_json)
        return
    recipe.export_run(source, out, Form(not raw, base_share, adapters), Console(stderr=True))
    _ready("adapters" if adapters else "voice", out, zipped, as_json)


def push(
    voice: Annotated[Path, typer.Argument(help="Voice bundle.", show_default=False)],
    repository: Annotated[str, typer.Argument(help="ORGANISATION/NAME on the hub; made if missing.")],
    public: Annotated[bool, typer.Option("--public", help="Let everybody see a repository that is made.")] = False,
    as_json: Json = False,
) -> None:
    """Push a voice bundle to the Hugging Face hub, with the login of this machine (hf auth login)."""
    from dimts.checkpoint import passing

    address = passing.push(voice, repository, not public)
    show({"address": address}, as_json, f"the voice is at {address}")


def _ready(what: str, out: Path, zipped: bool, as_json: bool) -> None:
    """Tell what was written, and pack it."""
    from dimts.checkpoint import passing

    facts, lines = {what: str(out)}, [f"the {what} {'are' if what == 'adapters' else 'is'} ready: {out}"]
    if what == "adapters":
        then = f"`{shlex.join(['dimts', 'export', str(out)])} --base BASE --out VOICE` makes a voice of them"
        lines = [f"{lines[0]}; {then}"]
    if zipped:
        facts["zip"] = str(passing.archive(out))
        lines.append(f"to pass on: {facts['zip']}")
    show(facts, as_json, *lines)


def _joined(source: Path, base: Path, out: Path) -> Path:
    from dimts.checkpoint import export, official, slim

    return export.write(slim.complete(source, official.load(base)), out)
