"""The default for a language that has no module: Unicode and spaces are put in order, and case.

Numbers are read where num2words knows the language, in the European way (1.500,25); elsewhere digits stay digits:
reading them would be a guess. The language's name says what it gets.
"""

import re
import unicodedata

from num2words import CONVERTER_CLASSES

from dimts.text.language import Language, Step
from dimts.text.languages.numbers import Numbers

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
SPACES = re.compile(r"\s+")


def language(code: str) -> Language:
    """A language that declares nothing but its code."""
    counted = code in CONVERTER_CLASSES
    numbers: tuple[Step, ...] = (("numbers", Numbers(code, ordinal=None).read),) if counted else ()
    return Language(
        code=code,
        name=f"{code} (no rules of its own{', numbers by num2words' if counted else ', digits stay digits'})",
        steps=(("unicode", tidy), *numbers, ("lower case", str.lower), ("unicode again", tidy)),
        scripts=(),
        sentence_ends=".!?…።፧。！？।॥؟۔",
        clause_ends=",;:፣፤፥，、；：،؛",
        generic=True,
    )


def tidy(text: str) -> str:
    """NFC, without joiners and direction marks, one space between words, none at the ends."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", INVISIBLE.sub("", text))).strip()
