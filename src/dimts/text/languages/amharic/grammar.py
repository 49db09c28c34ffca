"""What a language says for each written thing: the words that the shared patterns ask for.

Every step but the last numeric one only rewrites: `$5` to `5 ዶላር`, `5-10` to `ከ5 እስከ 10`, `8:20` to `8 ሰዓት ከ20
ደቂቃ`. So most of a grammar is written forms that still hold digits, and `integers` alone turns digits into words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


def listed(words: str) -> tuple[str, ...]:
    """Words that are written in one line, parted by spaces."""
    return tuple(words.split())


@dataclass(frozen=True)
class Grammar:
    """The words of one language; `am.py` and `ti.py` hold one each."""

    read: Callable[[str], str]  # digits as written -> words
    one_by_one: Callable[[str], str]  # digits -> the word of each
    attach: Callable[[str, str], str | None]  # number words, letters written after -> both joined; None: no ending
    inflect: Callable[[str, str], str | None]  # the same for words that are no numbers
    ordinal: str  # ending that marks an ordinal after digits: ኛ
    ordinals: str  # pattern of that ending as it may be written: [ተነረደ]?ኛ
    glued: tuple[str, ...]  # prefixes written onto a number
    apart: tuple[str, ...]  # prefixes that keep a space before a number
    joins: str  # the one-letter prefixes that are pulled onto a number across a space

    point: str  # ነጥብ
    minus: str  # of a negative number
    plus: str
    percent: str
    per_mille: str
    number: str  # the word for "number": #5, No. 5
    degree: str
    numbered: tuple[str, ...]  # words after which 5/12 is no fraction
    coded: tuple[str, ...]  # words after which 3-1234 is no range (plates), as after a Latin word (Boeing 737-800)
    operators: Mapping[str, str]  # between two numbers: "+" -> " ሲደመር "
    unary: Mapping[str, str]  # before one number: ">" -> "ከ{} በላይ"

    span: Callable[[str, str, str], str]  # prefix, first, last -> a range
    source: str  # the prefix of the start of a range: ከ
    until: str  # between its two ends: " እስከ "
    versus: str  # between the sides of a score or a ratio: " ለ"
    scores: tuple[str, ...]  # words that make 1-2 a score and not a range
    counted: tuple[str, ...]  # how words begin that a range counts, even there: 1-2 ሰዓት
    fraction: Callable[[int, int], str]  # numerator, denominator
    mixed: Callable[[str, int, int], str]  # whole, numerator, denominator
    glyph: Mapping[tuple[int, int], str]  # ½ alone
    power: Callable[[str, str], str]  # base, exponent

    months: tuple[str, ...]
    day: str  # said between the day and the year: ቀን
    hour: str  # ሰዓት
    dayparts: tuple[str, ...]  # words before a time written with a dot: ከጠዋቱ 2.30
    clock: Callable[[str, int, int, int | None], str]  # prefix, hour, minute, second
    verse: str  # "ምዕራፍ {} ቁጥር {}"

    currencies: Mapping[str, str]  # symbol or code -> word
    leading: tuple[str, ...]  # currency words that are also written before the amount: ብር 500
    scales: Mapping[str, str]  # written scale -> word
    units: Mapping[str, str]  # unit after a number -> words
    symbols: Mapping[str, str]  # & @ # + = where they are symbols
    web: Mapping[str, str]  # signs inside addresses
    digit_contexts: tuple[str, ...]  # words after which a number is read digit by digit: ስልክ ቁጥር
    names: Mapping[str, str]  # Latin letter -> its name
