"""The default for a language that has no module: Unicode and spaces are put in order, nothing is spelled out.

Numbers stay digits here: reading them in a language that we do not know would be a guess.
"""

import re
import unicodedata

from dimts.text.language import Language

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
SPACES = re.compile(r"\s+")


def language(code: str) -> Language:
    """A language that declares nothing but its code."""
    return Language(
        code=code,
        name=f"{code} (generic: no rules of its own)",
        steps=(("unicode", tidy), ("lower case", str.lower), ("unicode again", tidy)),
        scripts=(),
        sentence_ends=".!?…።፧。！？।॥؟۔",
        clause_ends=",;:፣፤፥，、；：،؛",
        generic=True,
    )


def tidy(text: str) -> str:
    """NFC, without joiners and direction marks, one space between words, none at the ends."""
    return SPACES.sub(" ", INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()
