"""The vocabulary in use: text to ids and back, as in the official `vocab.json` (a Hugging Face tokenizer.json).

The surprise: the language's tag comes first in every text and spaces are tokens of their own. Ids may have holes, and
[START] need not be the last: everything is looked up by name.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import tokenizers

from dimts.errors import TextError
from dimts.text.languages import primary_of
from dimts.text.normalise import normalise

REQUIRED = ("[STOP]", "[UNK]", "[SPACE]", "[START]")
TAG = re.compile(r"\[([a-z]{2,3}(?:-[a-z0-9]+)*)\]")
BATCH_TEXTS = 1000  # that are encoded at once: 100,000 in one go take 2.5 times as long, and 400 MB
ADVICE = "use the vocab.json of an XTTS v2 base"


class Tokenizer:
    """A vocabulary and its merges; immutable."""

    def __init__(self, text: str, source: str = "vocabulary") -> None:
        self._text = text
        model, added = _parse(text, source)
        self._bpe = _load(text, source)
        self.vocabulary: dict[str, int] = self._bpe.get_vocab(with_added_tokens=True)
        _check(self.vocabulary, source)
        self.merges: list[tuple[str, str]] = [_pair(merge) for merge in model["merges"]]
        self.special = frozenset(token["content"] for token in added)
        self.languages = tuple(_tagged(sorted(self.special, key=self.vocabulary.__getitem__)))
        self.stop_id, self.unknown_id, self.space_id, self.start_id = (self.vocabulary[token] for token in REQUIRED)
        self.rows = max(self.vocabulary.values()) + 1
        self._tokens = {index: token for token, index in self.vocabulary.items()}

    @classmethod
    def read(cls, path: Path) -> "Tokenizer":
        """Read a `vocab.json`. TextError when it is missing, damaged or no XTTS vocabulary."""
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise TextError(f"{path}: there is no such file; {ADVICE}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise TextError(f"{path}: cannot be read: {error}; {ADVICE}") from error
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
        """Ids of a normalised text, the language's tag first. TextError without the tag."""
        return self.encode_spoken_batch([spoken], language)[0]

    def encode_spoken_batch(self, spoken: Iterable[str], language: str) -> list[list[int]]:
        """`encode_spoken` of many texts; a few at a time, as what the library gives holds far more than ids."""
        tag, waiting, ids = self.tag_id(language), iter(spoken), []
        while batch := [self._marked(text) for text in islice(waiting, BATCH_TEXTS)]:
            ids += [[tag, *found.ids] for found in self._bpe.encode_batch_fast(batch)]
        return ids

    def tokens(self, ids: Sequence[int]) -> list[str]:
        """The tokens of ids; [UNK] for an id that the vocabulary lacks."""
        return [self._tokens.get(index, "[UNK]") for index in ids]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, without tag, start and stop; what was unknown shows as [UNK]."""
        kept = [token for token in self.tokens(ids) if token not in self.special or token in ("[SPACE]", "[UNK]")]
        return "".join(" " if token == "[SPACE]" else token for token in kept)

    def tag_id(self, language: str) -> int:
        """The id of a language's tag. TextError when there is none."""
        tag = tag_of(language)
        if tag not in self.special:
            known = ", ".join(self.languages)
            raise TextError(f"the vocabulary has no tag {tag}, only {known}; extend it with `dimts vocab`")
        return self.vocabulary[tag]

    def words(self, spoken: Iterable[str]) -> Counter[tuple[str, ...]]:
        """How often each word of normalised texts occurs, as its tokens: merges never cross from word to word."""
        words: Counter[tuple[str, ...]] = Counter()
        for found in self._bpe.encode_batch([self._marked(text) for text in spoken]):
            grouped: dict[int | None, list[str]] = {}
            for token, word in zip(found.tokens, found.word_ids, strict=True):
                if token not in self.special:
                    grouped.setdefault(word, []).append(token)
            words.update(tuple(word) for word in grouped.values())
        return words

    def _marked(self, spoken: str) -> str:
        """Spaces as tokens. "[STOP]" and the like, written in a text, stay text: a tab keeps their letters apart."""
        if "[" in spoken:
            for token in self.special:
                spoken = spoken.replace(token, "[\t" + token[1:])
        return spoken.replace(" ", "[SPACE]")


def tag_of(language: str) -> str:
    """ "[am]" for "am"; regions do not matter, but Chinese is "[zh-cn]"."""
    primary = primary_of(language)
    return "[zh-cn]" if primary == "zh" else f"[{primary}]"


def _tagged(special: Iterable[str]) -> list[str]:
    return [match.group(1) for token in special if (match := TAG.fullmatch(token))]


def _pair(merge: str | list[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def _parse(text: str, source: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TextError(f"{source}: damaged, not JSON ({error}); {ADVICE}") from error
    model = document.get("model") if isinstance(document, dict) else None
    if not isinstance(model, dict) or model.get("type") != "BPE" or not isinstance(document.get("added_tokens"), list):
        raise TextError(f"{source}: not a BPE tokenizer.json; {ADVICE}")
    return model, document["added_tokens"]


def _load(text: str, source: str) -> tokenizers.Tokenizer:
    try:
        return tokenizers.Tokenizer.from_str(text)
    except Exception as error:  # noqa: BLE001  (the library raises nothing narrower)
        raise TextError(f"{source}: damaged tokenizer.json ({error}); {ADVICE}") from error


def _check(vocabulary: dict[str, int], source: str) -> None:
    missing = [token for token in REQUIRED if token not in vocabulary]
    if missing:
        raise TextError(f"{source}: not an XTTS vocabulary, it lacks {' '.join(missing)}; {ADVICE}")
    if len(set(vocabulary.values())) < len(vocabulary):
        raise TextError(f"{source}: damaged, two tokens share an id; {ADVICE}")
