"""Forced alignment: when each word of a known text is spoken in a recording, and how well the sound fits the text.

A word's score is the log-probability of its path relative to the most probable path over the same frames, in nats a
sound: it compares words of one recording. Whether a whole clip says its text is told by `fit`, which means the same for
every voice and language. How the limit was found: benchmarks/README.md.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dimts.audio.io import Samples
from dimts.data import ctc
from dimts.data.ctc import Floats, Ints, Path
from dimts.data.recognisers import Recogniser, posteriors
from dimts.errors import DataError
from dimts.text import sentences

SKIP = 0.7  # nats that a frame of sound without text costs before and behind a text
SHUFFLES = 3  # other orders of a text's sounds that its cost is compared with, beside backwards
LEAST_COST = 1.0  # nats a sound that another order costs at least: two or three like sounds fit in any
LONE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # CJK letters are words each: no spaces tell words apart
WORD = re.compile(rf"[{LONE}][^\w\s]*|[^\s፡{LONE}]+")
End = Literal["", "clause", "sentence"]


@dataclass(frozen=True)
class Word:
    """A word as written, with the marks at it, and when it is spoken."""

    text: str
    gap: str  # what stands between it and the next
    end: End  # what ends behind it
    start_s: float
    end_s: float
    sounds: int  # 0 where nothing of it is spoken: it lies between its neighbours then
    score: float  # nats a sound, 0 or less; 0 where there are none


def align(
    recogniser: Recogniser, log_probs_TV: Floats, text: str, language: str, skip: float | None = SKIP
) -> list[Word]:
    """Give every word of a text its time in a recording, heard by `recognisers.posteriors`.

    `skip` is what a frame of sound that the text does not cover costs before and behind it; None lets none be there.
    DataError when there is no word, or more than the recording can hold; TextError when the recogniser cannot read it.
    """
    found = list(WORD.finditer(text))
    tokens, counts = _tokens(recogniser, [match[0] for match in found], language)
    if not len(tokens):
        raise DataError("the text holds nothing that is spoken")
    path = ctc.viterbi(log_probs_TV, tokens, recogniser.blank, skip)
    gaps = [*(text[a.end() : b.start()] for a, b in zip(found, found[1:], strict=False)), ""]
    times, scores = _times(path, counts, recogniser.frame_s), _scores(path, counts)
    marks = ends(text, [match.start() for match in found], language)
    rows = zip(found, gaps, marks, times, counts, scores, strict=True)
    return [
        Word(match[0], gap, end, start_s, end_s, int(sounds), round(score, 4))
        for match, gap, end, (start_s, end_s), sounds, score in rows
    ]


def score_clip(recogniser: Recogniser, samples: Samples, text: str, language: str) -> float:
    """Tell how well a clip, float32 [N] at the recogniser's rate, fits its whole text: see `fit`."""
    return fit(recogniser, posteriors(recogniser, [samples]), text, language)


def fit(recogniser: Recogniser, log_probs_TV: Floats, text: str, language: str) -> float:
    """Tell how well what was heard fits a whole text: 1 is perfect, 0 no better than its sounds in another order.

    It is 1 - cost / mean cost of the text's own sounds backwards and shuffled, so that it means the same for a voice,
    a room or a language that the recogniser hears less well. 0 too for a text without sounds, or with too many.
    """
    tokens, _ = _tokens(recogniser, WORD.findall(text), language)
    cost = _cost(recogniser, log_probs_TV, tokens)
    if cost is None:
        return 0.0
    chance = np.random.default_rng(len(tokens))
    orders = [tokens[::-1], *(chance.permutation(tokens) for _ in range(SHUFFLES))]
    others = [other for order in orders if (other := _cost(recogniser, log_probs_TV, order)) is not None]
    worst = min(float(np.mean(others)) if others else -np.inf, -LEAST_COST * len(tokens))
    return round(max(0.0, 1 - cost / worst), 4)


def _cost(recogniser: Recogniser, log_probs_TV: Floats, tokens: Ints) -> float | None:
    """Give the cost of the best path, 0 or less; None where there is none."""
    if not len(tokens) or ctc.least_frames(tokens) > len(log_probs_TV):
        return None
    return float(ctc.viterbi(log_probs_TV, tokens, recogniser.blank).costs_T.sum())


def _tokens(recogniser: Recogniser, words: Sequence[str], language: str) -> tuple[Ints, Ints]:
    """Give the tokens of all words, and how many each has."""
    tokens = recogniser.tokens(words, language)
    joined = np.array([token for ids in tokens for token in ids], np.int64)
    return joined, np.array([len(ids) for ids in tokens], np.int64)


def _times(path: Path, counts: Ints, frame_s: float) -> list[tuple[float, float]]:
    """Give start and end of each word in seconds; a word without tokens lies at the end of the one before."""
    stops = np.cumsum(counts)
    times, end_s = [], float(path.first_N[0]) * frame_s
    for stop, count in zip(stops, counts, strict=True):
        start_s = end_s
        if count:
            start_s, end_s = float(path.first_N[stop - count]) * frame_s, float(path.last_N[stop - 1] + 1) * frame_s
        times.append((round(start_s, 3), round(end_s, 3)))
    return times


def _scores(path: Path, counts: Ints) -> list[float]:
    """Give each word's score, from its first frame to its last."""
    sums = np.concatenate([[0.0], np.cumsum(path.costs_T, dtype=np.float64)])
    stops = np.cumsum(counts)
    heard = [
        (path.first_N[stop - n], path.last_N[stop - 1] + 1, n) if n else (0, 0, 1)
        for stop, n in zip(stops, counts, strict=True)
    ]
    return [float(sums[end] - sums[first]) / int(n) for first, end, n in heard]


def ends(text: str, starts: Sequence[int], language: str) -> list[End]:
    """Tell what ends with each word or before the next; `starts` are their places in the text."""
    sentence_ends, clause_ends = sentences.ends(text, language)
    edges = [*starts, len(text)]

    def lies(marks: Sequence[int], number: int) -> bool:
        return bisect_right(marks, edges[number + 1]) > bisect_right(marks, edges[number])

    return [
        "sentence" if lies(sentence_ends, number) else "clause" if lies(clause_ends, number) else ""
        for number in range(len(starts))
    ]
