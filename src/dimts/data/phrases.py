"""From aligned words to clips: cut where somebody pauses, at sentence ends for preference.

The cheapest way to part all words in order is found at once, so every word is in one clip. What cannot be parted within
the limits (ten seconds without a pause, one word among music) comes out too long or too short: the checks say so then.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from dimts.data.align import Word, fit
from dimts.data.ctc import Floats
from dimts.data.recognisers import Recogniser

Span = tuple[float, float]  # start and end in seconds
END_COST = {"sentence": 0.0, "clause": 0.3, "": 1.0}  # of a cut behind a word, by what ends there
SHORT_COST, LONG_COST = 1.0, 100.0  # of each second that a clip is too short or too long
SLACK_S = 0.2  # a recogniser's times are as uncertain: a silence so near to the end of a word may follow it


@dataclass(frozen=True)
class Lengths:
    """How clips are cut, in seconds."""

    min_s: float = 3.0
    max_s: float = 11.0  # room included
    min_room_s: float = 0.05  # silence kept on both sides; where there is less between two words they stay together
    max_room_s: float = 0.15
    inner_s: float = 0.8  # longest silence inside a clip


@dataclass(frozen=True)
class Phrase:
    """A clip to cut: its times in a recording, its text as written, and how well the sound fits that."""

    start_s: float
    end_s: float
    text: str
    fit: float | None = None  # 0..1, how well the sound fits the text, where `fitted` could tell


def clips(words: Sequence[Word], speech_spans: Sequence[Span], lengths: Lengths | None = None) -> list[Phrase]:
    """Part aligned words into clips that together hold them all; `speech_spans`, sorted, tell where somebody speaks.

    The last clip may end its room behind the recording's end.
    """
    lengths = lengths or Lengths()
    pauses = _pauses(words, speech_spans, lengths)
    places = sorted({0, *pauses, len(words)})  # words before each possible cut
    costs, starts = [0.0], [0]  # of the best way to part the words before each place, and where its last clip starts
    for stop in range(1, len(places)):
        options = []
        for start in range(stop - 1, -1, -1):
            phrase = _phrase(words, pauses, places[start], places[stop], lengths)
            options.append(
                (costs[start] + _cost(phrase, words[places[stop] - 1], lengths), -start)
            )  # short where equal
            before = pauses.get(places[start], (0.0, 0.0))
            if phrase.end_s - phrase.start_s > lengths.max_s or before[1] - before[0] > lengths.inner_s:
                break
        cost, start = min(options)
        costs.append(cost)
        starts.append(-start)
    cuts = [len(places) - 1]
    while cuts[-1]:
        cuts.append(starts[cuts[-1]])
    cuts.reverse()
    return [_phrase(words, pauses, places[a], places[b], lengths) for a, b in zip(cuts, cuts[1:], strict=False)]


def fitted(phrases: Iterable[Phrase], recogniser: Recogniser, heard_TV: Floats, language: str) -> list[Phrase]:
    """Tell of each clip of a recording, heard by `recognisers.posteriors`, how well its sound fits its text."""
    found = []
    for phrase in phrases:
        first, stop = (round(time_s / recogniser.frame_s) for time_s in (phrase.start_s, phrase.end_s))
        found.append(replace(phrase, fit=fit(recogniser, heard_TV[first:stop], phrase.text, language)))
    return found


def _cost(phrase: Phrase, last: Word, lengths: Lengths) -> float:
    length_s = phrase.end_s - phrase.start_s
    lack_s, excess_s = max(0.0, lengths.min_s - length_s), max(0.0, length_s - lengths.max_s)
    return END_COST[last.end] + SHORT_COST * lack_s + LONG_COST * excess_s


def _pauses(words: Sequence[Word], spans: Sequence[Span], lengths: Lengths) -> dict[int, Span]:
    """Find the silence before words by their number, and behind the last: each belongs where two words part nearest."""
    edges = [(a.end_s, b.start_s) for a, b in zip(words, words[1:], strict=False)]
    edges = [(words[0].start_s - SLACK_S, words[0].start_s), *edges, (words[-1].end_s, words[-1].end_s + SLACK_S)]
    middles = [(end_s + start_s) / 2 for end_s, start_s in edges]
    outside = [-inf, *(edge for span in spans for edge in span), inf]
    pauses: dict[int, Span] = {}
    for start_s, end_s in zip(outside[::2], outside[1::2], strict=True):
        middle = (max(start_s, edges[0][0]) + min(end_s, edges[-1][1])) / 2
        after = bisect_left(middles, middle)
        place = min(range(max(0, after - 1), min(after + 1, len(middles))), key=lambda n: abs(middles[n] - middle))
        shared_s = min(end_s, edges[place][1] + SLACK_S) - max(start_s, edges[place][0] - SLACK_S)
        if shared_s >= 2 * lengths.min_room_s:
            known = pauses.get(place, (start_s, end_s))
            pauses[place] = (min(known[0], start_s), max(known[1], end_s))
    return pauses


def _phrase(words: Sequence[Word], pauses: Mapping[int, Span], first: int, stop: int, lengths: Lengths) -> Phrase:
    """Make a clip of some words, with as much of the silence around as it may have."""
    before = pauses.get(first, (words[first].start_s - lengths.min_room_s, words[first].start_s))
    behind = pauses.get(stop, (words[stop - 1].end_s, words[stop - 1].end_s + lengths.min_room_s))
    start_s = before[1] - min(lengths.max_room_s, (before[1] - before[0]) / 2)
    end_s = behind[0] + min(lengths.max_room_s, (behind[1] - behind[0]) / 2)
    own = words[first:stop]
    text = " ".join("".join(word.text + word.gap for word in own).split())
    return Phrase(round(max(0.0, start_s), 3), round(end_s, 3), text)
