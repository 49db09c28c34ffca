"""Digits to words for the languages of XTTS v2 that num2words serves, in upstream's order and with its quirks.

Order: separators of thousands go, then money, decimals, ordinals, whole numbers. Where upstream stops with an
exception (a number too large for its language), the digits are read one by one.
"""

import re
from dataclasses import dataclass
from functools import partial

from num2words import num2words

# UPSTREAM: the dot is any character ("1 000" matches too, but only dots are removed): test_thousands.
DOTS = re.compile(r"\b\d{1,3}(.\d{3})*(\,\d+)?\b")
COMMAS = re.compile(r"\b\d{1,3}(,\d{3})*(\.\d+)?\b")
# The look-behinds only save time: without them a long run of digits is scanned from each of its digits.
DECIMAL = re.compile(r"(?<![0-9])[0-9]+[.,][0-9]+")
WHOLE = re.compile(r"[0-9]+")
MONEY = tuple(
    (currency, re.compile(rf"{sign}[0-9.,]*[0-9]|(?<![0-9.,])[0-9.,]*[0-9]{sign}"))
    for currency, sign in (("GBP", "£"), ("USD", r"\$"), ("EUR", "€"))
)
FAILURES = (NotImplementedError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError)


@dataclass(frozen=True)
class Numbers:
    """How one language reads digits."""

    code: str  # as num2words knows it
    ordinal: re.Pattern[str] | None  # digits, then an ending
    cents: str = ", "  # what num2words puts between whole amount and cents
    thousands: re.Pattern[str] = DOTS
    decimals: bool = True

    def read(self, text: str) -> str:
        """The text with its digits as words."""
        text = self._without_separators(text)
        text = self._money(text)
        if self.decimals:
            text = DECIMAL.sub(self._decimal, text)
        if self.ordinal is not None:
            text = self.ordinal.sub(self._ordinal, text)
        return WHOLE.sub(self._whole, text)

    def _without_separators(self, text: str) -> str:
        separator = "," if self.thousands is COMMAS else "."
        return self.thousands.sub(lambda match: match.group().replace(separator, ""), text)

    def _money(self, text: str) -> str:
        # UPSTREAM: one amount that cannot be read ends the reading of money in the whole text: test_money.
        try:
            for currency, pattern in MONEY:
                text = pattern.sub(partial(self._amount, currency=currency), text)
        except FAILURES:
            pass
        return text

    def _amount(self, match: re.Match[str], currency: str) -> str:
        amount = float(re.sub(r"[^\d.]", "", match.group().replace(",", ".")))
        words = str(num2words(amount, to="currency", currency=currency, lang=self.code))
        # UPSTREAM: cut at the last ", " of the words, cents or not: test_money.
        return words.rpartition(self.cents)[0] or words if amount.is_integer() else words

    def _decimal(self, match: re.Match[str]) -> str:
        try:
            return str(num2words(float(match.group().replace(",", ".")), lang=self.code))
        except FAILURES:
            return WHOLE.sub(self._one_by_one, match.group())

    def _ordinal(self, match: re.Match[str]) -> str:
        try:
            return str(num2words(int(match.group(1)), ordinal=True, lang=self.code))
        except FAILURES:
            return match.group()

    def _whole(self, match: re.Match[str]) -> str:
        try:
            return str(num2words(int(match.group()), lang=self.code))
        except FAILURES:
            return self._one_by_one(match)

    def _one_by_one(self, match: re.Match[str]) -> str:
        names = {digit: str(num2words(int(digit), lang=self.code)) for digit in set(match.group())}
        return " ".join(names[digit] for digit in match.group())
