"""Long text to pieces that can be spoken in one go: at sentence ends, else clauses, else spaces, else hard."""

from collections.abc import Callable

from dimts.text.languages import find


def split(text: str, language: str, limit: int, length: Callable[[str], int] = len) -> list[str]:
    """Pieces with length(piece) <= limit; nothing is lost but spaces."""
    found = find(language)
    pieces: list[str] = []
    rest = text.strip()
    while rest:
        if length(rest) <= limit:
            return [*pieces, rest]
        end = _fit(rest, limit, length)
        for marks in (found.sentence_ends, found.clause_ends, " "):
            cut = max((i + 1 for i in range(end) if rest[i] in marks), default=0)
            if cut:
                end = cut
                break
        pieces.append(rest[:end].strip())
        rest = rest[end:].strip()
    return pieces


def _fit(text: str, limit: int, length: Callable[[str], int]) -> int:
    end = min(len(text), limit)
    while end > 1 and length(text[:end]) > limit:
        end -= 1
    return max(end, 1)
