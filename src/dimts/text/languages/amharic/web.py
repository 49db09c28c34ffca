"""Addresses of mail and of the web, opened up so that the later steps can read their parts.

The scheme is not said; the signs inside are (አት, ነጥብ, ስላሽ); a sentence's mark after an address stays outside it.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar

_ENDS = "com|org|net|edu|gov|info|et|er|tv|io|me|uk"
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9._%+/-])(?:"
    r"https?://[^\s\"'<>]+"
    r"|[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
    r"|www\.[^\s\"'<>]+"
    rf"|[A-Za-z0-9][A-Za-z0-9-]*\.(?:[A-Za-z0-9-]+\.)*(?:{_ENDS})(?![A-Za-z0-9-]|\.[A-Za-z0-9])(?:/[^\s\"'<>]*)?"
    r")"
)
_SCHEME = re.compile(r"https?://")
_LATIN_ONLY = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%^|{}\\-]*")
_CLOSING = ".,;:!?"
_SIGN = re.compile(r"[^A-Za-z0-9]")


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that opens up addresses."""

    def spoken(found: re.Match[str]) -> str:
        inside = _LATIN_ONLY.match(found[0])
        address = inside[0] if inside else ""
        rest = found[0][len(address) :]
        trimmed = _SCHEME.sub("", address).rstrip(_CLOSING)
        closing = address[len(address.rstrip(_CLOSING)) :]
        words = _SIGN.sub(lambda sign: f" {grammar.web.get(sign[0], '')} ", trimmed.rstrip("/"))
        return words + closing + rest

    return lambda text: _ADDRESS.sub(spoken, text) if "." in text or "@" in text else text
