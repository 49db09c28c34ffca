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
from dimts.text.languages.amharic.letters import LETTER
from dimts.text.languages.amharic.money import either

_WORD = re.compile(rf"(?:{LETTER}[\u135d-\u135f]?)+")
_MARKS = re.compile("[\u135d-\u135f]")
_SPOKEN = re.compile(rf"{_WORD.pattern}(?:[ -]{_WORD.pattern})*")
LONGEST_SPOKEN = 200  # letters; beyond it an entry leads back to itself


def read(path: Path) -> dict[str, str]:
    """The words of a file and their spoken forms; empty and # lines are skipped. TextError for a bad line."""
    words: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, spoken = (part.strip() for part in line.partition("\t"))
        if not word or not _SPOKEN.fullmatch(spoken):
            raise TextError(f"{path}, line {number}: expected a word, a tab, and its spoken form in Ethiopic letters")
        words[word] = spoken
    return words


def _settled(word: str, direct: Mapping[str, str], fold: Callable[[str], str]) -> str:
    """The spoken form with the lexicon applied to its own words, until nothing changes."""
    spoken = direct[word]
    for _ in range(len(direct) + 1):
        again = _WORD.sub(lambda found: direct.get(fold(found[0]), found[0]), spoken)
        if again == spoken:
            return spoken
        if len(again) > LONGEST_SPOKEN:
            break
        spoken = again
    raise TextError(f"lexicon: {word} is spoken as {direct[word]}, which leads back to itself; remove one of the lines")


def words(lexicon: Mapping[str, str], fold: Callable[[str], str], keep_marks: bool) -> Callable[[str], str]:
    """The step that says Ethiopic words as the lexicon has them."""
    own = {fold(word): said for word, said in lexicon.items() if _WORD.fullmatch(word)}
    if not keep_marks:
        own = {word: _MARKS.sub("", said) for word, said in own.items()}
    settled = {word: _settled(word, own, fold) for word in own}
    if not settled:
        return lambda text: text
    return lambda text: _WORD.sub(lambda found: settled.get(fold(found[0]), found[0]), text)


def terms(lexicon: Mapping[str, str]) -> Callable[[str], str]:
    """The step that says what is not all Ethiopic letters (COVID-19, 4G) as the lexicon has it."""
    other = {word: said for word, said in lexicon.items() if not _WORD.fullmatch(word) and not word.isalpha()}
    if not other:
        return lambda text: text
    term = re.compile(rf"(?<![A-Za-z0-9])(?:{either(other)})(?![A-Za-z0-9])")
    return lambda text: term.sub(lambda found: other[found[0]], text)
