"""Money: the currency is moved behind the whole amount, scale word and all ($2.5 ሚሊዮን is 2.5 ሚሊዮን ዶላር).

The amount is read as it stands, so $5.50 is "five point five zero dollars", as exchange rates are read on the
radio; .00 is not said. A currency word that is written before its amount (ብር 500) moves too, unless it ends an
amount itself (100 ብር 50 ሳንቲም). A number grouped with spaces (10 000) is put together first.
"""

import re
from collections.abc import Callable, Iterable

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER

INTEGER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
AMOUNT = rf"{INTEGER}(?:\.[0-9]+)?"
_LATIN_SCALE = re.compile(r"([0-9]) ?([A-Za-z]+)")
_NO_CENTS = re.compile(r"\.0+(?![0-9])")
_SPACED = re.compile(r"(?<![0-9.,+-])[1-9][0-9]{0,2}(?: [0-9]{3}){1,5}(?![0-9]|[,.-][0-9]| [0-9])")


def either(words: Iterable[str]) -> str:
    """An alternation of words, the longest first."""
    return "|".join([re.escape(word) for word in sorted(words, key=len, reverse=True)])


def _unspaced(found: re.Match[str]) -> str:
    """10 000 as one number: a group that begins with a zero is no number of its own."""
    return found[0].replace(" ", "") if " 0" in found[0] else found[0]


class _Money:
    def __init__(self, grammar: Grammar) -> None:
        codes = either(name for name in grammar.currencies if name[-1].isalpha())
        signs = either(name for name in grammar.currencies if not name[-1].isalpha())
        dot = r"\.?"  # Br. 100; after an amount the dot ends the sentence
        sign = rf"((?<![A-Za-z])(?:{codes})\b{dot}|{signs})"
        scale = rf"(?: ?(?:{either(grammar.scales)})(?!{LETTER}|[A-Za-z]))"
        counted = rf"{AMOUNT}{scale}{{0,3}}(?: {INTEGER}{scale}{{1,3}}){{0,3}}"
        words, prefixes = either(grammar.leading), either((*grammar.glued, *grammar.apart))
        self.grammar = grammar
        until = rf"(?: ?- ?(?:{sign.replace('(', '(?:', 1)})? ?({AMOUNT}{scale}{{0,3}}))?"
        self.sign = re.compile(sign)
        self.before = re.compile(rf"([-−]?){sign} ?([-−]?)({counted}){until}({LETTER}*)")
        self.after = re.compile(rf"(?<![0-9.,])({counted}) ?{sign.replace(dot, '')}({LETTER}*)")
        self.word = re.compile(rf"(?<!{LETTER})((?:{prefixes})?)({words}) ?({counted})({LETTER}*)(?! ?(?:{words}))")
        self.counting = re.compile(rf"(?:[0-9]|(?:{either(grammar.scales.values())})) ?$")

    def __call__(self, text: str) -> str:
        text = _SPACED.sub(_unspaced, text)
        if self.sign.search(text):
            text = self.after.sub(self._kept, self.before.sub(self._moved, text))
        return self.word.sub(self._swapped, text)

    def _in_words(self, amount: str) -> str:
        amount = _NO_CENTS.sub("", amount)
        return _LATIN_SCALE.sub(lambda f: f"{f[1]} {self.grammar.scales.get(f[2], f[2])}", amount)

    def _named(self, amount: str, currency: str, ending: str) -> str:
        joined = self.grammar.inflect(currency, ending) if ending else currency
        return f"{self._in_words(amount)} {joined or f'{currency} {ending}'}"

    def _currency(self, written: str) -> str:
        return self.grammar.currencies.get(written) or self.grammar.currencies[written.rstrip(".")]

    def _moved(self, found: re.Match[str]) -> str:
        minus, sign, inner_minus, amount, until, ending = found.groups()
        amount = f"{self._in_words(amount)}-{until}" if until else amount
        apart = " " if found.string[found.start() - 1 : found.start()].isascii() else ""
        return f"{apart}{minus or inner_minus}{self._named(amount, self._currency(sign), ending)} "

    def _kept(self, found: re.Match[str]) -> str:
        return self._named(found[1], self._currency(found[2]), found[3]) + " "

    def _swapped(self, found: re.Match[str]) -> str:
        if self.counting.search(found.string[max(0, found.start() - 12) : found.start()]):
            return found[0]
        return found[1] + self._named(found[3], found[2], found[4]) + " "


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that moves currencies behind their amounts."""
    return _Money(grammar)
