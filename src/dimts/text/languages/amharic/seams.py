"""Seams between digits and letters: prefixes are joined to a number, other words set apart from it.

በ1995 keeps its prefix and በ 1995 gains it; ክፍል5 and MP3 are parted; in 3ለ1 the letter between belongs to the
second number. What follows a number (5ቱ, 5ኪሎ) is for `integers` to judge. A hyphen between a letter and a number
is no minus (COVID-19, በ-5, but ከ-5° is below zero); one after a space is, and so is − always.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER, LETTERS
from dimts.text.languages.amharic.money import either

_ENGLISH_ORDINAL = re.compile(r"(?<=[0-9]) ?(?:st|nd|rd|th)(?![A-Za-z])")
_LATIN = re.compile("[A-Za-z]")
_LATIN_LEFT = re.compile(r"(?<=[A-Za-z])-?(?=[0-9])")
_LATIN_RIGHT = re.compile(r"(?<=[0-9])-?(?=[A-Za-z])")
_HYPHEN = re.compile(rf"(?<=[0-9])-(?={LETTER})")
_BETWEEN = re.compile(rf"(?<=[0-9])({LETTER}+)(?=[0-9])")
_MINUS = re.compile(r"(?:(?<=[\s\"'=×÷+<>≤≥:፦])|^)[-−](?=[0-9])")
_TRUE_MINUS = re.compile(r"(?<![0-9])−(?=[0-9])")


class _Seams:
    def __init__(self, grammar: Grammar) -> None:
        words = either((*grammar.glued, *grammar.apart))
        self.ordinal = grammar.ordinal
        self.minus = f"{grammar.minus} "
        self.glued = frozenset(grammar.glued)
        self.pull = re.compile(rf"(?<![{LETTERS}0-9])([{grammar.joins}]) +(?=[0-9])")
        self.pull_ordinal = re.compile(rf"(?<=[0-9])[ -](?={grammar.ordinals})")
        self.below_zero = re.compile(rf"(?<={LETTER})-(?=[0-9.]+ {grammar.degree})")
        self.left = re.compile(rf"(?<![{LETTERS}0-9])({LETTER}+)-?(?=[0-9])")
        self.bridge = re.compile(rf"(?<=[0-9])({words})(?=[0-9])")

    def __call__(self, text: str) -> str:
        if _LATIN.search(text):
            text = _ENGLISH_ORDINAL.sub(self.ordinal, text)
            text = _LATIN_RIGHT.sub(" ", _LATIN_LEFT.sub(" ", text))
        if "-" in text or "−" in text:
            text = self.below_zero.sub("−", text)
            text = _TRUE_MINUS.sub(self.minus, _MINUS.sub(self.minus, text))
        text = self.bridge.sub(r" \1", self.pull.sub(r"\1", text))
        text = _BETWEEN.sub(r"\1 ", text)
        text = _HYPHEN.sub("", self.pull_ordinal.sub("", text))
        return self.left.sub(lambda found: found[1] if found[1] in self.glued else f"{found[1]} ", text)


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that joins and parts digits and letters."""
    return _Seams(grammar)
