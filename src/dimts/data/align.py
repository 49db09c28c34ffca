"""Forced alignment: when each word of a known text is spoken in a recording, and how well the sound fits the text.

A sound's score is the log-probability of its path relative to the most probable path over the same frames, in nats: 0
is a perfect fit. A text that is not what is said must claim sounds where others are heard, which costs several nats a
sound. How the limit between the two was found: benchmarks/alignment.py.
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
    """Tell how well a clip (float32 [N] at the recogniser's rate) fits its whole text, in nats a sound: 0 is best.

    Minus infinity for a text with more sounds than the clip can hold, and for one with none.
    """
    return score(recogniser, posteriors(recogniser, [samples]), text, language)


def score(recogniser: Recogniser, log_probs_TV: Floats, text: str, language: str) -> float:
    """Do as `score_clip` with what was heard already."""
    try:
        tokens, _ = _tokens(recogniser, WORD.findall(text), language)
        path = ctc.viterbi(log_probs_TV, tokens, recogniser.blank)
    except DataError:
        return -np.inf
    return float(path.costs_T.sum()) / len(tokens)


def _tokens(recogniser: Recogniser, words: Sequence[str], language: str) -> tuple[Ints, Ints]:
    """Give the tokens of all words and how many each has. DataError when there are none."""
    tokens = recogniser.tokens(words, language)
    joined = np.array([token for ids in tokens for token in ids], np.int64)
    if not len(joined):
        raise DataError("the text holds nothing that is spoken")
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
