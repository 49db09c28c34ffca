"""Dates, opened up for the last numeric step; no calendar is ever converted.

A month's name with day and year (ሰኔ 30/2014) becomes ሰኔ 30 ቀን 2014, for without ቀን the ear hears 32,014.

A date in digits alone (30/10/2014, 30-10-2014, 30.10.2014, 2014-10-30) is read as it stands, number after number
with a pause between, and its month is never named: the digits do not say whether they count Ethiopian or Gregorian
months.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER
from dimts.text.languages.amharic.money import either

_DIGITS = re.compile(r"(?<![0-9./-])([0-9]{1,4})([/.-])([0-9]{1,2})\2([0-9]{1,4})(?![0-9]|[/.-][0-9])")
LAST_DAY, LAST_MONTH, YEAR = 31, 13, 4  # Pagume is the thirteenth month; digits of a year


def _is_date(first: str, sign: str, middle: str, last: str) -> bool:
    if len(first) == YEAR:
        return len(last) < YEAR - 1 and 1 <= int(middle) <= LAST_MONTH and 1 <= int(last) <= LAST_DAY
    if len(last) != YEAR and (len(last) != 2 or sign != "/"):
        return False
    low, high = sorted((int(first), int(middle)))
    return len(first) < YEAR - 1 and 1 <= low <= LAST_MONTH and high <= LAST_DAY


def _read_in_turn(found: re.Match[str]) -> str:
    first, sign, middle, last = found.groups()
    if not _is_date(first, sign, middle, last):
        return found[0]
    return f"{int(first)}፣ {int(middle)}፣ {int(last)}"


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that opens up dates."""
    months = either(grammar.months)
    year = r"(?: ?/ ?([0-9]{4}|[0-9]{2})| ([0-9]{4}))(?![0-9]|[./,-][0-9])"
    prefixes = either((*grammar.glued, *grammar.apart))
    named = re.compile(
        rf"(?<!{LETTER})((?:{prefixes})?(?:{months})) ([0-9]{{1,2}}(?:(?: ?- ?|{grammar.until})[0-9]{{1,2}})?){year}"
    )

    days = re.compile(rf"(?<!{LETTER})({grammar.source} ?(?:{months}) [0-9]{{1,2}}) ?- ?(?=[0-9]{{1,2}}(?![0-9]))")

    to_month = re.compile(rf"(?<=[0-9]) ?- ?(?=(?:{months}) [0-9])")

    def day_and_year(found: re.Match[str]) -> str:
        return f"{found[1]} {found[2].lstrip('0')} {grammar.day} {int(found[3] or found[4])}"

    def dates(text: str) -> str:
        text = to_month.sub(grammar.until, text)
        text = days.sub(rf"\1{grammar.until}", text)
        return _DIGITS.sub(_read_in_turn, named.sub(day_and_year, text))

    return dates
