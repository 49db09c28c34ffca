"""Which characters the clips hold, in how many clips each, and which syllables of an Ethiopic script are missing.

What is counted is `spoken`, for that is what the network reads; syllables are those of `text` where `spoken` is IPA.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from dimts.data.manifest import Clip, Dataset
from dimts.text.languages import primary_of

RARE_CLIPS = 10  # a character in fewer clips is met too seldom to be learned well
ROWS = {  # the first letters of the rows that a language speaks
    "am": "ሀለመረሰሸቀቈበቨተቸኈነኘአከኰኸወዘዠየደጀገጐጠጨጰጸፈፐ",
    "ti": "ሀለሐመረሰሸቀቈቐቘበቨተቸነኘአከኰኸዀወዐዘዠየደጀገጐጠጨጰጸፈፐ",
}
OTHERS = "ሇቇኇኯዏዯጏ"  # letters in their rows that other languages write
FIRST, LAST, IN_A_ROW = 0x1200, 0x1357, 8  # of the Ethiopic block's rows


@dataclass(frozen=True)
class Character:
    """One character: in how many clips, and in how many of those that train."""

    character: str
    clips: int
    training: int

    @property
    def rare(self) -> bool:
        """Whether it is met seldom."""
        return self.clips < RARE_CLIPS

    @property
    def name(self) -> str:
        """Its code point and Unicode's name for it."""
        return f"U+{ord(self.character):04X} {unicodedata.name(self.character, '')}".strip()


@dataclass(frozen=True)
class Row:
    """A consonant's eight places; None where the language writes another letter, or none, there."""

    syllables: tuple[Character | None, ...]


@dataclass(frozen=True)
class Coverage:
    """Characters, most frequent first; `rows` is empty for other scripts than Ethiopic."""

    characters: tuple[Character, ...]
    rows: tuple[Row, ...]

    @property
    def rare(self) -> list[Character]:
        """Characters of few clips, rarest last."""
        return [each for each in self.characters if each.rare]

    @property
    def untrained(self) -> list[Character]:
        """Characters that only held back clips have."""
        return [each for each in self.characters if not each.training]

    @property
    def expected(self) -> list[Character]:
        """The syllables that the language has."""
        return [each for row in self.rows for each in row.syllables if each]

    @property
    def missing(self) -> list[Character]:
        """The syllables that no clip has."""
        return [each for each in self.expected if not each.clips]


def coverage(dataset: Dataset) -> Coverage:
    """Count the characters of a dataset."""
    spoken = _counted(dataset.clips, lambda clip: clip.spoken)
    front, language = dataset.front, dataset.language
    if front.mode == "bpe":
        return Coverage(spoken, _rows(spoken, dataset))
    written = _counted(
        dataset.clips, lambda clip: front.normalised(clip.text, language) if _ethiopic(clip.text) else ""
    )
    return Coverage(spoken, _rows(written, dataset))


def _counted(clips: Iterable[Clip], words: Callable[[Clip], str]) -> tuple[Character, ...]:
    """Count each character once a clip."""
    sides: dict[str, Counter[str]] = {"train": Counter(), "eval": Counter()}
    for clip in clips:
        sides[clip.split].update(set(words(clip)))
    both = sides["train"] + sides["eval"]
    letters = sorted((letter for letter in both if not letter.isspace()), key=lambda letter: (-both[letter], letter))
    return tuple(Character(letter, both[letter], sides["train"][letter]) for letter in letters)


def _rows(counted: Iterable[Character], dataset: Dataset) -> tuple[Row, ...]:
    """Lay out the syllables of a language, or those that occur where it is not known."""
    known = {each.character: each for each in counted if _ethiopic(each.character)}
    own = {_first(letter) for letter in ROWS.get(primary_of(dataset.language), "")}
    if not known and not own:
        return ()
    rows = own | {_first(letter) for letter in known}
    kept = _kept(chain.from_iterable(map(_letters, rows)), dataset)
    return tuple(
        Row(tuple(known.get(one) or (Character(one, 0, 0) if one in kept else None) for one in _letters(first)))
        for first in sorted(rows)
    )


def _kept(letters: Iterable[str], dataset: Dataset) -> set[str]:
    """Leave out what the normaliser writes as another letter, and what is no letter."""
    front, language = dataset.front, dataset.language
    own = (one for one in letters if unicodedata.category(one) == "Lo" and one not in OTHERS)
    return {one for one in own if front.normalised(one, language) == one}


def _letters(first: int) -> list[str]:
    return [chr(first + place) for place in range(IN_A_ROW)]


def _first(letter: str) -> int:
    return ord(letter) & ~(IN_A_ROW - 1)


def _ethiopic(text: str) -> bool:
    return any(FIRST <= ord(letter) <= LAST for letter in text)
