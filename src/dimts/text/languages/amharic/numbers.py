"""Amharic numbers in words, and how an ending that is written after digits (or after an abbreviation) joins its word.

Every group is said in full, አንድ መቶ and አንድ ሺህ: a speaker in a hurry says መቶ and ሺህ, a careful one who reads digits
aloud says how many. Years are read as any other number (1995 is አንድ ሺህ ዘጠኝ መቶ ዘጠና አምስት). Above a million the words
are the short scale's: ሚሊዮን 10^6, ቢሊዮን 10^9, ትሪሊዮን 10^12, ኳድሪሊዮን 10^15. A number of more than 18 digits, or one
that begins with a zero, is read digit by digit. ሺዎች, ስልሳዎቹ, ሃምሳኛ, ዘጠነኛ and ሚሊዮንኛ are as the word list of
tesseract-ocr-amh has them.
"""

import re
from functools import cache

from dimts.text.languages.amharic.letters import (
    FIFTH,
    FIRST,
    FOURTH,
    LABIAL,
    SECOND,
    SEVENTH,
    SIXTH,
    order,
    same_consonant,
    with_order,
)

DIGITS = ("ዜሮ", "አንድ", "ሁለት", "ሦስት", "አራት", "አምስት", "ስድስት", "ሰባት", "ስምንት", "ዘጠኝ")
TENS = ("", "አሥራ", "ሃያ", "ሠላሳ", "አርባ", "ሃምሳ", "ስልሳ", "ሰባ", "ሰማንያ", "ዘጠና")
SCALES = ("", "ሺህ", "ሚሊዮን", "ቢሊዮን", "ትሪሊዮን", "ኳድሪሊዮን")
MOST_DIGITS = 3 * len(SCALES)

ORDINALS = "[ተነረደዘኘ]?ኛ"  # the ending may repeat the consonant before it: 2ኛ, 2ተኛ
_CLITICS = "[ንናምስማ]{0,3}"  # the object, "and", "also"
_NOUN = f"(?:ነት)?(?:ው|ዋ|ዬ|ዎ|ህ|ሽ|ዎች|ዎቹ|ዎቻችን|ዎቻቸው|ያችን|ያቸው)?{_CLITICS}"
_ORDINAL = re.compile(f"{ORDINALS}({_NOUN})")
_PLAIN = re.compile(_NOUN)
_ARTICLE = re.compile(f"ቱ({_CLITICS})")  # 20ቱ, written by the pattern of 5ቱ
# after a last consonant that takes the vowel of the ending: the rest of the ending (ቤቱ, ቤታችን, ቤቴ, ቤቶች, ቤቷ)
_CHANGED = {
    SECOND: re.compile(_CLITICS),
    FOURTH: re.compile(f"(?:ችን|ችሁ|ቸው){_CLITICS}"),
    FIFTH: re.compile(_CLITICS),
    SEVENTH: re.compile(f"(?:ች|ቹ|ቼ|ቻችን|ቻችሁ|ቻቸው){_CLITICS}"),
    LABIAL: re.compile(_CLITICS),
}
_MELTING = {"ው": SECOND, "ዋ": LABIAL, "ዎ": SEVENTH}  # after a consonant these are vowels on it


@cache
def _below_thousand(number: int) -> tuple[str, ...]:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = [DIGITS[hundreds], "መቶ"] if hundreds else []
    if rest == 10:
        words.append("አሥር")
    else:
        words += [TENS[tens]] * (tens > 0) + [DIGITS[ones]] * (ones > 0)
    return tuple(words)


def cardinal(number: int) -> str:
    """The words of a number from 0 to 10^18 - 1."""
    if number < 10:
        return DIGITS[number]
    words: list[str] = []
    for power in range(len(SCALES) - 1, -1, -1):
        group = number // 1000**power % 1000
        if group:
            words += _below_thousand(group)
            words += [SCALES[power]] * (power > 0)
    return " ".join(words)


def one_by_one(digits: str) -> str:
    """The words of each digit."""
    return " ".join([DIGITS[int(digit)] for digit in digits])


def read(digits: str) -> str:
    """The words of an unsigned integer as written."""
    if len(digits) > MOST_DIGITS or (digits[0] == "0" and len(digits) > 1):
        return one_by_one(digits)
    return cardinal(int(digits))


def ordinal(word: str) -> str:
    """An ordinal from a cardinal: the last consonant takes the first order before ኛ (አንደኛ, አሥረኛ), ኝ becomes ነ (ዘጠነኛ).

    A vowel stays (ሃያኛ, መቶኛ), and so do ሺህ and the loan words in -ዮን (ሚሊዮንኛ).
    """
    last = word[-1]
    if last == "ኝ":
        return f"{word[:-1]}ነኛ"
    if order(last) != SIXTH or word.endswith(("ሺህ", "ዮን")):
        return f"{word}ኛ"
    return f"{word[:-1]}{with_order(last, FIRST)}ኛ"


def attach(number: str, ending: str) -> str | None:
    """A number's words with the ending after its digits (5ቱ, 21ኛው); None when the letters are no ending."""
    if found := _ORDINAL.fullmatch(ending):
        return ordinal(number) + found[1]
    if (joined := inflect(number, ending)) is None and (found := _ARTICLE.fullmatch(ending)):
        return _plain(number, f"ው{found[1]}")
    return joined


def inflect(word: str, ending: str) -> str | None:
    """Any word with an ending that was written after it (ቤት + ቱ is ቤቱ); None when the letters are no ending."""
    last = word[-1]
    if order(last) == SIXTH and same_consonant(last, ending[0]):
        rest = _CHANGED.get(order(ending[0]))
        if rest and rest.fullmatch(ending[1:]):
            return word[:-1] + ending
    return _plain(word, ending) if _PLAIN.fullmatch(ending) else None


def _plain(word: str, ending: str) -> str:
    stem = word[:-1] if word.endswith("ሺህ") and ending[0] in _MELTING else word
    last = stem[-1]
    if ending[0] in _MELTING and order(last) == SIXTH:
        return stem[:-1] + with_order(last, _MELTING[ending[0]]) + ending[1:]
    return stem + ending
