"""What a text says aloud and what checks ask of it: its letters' scripts, its tokens in the vocabulary."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from dimts.data.filters import Said
from dimts.text.bpe import Tokenizer
from dimts.text.front import Front
from dimts.text.languages import OFFICIAL, primary_of

MOST_NAMED = 20  # letters of other scripts


@dataclass(frozen=True)
class Reader:
    """Reads the texts of one dataset."""

    front: Front
    language: str
    vocabulary: Path | None = None  # vocab.json, to count tokens with

    def said(self, text: str, cut: bool = False, score: float | None = None) -> Said:
        """Give what a clip's text says."""
        if text not in self._known:
            self._known[text] = self._read(text)
        return replace(self._known[text], cut=cut, alignment=score)

    def _read(self, text: str) -> Said:
        spoken = self.front.spoken(text, self.language)
        letters, foreign = self._letters(text, spoken)
        ids = self._tokenizer.encode_spoken(spoken, self.language) if self._tokenizer else None
        return Said(
            spoken,
            round(len(foreign) / len(letters), 4) if letters else 0.0,
            "".join(dict.fromkeys(foreign))[:MOST_NAMED],
            None if ids is None else len(ids),
            None if ids is None or self._tokenizer is None else ids.count(self._tokenizer.unknown_id),
        )

    def _letters(self, text: str, spoken: str) -> tuple[list[str], list[str]]:
        """All letters of a text, and those that the language does not write."""
        normalised = self.front.normalised(text, self.language) if self.front.backend else spoken
        letters = [c for c in (text if primary_of(self.language) in OFFICIAL else normalised) if c.isalpha()]
        own = self._own
        return letters, [letter for letter in letters if own and not own.match(letter)]

    @cached_property
    def _known(self) -> dict[str, Said]:
        return {}

    @cached_property
    def _own(self) -> re.Pattern[str] | None:
        scripts = self.front.language(self.language).scripts
        ranges = "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in scripts)
        return re.compile(f"[{ranges}]") if scripts else None

    @cached_property
    def _tokenizer(self) -> Tokenizer | None:
        return Tokenizer.read(self.vocabulary) if self.vocabulary else None
