"""Tigrinya numbers in words, and the endings that are written after digits.

ሓደ is said before ሚእቲ and ሽሕ. A compound's parts each take -ን, and ሚእቲ is then ሚእት: 127 is ሓደ ሚእትን ዕስራን ሸውዓተን;
the count of a scale word is a compound of its own (127,000 is ሓደ ሚእትን ዕስራን ሸውዓተን ሽሕ). Ordinals have forms of their
own up to ten, then መበል stands before the number.
"""

import re

DIGITS = ("ዜሮ", "ሓደ", "ክልተ", "ሰለስተ", "ኣርባዕተ", "ሓሙሽተ", "ሽዱሽተ", "ሸውዓተ", "ሸሞንተ", "ትሽዓተ")
TEN = "ዓሰርተ"
TENS = ("", TEN, "ዕስራ", "ሰላሳ", "ኣርብዓ", "ሓምሳ", "ሱሳ", "ሰብዓ", "ሰማንያ", "ቴስዓ")
HUNDRED = "ሚእቲ"
SCALES = ("", "ሽሕ", "ሚልዮን", "ቢልዮን", "ትሪልዮን", "ኳድሪልዮን")
MOST_DIGITS = 3 * len(SCALES)
_FIRST_ORDINALS = ("", "ቀዳማ", "ካልኣ", "ሳልሳ", "ራብዓ", "ሓሙሻ", "ሻድሻ", "ሻውዓ", "ሻምና", "ታሽዓ", "ዓስራ")
_FEMININE = ("", "ቀዳመ", "ካልአ", "ሳልሰ", "ራብዐ", "ሓሙሸ", "ሻድሸ", "ሻውዐ", "ሻምነ", "ታሽዐ", "ዓስረ")

ORDINALS = "(?:ይቲ|ይ|ኛ)(?![\u1200-\u135a])"
_ORDINAL = re.compile("(ይቲ|ይ|ኛ)ን?")


def _and(word: str) -> str:
    """A part inside a compound."""
    return word if word.endswith("ን ") else f"{word.removesuffix('ቲ') + 'ት' if word.endswith(HUNDRED) else word}ን"


def _below_thousand(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    parts = [f"{DIGITS[hundreds]} {HUNDRED}"] if hundreds else []
    if tens == 1 and ones:
        return [*parts, f"{TEN} {DIGITS[ones]}"]
    return [*parts, *[TENS[tens]] * (tens > 0), *[DIGITS[ones]] * (ones > 0)]


def _compound(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else " ".join([_and(part) for part in parts])


def cardinal(number: int) -> str:
    """The words of a number from 0 to 10^18 - 1."""
    if number < 10:
        return DIGITS[number]
    parts: list[str] = []
    for power in range(len(SCALES) - 1, 0, -1):
        group = number // 1000**power % 1000
        if group:
            parts.append(f"{_compound(_below_thousand(group))} {SCALES[power]}")
    return _compound([*parts, *_below_thousand(number % 1000)])


def one_by_one(digits: str) -> str:
    """The words of each digit."""
    return " ".join([DIGITS[int(digit)] for digit in digits])


def read(digits: str) -> str:
    """The words of an unsigned integer as written; with a leading zero, or too long, digit by digit."""
    if len(digits) > MOST_DIGITS or (digits[0] == "0" and len(digits) > 1):
        return one_by_one(digits)
    return cardinal(int(digits))


_CARDINALS = {word: number for number, word in enumerate((*DIGITS, TEN))}


def ordinal(words: str, feminine: bool = False) -> str:
    """An ordinal from a cardinal: ቀዳማይ, feminine ቀዳመይቲ, and from eleven on መበል with the number."""
    number = _CARDINALS.get(words, 0)
    if not number:
        return f"መበል {words}"
    return f"{_FEMININE[number]}ይቲ" if feminine else f"{_FIRST_ORDINALS[number]}ይ"


def attach(words: str, ending: str) -> str | None:
    """A number's words with the ending after its digits; None when the letters are no ending."""
    if found := _ORDINAL.fullmatch(ending):
        return ordinal(words, feminine=found[1] == "ይቲ") + ("ን" if ending.endswith("ን") else "")
    if ending in ("ታት", "ታትን"):
        return words.removesuffix("ን") + ending
    return inflect(words, ending)


def inflect(words: str, ending: str) -> str | None:
    """Any words with the -ን of "and" that was written after them; None for other letters."""
    if ending != "ን":
        return None
    return words if words.endswith("ን") else _and(words)
