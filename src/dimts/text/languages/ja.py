"""Japanese: romaji by cutlet, which reads digits too. Needs cutlet and unidic-lite, extra `cjk`."""

from functools import cache
from typing import Protocol

from dimts.errors import MissingExtra
from dimts.text.language import Language
from dimts.text.languages.parts import in_parts

UNASSIGNED = {0x3097: None, 0x3098: None}  # the only characters that cutlet stops at


class Romaniser(Protocol):
    """What we use of cutlet.Cutlet."""

    def romaji(self, text: str) -> str: ...


@cache
def romaniser() -> Romaniser:
    """Cutlet with its dictionary, loaded once. MissingExtra without it."""
    try:
        from cutlet import Cutlet
    except ImportError as error:
        raise MissingExtra("cutlet and unidic-lite", "cjk", "reading Japanese") from error
    loaded: Romaniser = Cutlet()
    return loaded


def romanise(text: str) -> str:
    """Hepburn romaji in lower case."""
    return romaniser().romaji(text.translate(UNASSIGNED)).lower()


LANGUAGE = Language(
    code="ja",
    name="Japanese",
    steps=(("romanisation", in_parts(romanise, " ")),),
    scripts=((0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xFF66, 0xFF9F)),
    sentence_ends="。！？｡．.!?…",
    clause_ends="、，；：､,;:",
    character_limit=71,
)
