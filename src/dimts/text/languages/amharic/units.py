"""Units, percent and degrees after a number: the sign becomes its words, the number stays for the last numeric step.

Dotted Ethiopic units (ኪ.ሜ) are abbreviations everywhere; the forms here need a number before them, since a bare ሜ
or m may be anything.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER
from dimts.text.languages.amharic.money import either

_SIGN_TWICE = re.compile(r"(?<=[0-9]) ?([%°]) ?(- ?[0-9.]+ ?\1)")  # 10%-20%


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that reads units after numbers."""
    signs = {"%": grammar.percent, "‰": grammar.per_mille, "°": grammar.degree}
    sign = re.compile(rf"(?<=[0-9]) ?([%‰°])(?![A-Za-z])({LETTER}*)")
    unit = re.compile(
        rf"(?<=[0-9]) ?({either(grammar.units)})(?![A-Za-z0-9^/]|\.{LETTER})({LETTER}*)(\.(?= {LETTER}))?"
    )

    def named(words: str, ending: str) -> str:
        joined = grammar.attach(words, ending) if ending else words
        return f" {joined or f'{words} {ending}'}"

    def measured(found: re.Match[str]) -> str:
        if found[2] and not found[1].isascii():
            return found[0]  # a longer word that only begins like the unit
        dot = found[3] if found[3] and found[1].isascii() else ""  # 5 ሜ. goes on
        return named(grammar.units[found[1]], found[2]) + dot

    def units(text: str) -> str:
        text = _SIGN_TWICE.sub(r"\2", text)
        text = unit.sub(measured, text)
        return sign.sub(lambda found: named(signs[found[1]], found[2]), text)

    return units
