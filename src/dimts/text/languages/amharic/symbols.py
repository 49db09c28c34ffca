"""Signs between words: & @ # + = are said where they are signs, every other one becomes a space.

By now no digit is left. A sign with a word on both sides is said (ሀ & ለ), # and @ before a word, + also after one
(ሲ++); at an edge, doubled or alone it is an ornament. Currency signs alone are said. The slash stays, for
abbreviations.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTERS
from dimts.text.languages.amharic.money import either

_WORD = rf"[{LETTERS}A-Za-z]"
_ORNAMENT = re.compile(r"[^\w\s።፣፤፥፦፧፨!?,.;:\-'\"…/\u0300-\U0010ffff]|[_×÷±≈≤≥≠°−€£¥₹¢‰⁄፩-፼]")


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that says signs or drops them."""
    between = re.compile(rf"(?<={_WORD}) *([&=+@]) *(?={_WORD})")
    before = re.compile(rf"([#@])(?={_WORD})")
    after = re.compile(rf"(?<={_WORD})(\+{{1,2}})(?=\s|$|[።፣፤፥፦፧፨!?,.;:])")
    signs = either(name for name in grammar.currencies if not name[-1].isalpha())
    currency = re.compile(rf"((?<![{LETTERS}])[{grammar.joins}])?({signs})")

    def said(found: re.Match[str]) -> str:
        return f" {grammar.symbols[found[1]]} "

    def symbols(text: str) -> str:
        if _ORNAMENT.search(text) is None:
            return text
        text = before.sub(said, between.sub(said, text))
        text = after.sub(lambda found: f" {grammar.plus}" * len(found[1]) + " ", text)
        text = currency.sub(lambda found: f"{found[1] or ' '}{grammar.currencies[found[2]]} ", text)
        return _ORNAMENT.sub(" ", text)

    return symbols
