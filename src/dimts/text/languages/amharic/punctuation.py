"""Punctuation and spaces: what is kept, how it is spaced, and what is dropped.

Kept: ። ፣ ፤ ፥ ፦ ፧ ፨ ! ? , . ; : - ' " … (none is mapped to another: the Latin marks that the base knows stay Latin).
"""

import re

KEPT = "።፣፤፥፦፧፨!?,.;:-'\"…"
_SPACES = re.compile(r"\s+")
_BEFORE = re.compile(r" +(?=[።፣፤፥፦፧፨!?,.;:…])")


def spaces(text: str) -> str:
    """One space between words, none before a mark or at the ends."""
    return _BEFORE.sub("", _SPACES.sub(" ", text)).strip()
