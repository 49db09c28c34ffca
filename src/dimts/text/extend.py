"""A new language in an existing vocabulary: its tag, its letters and its merges, appended.

Base ids and base encodings never change: new ids start at `base.rows`, holes stay holes, and a new merge always
involves a symbol of the new language.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dimts.errors import TextError
from dimts.text.bpe import Tokenizer
from dimts.text.languages import find, primary_of
from dimts.text.merges import Word, Words, learn

TOKENS = 2000  # default size: tag, letters and merges together
OCCURRENCES = 20  # a merge must occur so often in the texts: rarer tokens would hardly be trained


@dataclass(frozen=True)
class Report:
    """What an extension changes for one language's texts."""

    new_tokens: int
    new_merges: int
    characters: int
    coverage_before: float  # share of characters that have a token, 0..1
    coverage: float
    unknown_before: float  # share of tokens that are [UNK], 0..1
    unknown: float
    tokens_per_character_before: float
    tokens_per_character: float
    fertility_before: float  # tokens a word
    fertility: float
    tokens_per_s: float | None  # of audio
    unreachable: int  # new tokens that no text can produce
    limit_tokens: int
    over_limit_before: int  # clips whose text exceeds the limit
    over_limit: int


def extend(base: Tokenizer, spoken_texts: Iterable[str], language: str, new_tokens: int | None = None) -> Tokenizer:
    """The base with tag, letters and merges appended, at most `new_tokens` new ones; None takes the criterion."""
    texts = list(spoken_texts)
    document = json.loads(base.to_json())
    limit = base.rows + (TOKENS if new_tokens is None else new_tokens)
    _add_tag(document, primary_of(language))
    _add_letters(document, base, texts, language)
    lettered = Tokenizer.from_json(_text(document))
    words = Words(_words(lettered, texts), _own(base, lettered))
    vocabulary, merges = document["model"]["vocab"], document["model"]["merges"]
    for left, right in learn(words, {_pair(m) for m in merges}, OCCURRENCES if new_tokens is None else 2):
        if left + right not in vocabulary:
            if _next_id(document) >= limit:
                break
            vocabulary[left + right] = _next_id(document)
        merges.append(f"{left} {right}")
    return Tokenizer.from_json(_text(document))


def read(path: Path | None, base: Tokenizer) -> Tokenizer:
    """The run's vocabulary: the base's own without a path. TextError unless it only appends to the base."""
    if path is None:
        return base
    extended = Tokenizer.read(path)
    moved = [token for token, index in base.vocabulary.items() if extended.vocabulary.get(token) != index]
    before, after = base.document["model"]["merges"], extended.document["model"]["merges"]
    if moved or [_pair(m) for m in after[: len(before)]] != [_pair(m) for m in before]:
        what = f"token {moved[0]!r} has another id" if moved else "its merges differ"
        raise TextError(f"{path}: does not extend the base vocabulary ({what}); make it again with `dimts vocab`")
    return extended


def report(
    base: Tokenizer,
    extended: Tokenizer,
    spoken_texts: Iterable[str],
    language: str,
    durations_s: Sequence[float] | None = None,
    limit_tokens: int = 402,
) -> Report:
    """Compare base and extended vocabulary on normalised texts; `durations_s` are the clips' lengths in their order."""
    texts = list(spoken_texts)
    before = [ids[1:] for ids in base.encode_spoken_batch(texts, base.languages[0])]
    after = [ids[1:] for ids in extended.encode_spoken_batch(texts, language)]
    characters, words = sum(map(len, texts)) or 1, sum(len(text.split()) for text in texts) or 1
    count_before, count = sum(map(len, before)), sum(map(len, after))
    return Report(
        new_tokens=len(extended.vocabulary) - len(base.vocabulary),
        new_merges=len(extended.document["model"]["merges"]) - len(base.document["model"]["merges"]),
        characters=characters,
        coverage_before=_coverage(base, texts),
        coverage=_coverage(extended, texts),
        unknown_before=sum(ids.count(base.unknown_id) for ids in before) / (count_before or 1),
        unknown=sum(ids.count(extended.unknown_id) for ids in after) / (count or 1),
        tokens_per_character_before=count_before / characters,
        tokens_per_character=count / characters,
        fertility_before=count_before / words,
        fertility=count / words,
        tokens_per_s=count / sum(durations_s) if durations_s and sum(durations_s) else None,
        unreachable=len(unreachable(base, extended)),
        limit_tokens=limit_tokens,
        over_limit_before=sum(len(ids) + 1 > limit_tokens for ids in before),
        over_limit=sum(len(ids) + 1 > limit_tokens for ids in after),
    )


def unreachable(base: Tokenizer, extended: Tokenizer) -> list[str]:
    """The new tokens that their own text does not encode to; none in a vocabulary made here."""
    new = sorted(extended.vocabulary.keys() - base.vocabulary.keys() - extended.special)
    found = extended.encode_spoken_batch(new, extended.languages[0])
    return [token for token, ids in zip(new, found, strict=True) if ids[1:] != [extended.vocabulary[token]]]


def _add_tag(document: dict[str, Any], code: str) -> None:
    tag = "[zh-cn]" if code == "zh" else f"[{code}]"
    if any(token["content"] == tag for token in document["added_tokens"]):
        return
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    document["added_tokens"].append({"id": _next_id(document), "special": True, "content": tag, **plain})
    document["model"]["vocab"][tag] = document["added_tokens"][-1]["id"]


def _add_letters(document: dict[str, Any], base: Tokenizer, texts: list[str], language: str) -> None:
    scripts = find(language).scripts
    declared = {chr(point) for first, last in scripts for point in range(first, last + 1)}
    written = {letter for text in texts for letter in text if not letter.isspace()}
    wanted = {letter for letter in declared | written if unicodedata.category(letter)[0] in "LMPS"}
    for letter in sorted(wanted - base.vocabulary.keys()):
        document["model"]["vocab"][letter] = _next_id(document)


def _next_id(document: dict[str, Any]) -> int:
    taken: list[int] = [*document["model"]["vocab"].values(), *(token["id"] for token in document["added_tokens"])]
    return max(taken) + 1


def _own(base: Tokenizer, lettered: Tokenizer) -> Callable[[str], bool]:
    fresh = lettered.vocabulary.keys() - base.vocabulary.keys()
    return lambda symbol: not fresh.isdisjoint(symbol)


def _coverage(tokenizer: Tokenizer, texts: list[str]) -> float:
    letters = Counter(letter for text in texts for letter in text if not letter.isspace())
    return sum(n for letter, n in letters.items() if letter in tokenizer.vocabulary) / (letters.total() or 1)


def _words(tokenizer: Tokenizer, texts: list[str]) -> Counter[Word]:
    words: Counter[Word] = Counter()
    for text in texts:
        words.update(tokenizer.words(text))
    return words


def _pair(merge: str | list[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
