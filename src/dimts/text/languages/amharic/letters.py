"""Ethiopic letters: which code points they are, and how a letter changes its vowel.

The block is laid out in rows of eight: a consonant with its seven orders (ä u i a e ɨ o) and an eighth, labialised
place; so a vowel is changed by arithmetic on the code point.
"""

import unicodedata

LETTERS = "\u1200-\u135a\u1380-\u138f\u2d80-\u2dde\uab01-\uab2e\U0001e7e0-\U0001e7fe"  # inside [ ] of a pattern
SCRIPTS = (
    (0x1200, 0x135A),
    (0x135D, 0x135F),  # marks of gemination and length
    (0x1380, 0x138F),
    (0x2D80, 0x2DDE),
    (0xAB01, 0xAB2E),
    (0x1E7E0, 0x1E7FE),
)
LETTER = f"[{LETTERS}]"
_POINTS = (chr(point) for first, last in SCRIPTS for point in range(first, last + 1))
ASSIGNED = "".join(letter for letter in _POINTS if unicodedata.category(letter) == "Lo")  # LETTERS without its gaps

FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, LABIAL = range(8)


def order(letter: str) -> int:
    """The vowel of a letter: 0 for the first order (ä) up to 6 for the seventh (o), 7 for the labialised one."""
    return ord(letter) & 7


def with_order(letter: str, new_order: int) -> str:
    """The same consonant with another vowel."""
    return chr(ord(letter) & ~7 | new_order)


def same_consonant(one: str, other: str) -> bool:
    """Whether two letters stand in the same row."""
    return ord(one) >> 3 == ord(other) >> 3
