"""`dimts ui`: the page that leads from recordings to a voice, in a browser."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dimts.errors import ConfigError, MissingExtra

PASSWORD = "DIMTS_UI_PASSWORD"


def ui(
    folder: Annotated[Path, typer.Argument(help="Folder of projects; made if missing.")] = Path("projects"),
    root: Annotated[
        list[Path], typer.Option(help="Another folder that the page may read and write; may be repeated.")
    ] = [],
    host: Annotated[
        str, typer.Option(help="Address to serve; others than this machine need a password.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
    user: Annotated[str | None, typer.Option(help="Name that the page asks for.", show_default=False)] = None,
    password: Annotated[
        str | None, typer.Option(envvar=PASSWORD, help="Password that the page asks for.", show_default=False)
    ] = None,
    max_upload_mb: Annotated[int, typer.Option(min=1, help="Largest file that may be uploaded.")] = 4096,
) -> None:
    """Open the web page: the whole way from recordings to a voice in a browser."""
    from importlib.util import find_spec

    from dimts.app.ui import safety

    safety.refuse_open_door(host, user, password)
    if find_spec("gradio") is None:
        raise MissingExtra("gradio", "ui", "The web page")
    if os.name != "posix":
        raise ConfigError("the web page needs Linux, macOS, or WSL on Windows")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from error

    from dimts.app.ui import serving
    from dimts.app.ui.shell import Place

    roots = safety.Roots.of([folder, *root])
    typer.echo(
        f"the page is at http://{host}:{port} (projects in {roots.folders[0]}); Ctrl-C ends it, jobs go on", err=True
    )
    serving.run(Place(roots.folders[0], roots, max_upload_mb << 20), host, port, user, password)
