"""A new language in an existing vocabulary: its tag, its letters and its merges, appended.

Base ids and base encodings never change: ids start at `base.rows`, holes stay holes, and a merge always involves a
letter that only extensions brought. Running again with the extended vocabulary as base and more texts, or another
language of the same script, appends again; texts of the added languages may then be cut into fewer tokens, never into
other ids for the same token.

The size: every letter of the language's scripts and of its texts, then merges while they occur often enough to be
trained, 2,000 tokens a language at most unless a number is asked for. 1,000 clips give about 900, 10,000 clips 2,000.
"""

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dimts.errors import TextError
from dimts.text.bpe import Tokenizer, tag_of
from dimts.text.coverage import LIMIT_TOKENS as LIMIT_TOKENS
from dimts.text.coverage import Report as Report
from dimts.text.coverage import report as report
from dimts.text.coverage import unreachable as unreachable
from dimts.text.languages import OFFICIAL, find, primary_of
from dimts.text.merges import Words, learn

TOKENS = 2000  # a language's at most, by default: tag, letters and merges, those of earlier extensions included
OCCURRENCES = 20  # how often a merge must occur in the texts by default: a rarer token is hardly trained
TWICE = 2  # how often it must occur when a number of tokens is asked for


def extend(
    base: Tokenizer,
    spoken_texts: Iterable[str],
    language: str,
    new_tokens: int | None = None,
    script_letters: bool = True,
) -> Tokenizer:
    """The base with a language appended, learned from its normalised texts.

    `new_tokens` bounds tag, letters and merges together (tag and letters always come; 0 adds no merge); None takes the
    criterion above. `script_letters=False` adds only the letters that the texts hold, as for texts in IPA.
    """
    texts = list(spoken_texts)
    document = json.loads(base.to_json())
    grown = _Appended(document)
    grown.add_tag(tag_of(language))
    for letter in sorted(_letters(texts, language, script_letters)):
        grown.add(letter)
    lettered = Tokenizer.from_json(grown.text())
    own = _own_letters(base, lettered)
    words = Words(lettered.words(texts), lambda token: not own.isdisjoint(token))
    room = TOKENS - len(tokens_of(base, language)) if new_tokens is None else new_tokens
    for left, right in learn(words, frozenset(lettered.merges), OCCURRENCES if new_tokens is None else TWICE):
        if grown.rows >= base.rows + room:
            break
        grown.add(left + right)
        grown.merge(left, right)
    return Tokenizer.from_json(grown.text())


def read(path: Path | None, base: Tokenizer) -> Tokenizer:
    """The run's vocabulary: the base's own without a path. TextError unless it only appends to the base."""
    if path is None:
        return base
    extended = Tokenizer.read(path)
    moved = [token for token, index in base.vocabulary.items() if extended.vocabulary.get(token) != index]
    new = extended.vocabulary.keys() - base.vocabulary.keys()
    inserted = [token for token in new if extended.vocabulary[token] < base.rows]
    what = ""
    if moved:
        what = f"{len(moved)} base tokens have another id, first {min(moved, key=base.vocabulary.__getitem__)!r}"
    elif inserted:
        what = f"token {min(inserted)!r} takes an id below the base's {base.rows} rows"
    elif extended.merges[: len(base.merges)] != base.merges:
        what = "its merges differ from the base's"
    if what:
        raise TextError(f"{path}: does not extend this base's vocabulary: {what}; make it again with `dimts vocab`")
    return extended


class _Appended:
    """A tokenizer.json that only grows at its end."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._vocabulary: dict[str, int] = document["model"]["vocab"]
        self._merges: list[Any] = document["model"]["merges"]
        self._special: list[dict[str, Any]] = document["added_tokens"]
        self.rows = 1 + max(*self._vocabulary.values(), *(token["id"] for token in self._special))

    def add(self, token: str) -> None:
        if token not in self._vocabulary:
            self._vocabulary[token] = self.rows
            self.rows += 1

    def add_tag(self, tag: str) -> None:
        if all(token["content"] != tag for token in self._special):
            self.add(tag)
            flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
            self._special.append({"id": self._vocabulary[tag], "special": True, "content": tag, **flags})

    def merge(self, left: str, right: str) -> None:
        as_list = bool(self._merges) and isinstance(self._merges[0], list)
        self._merges.append([left, right] if as_list else f"{left} {right}")

    def text(self) -> str:
        return json.dumps(self._document, ensure_ascii=False, indent=1) + "\n"


def _letters(texts: list[str], language: str, script_letters: bool) -> set[str]:
    """What gets a token of its own: whatever is written, and all that a language beyond the official ones may write."""
    declared: set[str] = set()
    if script_letters and primary_of(language) not in OFFICIAL:
        found = find(language)
        declared = {chr(point) for first, last in found.scripts for point in range(first, last + 1)}
        declared |= {*found.sentence_ends, *found.clause_ends} if declared else set()
    return _of_kinds(declared, "LMPS") | _of_kinds(set().union(*texts), "LMNPS")


def _of_kinds(letters: set[str], kinds: str) -> set[str]:
    return {letter for letter in letters if unicodedata.category(letter)[0] in kinds}


def _own_letters(base: Tokenizer, lettered: Tokenizer) -> frozenset[str]:
    """Letters that only extensions brought, this one or an earlier one: the base encodes nothing with them."""
    tags = (base.vocabulary[tag_of(known)] for known in base.languages if primary_of(known) not in OFFICIAL)
    first = min(tags, default=base.rows)
    fresh = {token for token, index in lettered.vocabulary.items() if index >= first and len(token) == 1}
    return frozenset(_of_kinds(fresh, "LM"))


def tokens_of(vocabulary: Tokenizer, language: str) -> set[str]:
    """What extensions added for a language: the tokens from its tag to the next."""
    first = vocabulary.vocabulary.get(tag_of(language))
    if first is None or primary_of(language) in OFFICIAL:
        return set()
    tags = (vocabulary.vocabulary[tag] for tag in vocabulary.special)
    end = min((tag for tag in tags if tag > first), default=vocabulary.rows)
    return {token for token, index in vocabulary.vocabulary.items() if first <= index < end}
