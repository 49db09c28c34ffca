"""Amharic: text as a careful speaker would read it aloud, in the letters that the tokenizer sees."""

import re
import unicodedata

from dimts.text.language import Language
from dimts.text.languages.amharic import fold, letters, numbers, punctuation

_NUMBER = re.compile(r"[0-9]+")
_ODD = re.compile(rf"[^{letters.LETTERS}{re.escape(punctuation.KEPT)}A-Za-z0-9\s]")


def _unicode(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("፡፡", "።").replace("፡", " ")
    return _ODD.sub(" ", text)


def _numbers(text: str) -> str:
    return _NUMBER.sub(lambda found: numbers.read(found[0]), text)


LANGUAGE = Language(
    code="am",
    name="Amharic",
    steps=(("unicode", _unicode), ("numbers", _numbers), ("fold", fold.fold), ("spaces", punctuation.spaces)),
    scripts=letters.SCRIPTS,
    sentence_ends="።፧፨!?.…",
    clause_ends="፣፤፥፦,;:",
    character_limit=250,
)
