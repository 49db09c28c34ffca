"""Telephone and account numbers, which are read digit by digit: each digit is set apart for the last numeric step.

Ethiopian shapes: +251 911 234567, 251911234567, 0911-23-45-67, 011 551 7700; other countries after a +; and any
number of three digits or more right after a word such as ስልክ ቁጥር or ሂሳብ ቁጥር.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar

_SEP = "[ -]?"
_SHAPES = (
    rf"(?<![0-9.,+])(?P<plus>\+?)(?P<one>251{_SEP}(?:0{_SEP})?[1-9](?:{_SEP}[0-9]){{8}})(?![0-9])",
    r"(?<![0-9.,])(?P<abroad>\+)(?P<two>[1-9][0-9]{0,2}(?:[ -]{1,3}[0-9]{1,5}){2,5}|[1-9][0-9]{9,13})(?![0-9])",
    rf"(?<![0-9.,+])(?P<three>0[1-9](?:{_SEP}[0-9]){{8}})(?![0-9])",
)
_FEWEST = 8  # digits of a number after +


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that sets apart the digits of telephone and account numbers."""
    words = "|".join(sorted(grammar.digit_contexts, key=len, reverse=True))
    context = rf"(?P<word>(?:{words})[፦:.]? ?)(?P<four>[0-9](?:{_SEP}[0-9]){{2,14}})(?![0-9.,:/%]|-[0-9]| ?ብር)"
    shape = re.compile("|".join((*_SHAPES, context)))

    def apart(found: re.Match[str]) -> str:
        number = found["one"] or found["two"] or found["three"] or found["four"]
        digits = re.sub("[^0-9]", "", number)
        if found["two"] and len(digits) < _FEWEST:
            return found[0]
        plus = f"{grammar.plus} " if found["plus"] or found["abroad"] else ""
        return (found["word"] or "") + plus + " ".join(digits)

    return lambda text: shape.sub(apart, text)
