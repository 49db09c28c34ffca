"""What a language declares about itself: its scripts, its sentence ends, and the steps that make its text speakable."""

from collections.abc import Callable
from dataclasses import dataclass

Step = tuple[str, Callable[[str], str]]  # (name shown by `dimts text`, pure function from text to text)


@dataclass(frozen=True)
class Language:
    """A language as the normaliser sees it; `languages/` holds one module for each."""

    code: str  # "am": names the tag [am]
    name: str  # "Amharic"
    steps: tuple[Step, ...]  # applied in order; together idempotent, but for the seventeen that follow upstream
    scripts: tuple[
        tuple[int, int], ...
    ]  # inclusive code point ranges of its letters: an extension gives a token to each
    sentence_ends: str = ".!?…"
    clause_ends: str = ",;:"
    character_limit: int = 250  # longest text spoken in one go
    abbreviations: tuple[str, ...] = ()  # words that end in a dot and no sentence, as written: "Dr.", "ዓ.ም."
    generic: bool = False  # it has no module of its own; `name` says what it gets
