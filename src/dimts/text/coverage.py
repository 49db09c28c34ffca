"""What an extension buys: how well base and extended vocabulary cover a language's normalised texts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dimts.text.bpe import Tokenizer

LIMIT_TOKENS = 402  # text tokens, tag included, that the base's 404 positions hold beside START and STOP


@dataclass(frozen=True)
class Report:
    """Counts and rates of one language's texts; `_before` is with the base. Rates of tokens leave the tag out."""

    new_tokens: int
    new_letters: int
    new_merges: int
    texts: int
    characters: int
    coverage_before: float  # share of written characters that have a token, 0..1
    coverage: float
    unknown_before: float  # share of tokens that are [UNK], 0..1
    unknown: float
    missing: str  # the characters that still have no token
    tokens_per_character_before: float
    tokens_per_character: float
    fertility_before: float  # tokens a word
    fertility: float
    tokens_per_s_before: float | None  # of audio; None without durations
    tokens_per_s: float | None
    unreachable: int  # new tokens that no text produces
    limit_tokens: int
    over_limit_before: int  # texts of more tokens, tag included, than the limit
    over_limit: int


def report(
    base: Tokenizer,
    extended: Tokenizer,
    spoken_texts: Iterable[str],
    language: str,
    durations_s: Sequence[float] | None = None,
    limit_tokens: int = LIMIT_TOKENS,
) -> Report:
    """Compare two vocabularies on normalised texts; `durations_s` are the lengths of the clips, in any order."""
    texts = list(spoken_texts)
    before = _Counts(base, texts, base.languages[0], limit_tokens)  # any tag: it is not counted
    after = _Counts(extended, texts, language, limit_tokens)
    characters, words = sum(map(len, texts)) or 1, sum(len(text.split()) for text in texts) or 1
    audio_s = sum(durations_s) if durations_s else 0.0
    new = extended.vocabulary.keys() - base.vocabulary.keys()
    return Report(
        new_tokens=len(new),
        new_letters=sum(len(token) == 1 for token in new),
        new_merges=len(extended.merges) - len(base.merges),
        texts=len(texts),
        characters=sum(map(len, texts)),
        coverage_before=before.coverage,
        coverage=after.coverage,
        unknown_before=before.unknown / (before.tokens or 1),
        unknown=after.unknown / (after.tokens or 1),
        missing=after.missing,
        tokens_per_character_before=before.tokens / characters,
        tokens_per_character=after.tokens / characters,
        fertility_before=before.tokens / words,
        fertility=after.tokens / words,
        tokens_per_s_before=before.tokens / audio_s if audio_s else None,
        tokens_per_s=after.tokens / audio_s if audio_s else None,
        unreachable=len(unreachable(base, extended)),
        limit_tokens=limit_tokens,
        over_limit_before=before.over_limit,
        over_limit=after.over_limit,
    )


def unreachable(base: Tokenizer, extended: Tokenizer) -> list[str]:
    """The new tokens that not even their own text encodes to; none in a vocabulary made by `extend`."""
    new = sorted(extended.vocabulary.keys() - base.vocabulary.keys() - extended.special)
    found = extended.encode_spoken_batch(new, extended.languages[0])
    return [token for token, ids in zip(new, found, strict=True) if ids[1:] != [extended.vocabulary[token]]]


class _Counts:
    """One vocabulary's side of the comparison."""

    def __init__(self, tokenizer: Tokenizer, texts: list[str], language: str, limit_tokens: int) -> None:
        encoded = tokenizer.encode_spoken_batch(texts, language)
        self.tokens = sum(len(ids) - 1 for ids in encoded)
        self.unknown = sum(ids.count(tokenizer.unknown_id) for ids in encoded)
        self.over_limit = sum(len(ids) > limit_tokens for ids in encoded)
        letters = Counter(letter for text in texts for letter in text if not letter.isspace())
        self.missing = "".join(sorted(letters.keys() - tokenizer.vocabulary.keys()))
        self.coverage = 1 - sum(letters[letter] for letter in self.missing) / (letters.total() or 1)
