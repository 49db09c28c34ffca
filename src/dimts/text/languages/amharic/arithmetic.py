"""What stands between two numbers: ranges, scores, ratios, fractions, versions, powers and the signs of arithmetic.

5-10 is a range (ከ5 እስከ 10), 3-1 and 1-1 a score (3 ለ1), and 1-2 one as well where the sentence speaks of a match
and nothing is counted. 2/3 is a fraction, 24/7 and 1097/2011 are two numbers. 2.0.1 is a version, 1.000.000 a
number. The signs + - = × are read between numbers only, 1-2-3 is just three numbers, and "1, 2" and "1,2" stay
lists.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER, LETTERS
from dimts.text.languages.amharic.money import AMOUNT, either

_DOTTED = re.compile(r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?!\.?[0-9])")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_POWER = re.compile(rf"(?<![0-9.,])({AMOUNT})\^(-?[0-9]+)")
_SQUARED = re.compile(r"(?<=[A-Za-z])\^([23])(?![0-9])")
_FOOTNOTE = re.compile(r"\^-?[0-9]*")
_SLASH = re.compile(r"(?<=[0-9])[/⁄](?=[0-9])")
_CHAIN = re.compile(rf"(?<![0-9-]){AMOUNT}(?:-{AMOUNT}){{2,}}(?!-?[0-9])")
_RATIO = re.compile(r"(?<=[0-9]):(?=[0-9])")
BYTE, IP_PARTS = 255, 4
SMALL, FAMILIAR, LARGEST, SCORED = 10, 20, 1000, 100  # what still sounds as a fraction, or as a score
WINDOW = 100  # characters around a score in which a word may speak of a match


def _is_fraction(numerator: str, denominator: str) -> bool:
    if numerator[0] == "0" or denominator[0] == "0":
        return False
    above, below = int(numerator), int(denominator)
    return below > 1 and (above < below <= LARGEST or (below <= SMALL and below < above < FAMILIAR))


class _Arithmetic:
    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        prefixes = either((*grammar.glued, *grammar.apart))
        signs = re.escape("".join(sign for sign in grammar.operators if sign != "x"))
        self.rules = (
            (re.compile(r"\."), self._dots),
            (re.compile(r"\^"), self._powers),
            (re.compile("[/⁄]"), self._fractions),
            (re.compile("-"), self._ranges),
            (re.compile(f"[:xX{signs}#~≥≤]"), self._signs),
        )
        self.scored = re.compile(rf"(?<!{LETTER})[{grammar.joins}]?(?:{either(grammar.scores)})(?!{LETTER})")
        self.numbered = re.compile(rf"(?<!{LETTER})(?:{prefixes})?(?:{either(grammar.numbered)}) ?$")
        self.counted = re.compile(rf" ?(?:{either(grammar.counted)})")
        self.coded = re.compile(rf"(?:[A-Za-z]|(?<!{LETTER})(?:{prefixes})?(?:{either(grammar.coded)})) $")
        self.fraction = re.compile(
            r"(?<![0-9.,/⁄-])(?:([0-9]+)(?: | ?- ?))?([0-9]{1,4})([/⁄])([0-9]{1,4})(?![0-9]|[.,/⁄-][0-9])"
            rf"(?:{grammar.ordinals})?"
        )
        self.range = re.compile(
            rf"(?:(?<!{LETTER})({prefixes}) ?)?(?<![0-9.,-])({AMOUNT})((?:{grammar.ordinals})?) ?- ?"
            rf"({AMOUNT})((?:{grammar.ordinals})?)(?!-?[0-9])(?! ?=)"
        )
        self.minus = re.compile(rf"(?<=[0-9]) ?- ?(?={AMOUNT} ?=)")
        self.operator = re.compile(rf"(?<=[0-9]) ?([{signs}]) ?(?=[0-9])|(?<=[0-9{LETTERS}]) [xX] (?=[0-9])")
        self.unary = re.compile(rf"({either(grammar.unary)}) ?({AMOUNT})")

    def __call__(self, text: str) -> str:
        for sign, rule in self.rules:
            if sign.search(text):
                text = rule(text)
        return text

    def _dots(self, text: str) -> str:
        return _DOTTED.sub(self._dotted, text)

    def _powers(self, text: str) -> str:
        text = _POWER.sub(lambda found: self.grammar.power(found[1], found[2]), text)
        return _FOOTNOTE.sub(" ", _SQUARED.sub(lambda found: self.grammar.power("", found[1]) + " ", text))

    def _fractions(self, text: str) -> str:
        return _SLASH.sub(" ", self.fraction.sub(self._fraction, text))

    def _ranges(self, text: str) -> str:
        text = _CHAIN.sub(lambda found: found[0].replace("-", " "), text)
        return self.minus.sub(self.grammar.operators["−"], self.range.sub(self._range, text))

    def _signs(self, text: str) -> str:
        text = self.operator.sub(self._operator, _RATIO.sub(self.grammar.versus, text))
        return self.unary.sub(self._unary, text)

    def _unary(self, found: re.Match[str]) -> str:
        said = self.grammar.unary[found[1]].format(found[2])
        return f" {said}" if found.string[max(0, found.start() - 1) : found.start()].isalnum() else said

    def _dotted(self, found: re.Match[str]) -> str:
        parts = found[0].split(".")
        is_address = len(parts) == IP_PARTS and all(int(part[:4]) <= BYTE for part in parts)
        if _THOUSANDS.fullmatch(found[0]) and not is_address:
            return "".join(parts)
        return f" {self.grammar.point} ".join(parts)

    def _fraction(self, found: re.Match[str]) -> str:
        whole, above, sign, below = found.groups()
        before = found.string[max(0, found.start() - WINDOW) : found.start()]
        if not _is_fraction(above, below) or (sign == "/" and self.numbered.search(before)):
            return found[0]
        numerator, denominator = int(above), int(below)
        if whole and numerator < denominator:
            return self.grammar.mixed(whole, numerator, denominator)
        said = self.grammar.glyph.get((numerator, denominator)) if sign == "⁄" else None
        return (f"{whole} " if whole else "") + (said or self.grammar.fraction(numerator, denominator))

    def _range(self, found: re.Match[str]) -> str:
        prefix, first, mark, last, last_mark = found.groups()
        if self.coded.search(found.string[max(0, found.start() - WINDOW) : found.start()]):
            return f"{first} {last}"
        low, high = (float(number.replace(",", "")[:15]) for number in (first, last))
        if not last_mark and high < SCORED and low < SCORED and (low >= high or self._is_score(found, high)):
            return f"{prefix or ''}{first}{self.grammar.versus}{last}"
        return self.grammar.span(prefix or "", first + (mark or last_mark), last + last_mark)

    def _is_score(self, found: re.Match[str], high: float) -> bool:
        if self.counted.match(found.string, found.end()):
            return False
        around = found.string[max(0, found.start() - WINDOW) : found.end() + WINDOW]
        return high < FAMILIAR and self.scored.search(around) is not None

    def _operator(self, found: re.Match[str]) -> str:
        return self.grammar.operators[found[1] or "x"]


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that opens up what stands between numbers."""
    return _Arithmetic(grammar)
