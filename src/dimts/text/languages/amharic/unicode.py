"""The first step: any Unicode string becomes letters, ASCII digits, plain signs and single spaces.

A table made as characters come up maps each one alone: compatibility forms are taken apart (ﬁ, ℃, ㎞), digits of
every script become ASCII, Latin letters lose their accents, joiners, bidi controls and stray accents vanish,
dashes and quotes become plain, other signs a space. Fractions are set apart before anything else sees them (2½ is
"2 1⁄2", not 21/2), and superscripts are marked (5² is 5^2). Then ፡ is a space, ፡፡ is ።, ፡- is ፦, and between
digits ፡ is the colon of a clock.

The Ethiopic combining marks U+135D-135F (gemination, length) are dropped, since no ordinary text has them; with
`keep_marks` they stay, for a lexicon that marks gemination in G2P mode.
"""

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction

from dimts.text.languages.amharic.letters import ASSIGNED, LETTERS

MARKS = "\u135d\u135e\u135f"
_PLAIN = re.compile(rf"[^{ASSIGNED}።፣፤፥፦፧፨!?,.;:\-'\"…A-Za-z0-9 ]")
_KEPT = "።፣፤፥፦፧፨፡…×÷±≈≤≥≠°−€£¥₹¢‰⁄" + "".join(chr(n) for n in range(0x1369, 0x137D))
_GIVEN = (
    dict.fromkeys("\u2010\u2011\u2012\u2013\ufe58\ufe63\uff0d", "-")
    | dict.fromkeys("\u2014\u2015", " - ")
    | dict.fromkeys("“”„‟«»〝〞＂「」『』《》〈〉", '"')
    | dict.fromkeys("‘’‚‛‹›`´ʼʹʻʽˈ′", "'")
    | dict.fromkeys("؟՞", "?")
    | dict.fromkeys("،、", ",")
    | {"؛": ";", "。": ".", "۔": ".", "।": ".", "॥": ".", "˚": "°", "º": "°", "∕": "/", "∶": ":", "№": " # "}
    | {"℃": "°C", "℉": "°F", "″": '"', "∼": "~", "⟨": " ", "\u1360": " ", "\u2026": "…", "‥": "…"}
)
_LETTER_NAMES = {"SHARP": "ss", "DOTLESS": "i", "ENG": "ng", "ETH": "d", "THORN": "th", "SCHWA": "e"}
_LETTER_NAMES |= {"ESH": "sh", "EZH": "zh"}
_LATIN = re.compile(r"LATIN (?:SMALL|CAPITAL|LETTER)(?: CAPITAL)?(?: LETTER| LIGATURE)? (\w+)(?: (\w)(?!\w))?")
_ACCENTS = (
    (0x0300, 0x036F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE2F),
    (0xE0100, 0xE01EF),
)


def _numeral(char: str) -> str:
    value = Fraction(unicodedata.numeric(char)).limit_denominator(1000)
    if unicodedata.decomposition(char).startswith("<super>"):
        return f"^{value}"
    if unicodedata.decomposition(char).startswith("<sub>"):
        return str(value)
    if value.denominator > 1:
        return f" {value.numerator}⁄{value.denominator}"
    return f" {value.numerator} "


def _latin(char: str) -> str | None:
    """The plain letters of a Latin letter with its accents; None for other scripts."""
    base = unicodedata.normalize("NFKD", char)[0]
    if base.isascii() and base.isalpha():
        return base
    name = unicodedata.name(char, "")
    if not name.startswith("LATIN"):
        return None
    found = _LATIN.match(name)
    if found is None:
        return "e"
    word = (found[2] or found[1]).lower()
    return _LETTER_NAMES.get(found[1], word if len(word) <= 2 else word[0])


def _letter(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    if plain != char:
        return "".join([_mapped(part) for part in plain])
    if re.match(rf"[{LETTERS}]", char):
        return char
    latin = _latin(char)
    if latin is not None:
        return latin
    return " " if 0x02B0 <= ord(char) <= 0x02FF else char


def _accent(char: str) -> str:
    return "" if char in MARKS or any(low <= ord(char) <= high for low, high in _ACCENTS) else char


def _sign(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    return " " if plain == char else "".join([_mapped(part) for part in plain])


def _mapped(char: str) -> str:
    """What one character becomes."""
    if char in "()[]{}":
        return " "
    if char in _KEPT or (char.isascii() and char.isprintable()):
        return char
    if char in _GIVEN:
        return _GIVEN[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    by_category: dict[str, Callable[[str], str]] = {"N": _numeral, "L": _letter, "M": _accent}
    if category in ("Cf", "Me"):
        return ""
    return by_category.get(category[0], _sign)(char)


class _Table(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = _mapped(chr(code))
        return self[code]


_DROPPING = _Table()
_KEEPING = _Table({ord(mark): mark for mark in MARKS})

_WORDSPACE = re.compile(r"፡\s*፡|::")
_INTRODUCES = re.compile(r"[፡:]-")
_COLON = re.compile(r"(?<=[0-9])፡(?=[0-9])")
_GROUPED = re.compile(r"(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_SPACES = re.compile(r"\s+")


def _unspaced(text: str) -> str:
    text = _COLON.sub(":", text)
    text = _INTRODUCES.sub("፦", _WORDSPACE.sub("።", text))
    return text.replace("፡", " ")


def step(keep_marks: bool = False) -> Callable[[str], str]:
    """The step that cleans Unicode; `keep_marks` keeps U+135D-135F."""
    table = _KEEPING if keep_marks else _DROPPING

    def clean(text: str) -> str:
        if _PLAIN.search(text):
            text = unicodedata.normalize("NFC", _GROUPED.sub("", text))
            text = unicodedata.normalize("NFC", text.translate(table))
        if "፡" in text or ":" in text:
            text = _unspaced(text)
        return _SPACES.sub(" ", text).strip()

    return clean
