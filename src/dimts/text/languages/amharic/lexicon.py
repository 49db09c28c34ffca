"""A pronunciation lexicon: a file of words and how they are spoken, which applies to every text.

A line is `word<TAB>spoken`. An Ethiopic word is looked up as a whole, homophones alike, after numbers and
abbreviations are spelled out, so it also changes what they brought (ሺህ, ሃምሳ). Anything else (COVID-19, 4G, Wi-Fi)
is looked up in the text as written, before digits and Latin letters are touched. Spoken forms may mark gemination
with U+135F; the model's text drops the marks, G2P keeps them.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from dimts.errors import TextError
from dimts.text.languages.amharic.money import either
from dimts.text.languages.amharic.table import SPOKEN, WORD, lines_of

_MARKS = re.compile("[\u135d-\u135f]")
SHORTEST_STEM = 3  # letters of a word that is known after a prefix too
LONGEST_SPOKEN = 200  # letters; beyond it an entry leads back to itself


def read(path: Path) -> dict[str, str]:
    """The words of a file and their spoken forms; empty and # lines are skipped. TextError for a bad line."""
    words: dict[str, str] = {}
    for number, line in lines_of(path):
        word, _, spoken = (part.strip() for part in line.partition("\t"))
        if not word or not SPOKEN.fullmatch(spoken):
            raise TextError(f"{path}, line {number}: expected a word, a tab, and its spoken form in Ethiopic letters")
        words[word] = spoken
    return words


class _Words:
    """Ethiopic words as the lexicon has them; a word of three letters or more also after a one-letter prefix."""

    def __init__(self, own: Mapping[str, str], fold: Callable[[str], str], prefixes: str) -> None:
        self.own, self.fold, self.prefixes = dict(own), fold, prefixes
        self.own = {word: self._settled(word) for word in own}

    def __call__(self, text: str) -> str:
        return WORD.sub(self._said, text) if self.own else text

    def _said(self, found: re.Match[str]) -> str:
        word = self.fold(found[0])
        if said := self.own.get(word):
            return said
        stem = word[1:] if word[0] in self.prefixes and len(word) > SHORTEST_STEM else ""
        return word[0] + self.own[stem] if stem in self.own else found[0]

    def _settled(self, word: str) -> str:
        """A spoken form with the lexicon applied to its own words, until nothing changes."""
        spoken = self.own[word]
        for _ in range(len(self.own) + 1):
            again = WORD.sub(self._said, spoken)
            if again == spoken:
                return spoken
            if len(again) > LONGEST_SPOKEN:
                break
            spoken = again
        raise TextError(f"lexicon: {word}, spoken {self.own[word]}, leads back to itself; remove one of the lines")


def words(
    lexicon: Mapping[str, str], fold: Callable[[str], str], prefixes: str, keep_marks: bool
) -> Callable[[str], str]:
    """The step that says Ethiopic words as the lexicon has them. TextError when entries go round in a circle."""
    own = {fold(word): said for word, said in lexicon.items() if WORD.fullmatch(word)}
    return _Words(own if keep_marks else {word: _MARKS.sub("", said) for word, said in own.items()}, fold, prefixes)


def latin(lexicon: Mapping[str, str]) -> dict[str, str]:
    """The entries that are Latin words; but for capitals, which may be an acronym, each in any writing."""
    own = {word: said for word, said in lexicon.items() if word.isascii() and word.isalpha()}
    return {word.lower(): said for word, said in own.items() if not word.isupper()} | own


def terms(lexicon: Mapping[str, str]) -> Callable[[str], str]:
    """The step that says what is not all Ethiopic letters (COVID-19, 4G) as the lexicon has it."""
    other = {word: said for word, said in lexicon.items() if not WORD.fullmatch(word) and not word.isalpha()}
    if not other:
        return lambda text: text
    term = re.compile(rf"(?<![A-Za-z0-9])(?:{either(other)})(?![A-Za-z0-9])")
    return lambda text: term.sub(lambda found: other[found[0]], text)
