"""The front end that sixteen of the seventeen XTTS v2 languages share; their modules hold only tables.

Text and ids must equal upstream's, so oddities stay: no Unicode normalisation, "Euro" keeps its capital in German,
and a sign is replaced wherever it stands. Japanese goes its own way (ja.py).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dimts.text.language import Language, Step
from dimts.text.languages.numbers import DOTS, Numbers

SIGNS = "&@%#$£°"  # each table names them in this order
LATIN = ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF))
SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Tables:
    """What tells one language from another."""

    signs: str  # names of SIGNS, split by "|"
    ordinals: str = ""  # endings of ordinals after digits, a regular expression
    abbreviations: Mapping[str, str] | None = None  # without their dot
    cents: str = ", "  # between whole amount and cents in num2words
    thousands: re.Pattern[str] = DOTS
    abbreviation_end: str = r"\."
    decimals: bool = True


def declare(code: str, name: str, tables: Tables, limit: int, scripts: tuple[tuple[int, int], ...] = LATIN) -> Language:
    """A language that upstream's cleaner reads, from its tables; `limit` in characters is upstream's."""
    return Language(
        code=code,
        name=name,
        steps=(("quotes and case", lower), ("numbers", numbers(code, tables)), *words(tables)),
        scripts=scripts,
        character_limit=limit,
        abbreviations=tuple(f"{short}." for short in tables.abbreviations or ()),
    )


def numbers(code: str, tables: Tables) -> Callable[[str], str]:
    """The step that reads digits with num2words."""
    ordinal = re.compile(rf"(?<![0-9])([0-9]+)(?:{tables.ordinals})")
    return Numbers(code, ordinal, tables.cents, tables.thousands, tables.decimals).read


def words(tables: Tables) -> tuple[Step, ...]:
    """The steps after the numbers: abbreviations, signs, spaces."""
    end, table = tables.abbreviation_end, tables.abbreviations or {}
    short = [(re.compile(rf"\b{word}{end}", re.IGNORECASE), long) for word, long in table.items()]
    names = {ord(sign): f" {spoken} " for sign, spoken in zip(SIGNS, tables.signs.split("|"), strict=True)}

    def abbreviations(text: str) -> str:
        for pattern, long in short:
            text = pattern.sub(long, text)
        return text

    return ("abbreviations", abbreviations), ("signs", lambda text: text.translate(names)), ("spaces", one_space)


def lower(text: str) -> str:
    """Lower case, without double quotes."""
    return text.replace('"', "").lower()


def one_space(text: str) -> str:
    """One space for every run of white space, none at the ends."""
    return SPACES.sub(" ", text).strip()
