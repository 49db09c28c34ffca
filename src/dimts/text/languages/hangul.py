"""Hangul syllables to Latin letters: Revised Romanisation in its academic form, which can be read back.

A hyphen stands before a syllable without initial consonant and wherever the letters between two vowels could be cut
in more than one way ("iss-seubnida").
"""

from functools import cache

FIRST, LAST = 0xAC00, 0xD7A3  # 가 .. 힣: 19 initials x 21 vowels x 28 finals
_INITIALS = "g|kk|n|d|tt|l|m|b|pp|s|ss||j|jj|ch|k|t|p|h"
_VOWELS = "a|ae|ya|yae|eo|e|yeo|ye|o|wa|wae|oe|yo|u|wo|we|wi|yu|eu|ui|i"
_FINALS = "|g|kk|gs|n|nj|nh|d|l|lg|lm|lb|ls|lt|lp|lh|m|b|bs|s|ss|ng|j|ch|k|t|p|h"
INITIALS, VOWELS, FINALS = (table.split("|") for table in (_INITIALS, _VOWELS, _FINALS))


def romanise(text: str) -> str:
    """The text with every Hangul syllable as Latin letters; everything else stays."""
    parts: list[str] = []
    final_before: str | None = None
    for letter in text:
        if not FIRST <= ord(letter) <= LAST:
            parts.append(letter)
            final_before = None
            continue
        initial, vowel, final = _parts(letter)
        hyphen = final_before is not None and (not initial or _ambiguous(final_before + initial))
        parts.append(("-" if hyphen else "") + initial + vowel + final)
        final_before = final
    return "".join(parts)


def _parts(syllable: str) -> tuple[str, str, str]:
    index = ord(syllable) - FIRST
    return INITIALS[index // 588], VOWELS[index // 28 % 21], FINALS[index % 28]


@cache
def _ambiguous(consonants: str) -> bool:
    cuts = range(len(consonants))  # UPSTREAM: the cut after the last letter does not count: test_hangul
    return sum(consonants[:cut] in FINALS and consonants[cut:] in INITIALS for cut in cuts) > 1
