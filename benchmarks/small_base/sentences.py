"""Our own sentences in five languages: templates filled from a vocabulary, plain ones, and pseudo-words.

A language's file in `texts/` has sections, each begun by `@name`: slots with their entries between commas, then
`templates`, `short` and `held_out`, one a line; plain sentences are those that `dimts demo` holds against forgetting.
Agreement is not perfect, spelling is: a network that learns to speak needs letters and sounds, many of them, more than
sense. The surprise: one sentence in eight has its words replaced by pseudo-words, drawn letter by letter, so that
letters are learned and not words by heart.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dimts.app.demo.corpus import read_sentences
from dimts.data.words import group_of

LANGUAGES = ("en", "es", "it", "de", "pl")
TEXTS = Path(__file__).parent / "texts"
LINES = ("templates", "short", "held_out")  # sections of one text a line
HELD_OUT = 60
LISTENING = 24  # the first of them: for a listening set
HELD_OUT_CHARACTERS = (25, 95)  # over 17, so that a recogniser can tell sentences apart
SHARE = {"short": 0.13, "own": 0.04, "joined": 0.4}  # the rest is one template
PSEUDO_SHARE = 0.13  # of the sentences from templates
PSEUDO_WORD_SHARE = 0.6  # of the words in them
PSEUDO_LETTERS = (3, 10)
JOINED_CHARACTERS = 160  # about 9.5 s
SLOT = re.compile(r"\{(\w+)\}")
WORD = re.compile(r"[^\W\d_]+")
END = re.compile(r"(?<=[.!?]) ")  # between sentences


@dataclass(frozen=True)
class Material:
    """What a language's file holds."""

    slots: Mapping[str, Sequence[str]]
    templates: Sequence[str]
    short: Sequence[str]
    sentences: Sequence[str]
    held_out: Sequence[str]

    @property
    def vocabulary(self) -> list[str]:
        """All words of the slots, sorted."""
        entries = (entry for slot in self.slots.values() for entry in slot)
        return sorted({word.lower() for entry in entries for word in WORD.findall(entry)})


@cache
def read(language: str) -> Material:
    """Read a language's file."""
    sections: dict[str, list[str]] = {}
    for line in (TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            name = line[1:]
            sections[name] = []
        else:
            sections[name] += [line] if name in LINES else line.split(", ")
    lines = {name: sections.pop(name) for name in LINES}
    return Material(sections, **lines, sentences=read_sentences(f"base/{language}.txt"))


def training(language: str, seed: int) -> Iterator[str]:
    """Give sentences without end, each once, none of them held out nor part of a longer one."""
    kept_back = set(map(group_of, held_out(language)))
    writer = Writer(read(language), random.Random(f"training {language} {seed}"))
    seen: set[str] = set()
    while True:
        text = writer.any()
        words, parts = group_of(text), {group_of(part) for part in END.split(text)}
        if words not in seen and not parts & kept_back:
            seen.add(words)
            yield text


@cache
def held_out(language: str) -> tuple[str, ...]:
    """Give the sentences that no training sees, whatever its seed: ours, then some from templates, without digits."""
    material = read(language)
    writer = Writer(material, random.Random(f"held out {language}"))
    chosen = dict.fromkeys(material.held_out)
    shortest, longest = HELD_OUT_CHARACTERS
    while len(chosen) < HELD_OUT:
        text = writer.filled(material.templates)
        if shortest <= len(text) <= longest and not any(map(str.isdigit, text)):
            chosen[text] = None
    return tuple(chosen)


def listening(language: str) -> tuple[str, ...]:
    """Give the held-out sentences for a listening set."""
    return held_out(language)[:LISTENING]


class Writer:
    """Writes sentences by chance."""

    def __init__(self, material: Material, chance: random.Random) -> None:
        self._material, self._chance = material, chance
        self._chain = chain(material.vocabulary)

    def any(self) -> str:
        """A sentence of any kind."""
        kind = self._chance.random()
        for name, share in SHARE.items():
            if kind < share:
                return {"short": self._short, "own": self._own, "joined": self._joined}[name]()
            kind -= share
        return self._one()

    def filled(self, templates: Sequence[str]) -> str:
        """One of the templates, its slots filled."""
        text = SLOT.sub(lambda slot: self._entry(slot[1]), self._chance.choice(templates))
        return capitalised(text)

    def _short(self) -> str:
        return self.filled(self._material.short)

    def _own(self) -> str:
        return self._chance.choice(self._material.sentences)

    def _joined(self) -> str:
        """Two to four sentences, as many as one breath takes."""
        text = self._one()
        for _ in range(self._chance.randint(1, 3)):
            longer = f"{text} {self._one()}"
            text = longer if len(longer) <= JOINED_CHARACTERS else text
        return text

    def _one(self) -> str:
        text = self.filled(self._material.templates)
        return self._with_pseudo_words(text) if self._chance.random() < PSEUDO_SHARE else text

    def _entry(self, slot: str) -> str:
        if slot == "n":
            return str(self._chance.randint(2, 20))
        if slot == "year":
            return str(self._chance.randint(1850, 2030))
        if slot == "number":
            return str(self._chance.randint(21, self._chance.choice((99, 99, 999, 9999))))
        return self._chance.choice(self._material.slots[slot])

    def _with_pseudo_words(self, text: str) -> str:
        replaced = WORD.sub(
            lambda word: self._pseudo_word() if self._chance.random() < PSEUDO_WORD_SHARE else word[0], text
        )
        return capitalised(replaced)

    def _pseudo_word(self) -> str:
        """A word that looks like one of the language: each letter follows the two before it as in the vocabulary."""
        shortest, longest = PSEUDO_LETTERS
        while True:
            word = ""
            while (letter := self._chance.choice(self._chain[f"^^{word}"[-2:]])) != "$":
                word += letter
            if shortest <= len(word) <= longest:
                return word


def chain(words: Sequence[str]) -> dict[str, list[str]]:
    """Give what follows each pair of letters, as often as it does; ^ before a word, $ after it."""
    follows = defaultdict(list)
    for word in words:
        marked = f"^^{word}$"
        for place in range(len(marked) - 2):
            follows[marked[place : place + 2]].append(marked[place + 2])
    return dict(follows)


def capitalised(text: str) -> str:
    """The text with its first letter, and that of each sentence in it, in upper case."""
    return re.sub(r"(^|[.!?] )([¿¡]?)(\w)", lambda m: f"{m[1]}{m[2]}{m[3].upper()}", text)
