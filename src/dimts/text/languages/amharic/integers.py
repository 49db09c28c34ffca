"""The last numeric step: every number that is still written in digits becomes words, with its ending.

Thousands separators are dropped, decimals are read digit by digit after ነጥብ, and letters that follow at once are
an ending (5ቱ, 21ኛው, 1960ዎቹ) if the grammar knows them as one, else a word of their own (5ኪሎ).
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER
from dimts.text.languages.amharic.money import AMOUNT


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that reads numbers."""
    leading_point = re.compile(r"(?<![0-9A-Za-z.])(?<![^\s\"'-])\.(?=[0-9])")
    number = re.compile(rf"({AMOUNT})({LETTER}*)(?=(\.{LETTER})?)")

    def words(amount: str) -> str:
        whole, _, decimals = amount.replace(",", "").partition(".")
        read = grammar.read(whole)
        return f"{read} {grammar.point} {grammar.one_by_one(decimals)}" if decimals else read

    def spoken(found: re.Match[str]) -> str:
        read, ending = words(found[1]), found[2]
        if not ending:
            return read
        joined = None if found[3] else grammar.attach(read, ending)
        return joined or f"{read} {ending}"

    return lambda text: number.sub(spoken, leading_point.sub("0.", text))
