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
LEAST_SOUNDS = 5  # fewer in a text cannot be told from others: of such right texts one in twenty would be refused
LEAST_COST = 1.0  # nats a sound that another order costs at least: two or three like sounds fit in any
EDGE_S = 0.05  # from the begin of a word's first sound to where a recogniser is sure of it, and behind the last
UNHEARD = -3.0  # nats: a sound that costs more was not heard where it lies
SOUND_S = 0.08  # length of a sound
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
    DataError when there is no word, more than the recording can hold, or a script that the recogniser does not know;
    TextError when it cannot read the language.
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


def score_clip(recogniser: Recogniser, samples: Samples, text: str, language: str) -> float | None:
    """Tell how well a clip, float32 [N] at the recogniser's rate, fits its whole text: see `fit`."""
    return fit(recogniser, posteriors(recogniser, [samples]), text, language)


def fit(recogniser: Recogniser, log_probs_TV: Floats, text: str, language: str) -> float | None:
    """Tell how well what was heard fits a whole text: 1 is perfect, 0 no better than its sounds in another order.

    It is 1 - cost / mean cost of the text's own sounds backwards and shuffled, so that it means the same for a voice,
    a room or a language that the recogniser hears less well. 0 too for a text with more sounds than the clip can hold,
    or in letters that the recogniser does not know. None for a text with fewer than LEAST_SOUNDS.
    """
    try:
        tokens, _ = _tokens(recogniser, WORD.findall(text), language)
    except DataError:  # it is in letters that the recogniser does not know
        return 0.0
    if len(tokens) < LEAST_SOUNDS:
        return None
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
    if ctc.least_frames(tokens) > len(log_probs_TV):
        return None
    return float(ctc.viterbi(log_probs_TV, tokens, recogniser.blank).costs_T.sum())


def _tokens(recogniser: Recogniser, words: Sequence[str], language: str) -> tuple[Ints, Ints]:
    """Give the tokens of all words, and how many each has."""
    tokens = recogniser.tokens(words, language)
    joined = np.array([token for ids in tokens for token in ids], np.int64)
    return joined, np.array([len(ids) for ids in tokens], np.int64)


def _times(path: Path, counts: Ints, frame_s: float) -> list[tuple[float, float]]:
    """Give start and end of each word in seconds; a word without tokens lies at the end of the one before."""
    first_N, last_N = _pulled(path, counts, frame_s)
    before_s = [0.0, *(last_N[:-1] + 1) * frame_s]  # where the sound before each ends
    behind_s = [*first_N[1:] * frame_s, len(path.costs_T) * frame_s]
    times: list[tuple[float, float]] = []
    end_s = max(0.0, float(first_N[0]) * frame_s - EDGE_S)
    for stop, count in zip(np.cumsum(counts), counts, strict=True):
        start_s = end_s
        if count:
            first_s, last_s = float(first_N[stop - count]) * frame_s, float(last_N[stop - 1] + 1) * frame_s
            start_s = max(first_s - EDGE_S, (first_s + before_s[stop - count]) / 2)
            end_s = min(last_s + EDGE_S, (last_s + behind_s[stop - 1]) / 2)
        times.append((round(float(start_s), 3), round(float(end_s), 3)))
    return times


def _pulled(path: Path, counts: Ints, frame_s: float) -> tuple[Ints, Ints]:
    """Give first and last frames, with sounds at the edges of a word that nobody heard pulled to those that were.

    Such a sound costs the same in all of the silence beside the word, so the path may put it a second away.
    """
    heard_N = (
        np.array([path.costs_T[a : b + 1].max() for a, b in zip(path.first_N, path.last_N, strict=True)]) > UNHEARD
    )
    first_N, last_N, reach = path.first_N.copy(), path.last_N.copy(), round(SOUND_S / frame_s)
    for stop, count in zip(np.cumsum(counts), counts, strict=True):
        own = np.flatnonzero(heard_N[stop - count : stop]) + stop - count
        if len(own):
            before, behind = np.arange(stop - count, own[0]), np.arange(own[-1] + 1, stop)
            first_N[before] = np.maximum(first_N[before], first_N[own[0]] - reach * (own[0] - before))
            last_N[before] = np.maximum(last_N[before], first_N[before])
            last_N[behind] = np.minimum(last_N[behind], last_N[own[-1]] + reach * (behind - own[-1]))
            first_N[behind] = np.minimum(first_N[behind], last_N[behind])
    return first_N, last_N


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
