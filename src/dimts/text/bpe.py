"""The vocabulary in use: text to ids and back, as in the official `vocab.json` (a Hugging Face tokenizer.json).

The surprise: the language tag comes first in every text and spaces are tokens of their own. Ids may have holes.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from dimts.errors import TextError
from dimts.text.languages import primary_of
from dimts.text.normalise import normalise

REQUIRED = ("[STOP]", "[UNK]", "[SPACE]", "[START]")
TAG = re.compile(r"\[([a-z]{2,3}(?:-[a-z0-9]+)*)\]")


class Tokenizer:
    """A vocabulary and its merges; immutable."""

    def __init__(self, text: str, source: str = "vocabulary") -> None:
        self._text = text
        self.document = _parse(text, source)
        try:
            self._bpe = tokenizers.Tokenizer.from_str(text)
        except Exception as error:  # noqa: BLE001  # the library raises nothing narrower
            raise TextError(f"{source}: not a usable tokenizer.json ({error}); fetch the base model again") from error
        self.vocabulary: dict[str, int] = self._bpe.get_vocab(with_added_tokens=True)
        missing = [token for token in REQUIRED if token not in self.vocabulary]
        if missing:
            raise TextError(
                f"{source}: lacks {', '.join(missing)}: not an XTTS vocabulary; use the base model's vocab.json"
            )
        self.stop_id, self.unknown_id, self.space_id, self.start_id = (self.vocabulary[token] for token in REQUIRED)
        self.rows = max(self.vocabulary.values()) + 1
        self.special = frozenset(token["content"] for token in self.document["added_tokens"])
        self.languages = tuple(m.group(1) for token in self.special_in_order() if (m := TAG.fullmatch(token)))

    @classmethod
    def read(cls, path: Path) -> "Tokenizer":
        """Read a `vocab.json`. TextError when it is missing, damaged or no XTTS vocabulary."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TextError(f"{path}: cannot be read ({error}); give the vocab.json of a base model") from error
        return cls(text, str(path))

    @classmethod
    def from_json(cls, text: str) -> "Tokenizer":
        """A vocabulary from the text of its file. TextError when it is no XTTS vocabulary."""
        return cls(text)

    def to_json(self) -> str:
        """The text of its file, exactly as read."""
        return self._text

    @cached_property
    def sha256(self) -> str:
        """The hash of the file's text: 64 hexadecimal digits."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    def encode(self, text: str, language: str) -> list[int]:
        """Ids of a text as written. TextError when the vocabulary has no tag for the language."""
        return self.encode_spoken(normalise(text, language), language)

    def encode_spoken(self, spoken: str, language: str) -> list[int]:
        """Ids of a text that is normalised already, the language tag first."""
        tag = self.tag_id(language)
        ids: list[int] = self._bpe.encode(self._marked(spoken)).ids
        return [tag, *ids]

    def encode_spoken_batch(self, spoken: Iterable[str], language: str) -> list[list[int]]:
        """`encode_spoken` of many texts at once."""
        tag = self.tag_id(language)
        return [[tag, *found.ids] for found in self._bpe.encode_batch([self._marked(text) for text in spoken])]

    def tokens(self, ids: Sequence[int]) -> list[str]:
        """The tokens of ids; [UNK] for an id that the vocabulary lacks."""
        return [self._bpe.id_to_token(index) or "[UNK]" for index in ids]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, without tag, start and stop."""
        kept = [token for token in self.tokens(ids) if token not in self.special or token in ("[SPACE]", "[UNK]")]
        return "".join(kept).replace("[SPACE]", " ")

    def tag_id(self, language: str) -> int:
        """The id of a language's tag. TextError when there is none."""
        primary = primary_of(language)
        tag = "[zh-cn]" if primary == "zh" else f"[{primary}]"
        if tag not in self.special:
            known = ", ".join(self.languages)
            raise TextError(f"the vocabulary has no tag {tag} (it has {known}); extend it with `dimts vocab`")
        return self.vocabulary[tag]

    def words(self, spoken: str) -> list[tuple[str, ...]]:
        """The tokens of each word of a normalised text: merges never cross from one to the next."""
        found = self._bpe.encode(self._marked(spoken))
        grouped: dict[int | None, list[str]] = {}
        for token, word in zip(found.tokens, found.word_ids, strict=True):
            if token not in self.special:
                grouped.setdefault(word, []).append(token)
        return [tuple(word) for word in grouped.values()]

    def special_in_order(self) -> list[str]:
        """The special tokens by id."""
        return sorted(self.special, key=lambda token: self.vocabulary[token])

    def _marked(self, spoken: str) -> str:
        if "[" in spoken:
            for token in self.special:
                spoken = spoken.replace(token, "[\t" + token[1:])
        return spoken.replace(" ", "[SPACE]")


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TextError(f"{source}: damaged: {error}; fetch the base model again") from error
    model = document.get("model") if isinstance(document, dict) else None
    if not isinstance(model, dict) or not {"vocab", "merges"} <= model.keys() or "added_tokens" not in document:
        raise TextError(f"{source}: not a tokenizer.json with a BPE model; use the base model's vocab.json")
    assert isinstance(document, dict)
    return document
