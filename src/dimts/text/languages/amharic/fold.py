"""Homophones: Amharic letters that sound alike become one, so that the model meets fewer rare characters.

The last lexical step, for the model's text only; what is shown keeps its spelling. Amharic alone: Tigrinya says ሐ
and ዐ. Folded: ሐ ኀ and the orders of ኸ that sound as plain h (all but the first, whose vowel is ä) with ሀ, the
first and fourth orders of h as one "ha"; ዐ with አ, their first and fourth orders as one "a"; ሠ with ሰ; ፀ with ጸ; ሗ
and ዃ with ኋ, likewise ዂ ዄ ዅ. Never ኸ (hä) or ኧ (ä), and never the other labialised letters, which are sounds of
their own.
"""

from dimts.text.languages.amharic.letters import FOURTH


def _rows() -> dict[str, str]:
    pairs: dict[str, str] = {}
    for source, target, orders in (("ሐ", "ሀ", 7), ("ኀ", "ሀ", 7), ("ዐ", "አ", 7), ("ሠ", "ሰ", 8), ("ፀ", "ጸ", 7)):
        pairs |= {chr(ord(source) + n): chr(ord(target) + n) for n in range(orders)}
    pairs |= {chr(ord("ኸ") + n): chr(ord("ሀ") + n) for n in range(1, 7)}
    pairs |= dict(zip("ሗዃዀዂዄዅ", "ኋኋኈኊኌኍ", strict=True))
    for row, one in (("ሀ", "ሀ"), ("ሐ", "ሀ"), ("ኀ", "ሀ"), ("ኸ", "ሀ"), ("አ", "አ"), ("ዐ", "አ")):
        pairs[chr(ord(row) + FOURTH)] = one
    return pairs


PAIRS = _rows()
_TABLE = str.maketrans(PAIRS)


def fold(text: str) -> str:
    """Write every homophone in its one form."""
    return text.translate(_TABLE)
