"""The options that say how text is read, the same for every command that reads some."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from dimts.errors import TextError

if TYPE_CHECKING:
    from dimts.text.front import Choice

Language = Annotated[str, typer.Option(help="Language code: am, ti, en, ...")]
ReadingMode = Annotated[
    str | None, typer.Option("--mode", help="bpe: letters as they are; g2p: IPA.", show_default="bpe")
]
PronouncedBy = Annotated[
    str | None, typer.Option("--backend", help="Who makes the IPA: rules, epitran, espeak.", show_default="rules")
]
Lexicon = Annotated[
    Path | None,
    typer.Option(help="Words and how they are spoken, word<TAB>spoken a line (am, ti).", show_default=False),
]
Abbreviations = Annotated[
    Path | None, typer.Option(help="More abbreviations, ዶ/ር<TAB>ዶክተር a line (am, ti).", show_default=False)
]


def chosen(mode: str | None, backend: str | None, lexicon: Path | None, abbreviations: Path | None) -> "Choice":
    """Give what was asked for. TextError for a mode or backend that there is not."""
    from dimts.text.front import Choice, Mode
    from dimts.text.g2p import Backend

    known_mode = next((known for known in get_args(Mode) if known == mode), None)
    known_backend = next((known for known in get_args(Backend) if known == backend), None)
    if mode != known_mode:
        raise TextError(f"--mode {mode}: choose from {', '.join(get_args(Mode))}")
    if backend != known_backend:
        raise TextError(f"--backend {backend}: choose from {', '.join(get_args(Backend))}")
    return Choice(known_mode, known_backend, lexicon, abbreviations)
