"""The `dimts base` commands: fetch the official model, make a random one, look at one."""

from pathlib import Path
from typing import Annotated

import typer

from dimts.app.output import Json, show

app = typer.Typer(help="Base models: fetch the official one, make a random one, look at one.", no_args_is_help=True)


@app.command("init")
def base_init(
    folder: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)],
    size: Annotated[str, typer.Option(help="tiny, small or full.")] = "small",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    vocab: Annotated[Path | None, typer.Option(help="vocab.json to use instead of our own.")] = None,
    as_json: Json = False,
) -> None:
    """Make a random base in the official layout: for trying everything without a download."""
    from dimts.checkpoint import initial

    initial.write(folder, size, seed, vocab)
    show({"base": str(folder), "size": size, "seed": seed}, as_json, f"{folder}: a random {size} base, seed {seed}")
