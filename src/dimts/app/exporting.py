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
    as_json: Json = False,
) -> None:
    """Export a run's best checkpoint as a voice bundle."""
    from rich.console import Console

    from dimts.train import recipe
    from dimts.train.outcome import Form

    if base is not None:
        if raw or adapters or base_share:
            raise ConfigError("--base: joins adapters that are exported; --raw, --adapters, --base-share go with a run")
        show({"voice": str(_joined(source, base, out))}, as_json, f"the voice is ready: {out}")
        return
    written = recipe.export_run(source, out, Form(not raw, base_share, adapters), Console(stderr=True))
    if adapters:
        then = f"`{shlex.join(['dimts', 'export', str(out)])} --base BASE --out VOICE` makes a voice of them"
        show({"adapters": str(written)}, as_json, f"the adapters are ready: {out}; {then}")
    else:
        show({"voice": str(written)}, as_json, f"the voice is ready: {out}")


def _joined(source: Path, base: Path, out: Path) -> Path:
    from dimts.checkpoint import export, official, slim

    return export.write(slim.complete(source, official.load(base)), out)
