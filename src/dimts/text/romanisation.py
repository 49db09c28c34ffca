"""A token of any script in the letters that a base knows: what the rows of a new vocabulary start from.

Ethiopic is pronounced by rule, IPA and accented letters have their plain ones, and letters of other scripts go by
their Unicode name up to its first vowel (ბ is "ba", க is "ka"): rough, but nearer than nothing.
"""

import re
import unicodedata
from collections.abc import Collection

from dimts.text.g2p import ETHIOPIC, LATIN, RULED, romanise

IPA = {sound: letters for sound, letters in LATIN.items() if not sound.isascii()}  # a plain j may be a j of spelling
IPA_PARTS = re.compile("|".join(sorted(IPA, key=len, reverse=True)))
MARKS = {  # a word in the name of a mark, and the mark that the base has for it
    "SEMICOLON": ";", "COLON": ":", "COMMA": ",", "QUESTION": "?", "EXCLAMATION": "!", "STOP": ".", "DANDA": ".",
    "PARAGRAPH": ".", "SECTION": ".", "ELLIPSIS": ".", "QUOTATION": "'", "DASH": "-", "HYPHEN": "-",
}  # fmt: skip
NAME = re.compile(r".* (?:LETTER|SYLLABLE|SIGN) (?:[A-Z]+ )*?([B-DF-HJ-NP-TV-Z]*[AEIOU]?)[A-Z]*(?: WITH .*)?")


def in_letters_of(known: Collection[str], token: str, language: str) -> str:
    """Spell a token in known characters as it sounds; "" where nothing is known of it. Known characters stay."""
    ruled = language if language in RULED else "am"
    strange = any(letter not in known for letter in token)
    spelled = ETHIOPIC.sub(lambda part: romanise(part[0], ruled), token) if strange else token
    spelled = IPA_PARTS.sub(lambda sound: sound[0] if sound[0] in known else IPA[sound[0]], spelled)
    return "".join(letter if letter in known else _plain(letter, known) for letter in spelled)


def _plain(letter: str, known: Collection[str]) -> str:
    """Give the nearest known characters of one that is not known."""
    taken_apart = "".join(part for part in unicodedata.normalize("NFKD", letter).lower() if part in known)
    if taken_apart:
        return taken_apart
    name = unicodedata.name(letter, "")
    if unicodedata.category(letter)[0] in "PS":
        return next((mark for word, mark in MARKS.items() if word in name and mark in known), "")
    found = NAME.fullmatch(name) if unicodedata.category(letter) != "Lm" else None
    return "".join(part for part in found[1].lower() if part in known) if found else ""
