"""Viterbi through a CTC lattice: which frames speak which token of a known text.

Time is walked once forward, all states of a frame at a time, keeping the scores of every BLOCK_FRAMES-th frame alone;
then backward block by block, where only the states that the path can have come from are computed again. Beside the
posteriors, an hour with 50,000 tokens needs 140 MB when no state is given up, and a few MB within the usual beam.
"""

# T frames, V tokens of the recogniser, N tokens of the text, W of them in a window, K = W + 1 blanks around these

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dimts.errors import DataError

BLOCK_FRAMES = 512  # between kept scores
PRUNE_FRAMES = 32  # between looks at which states are still within the beam; divides BLOCK_FRAMES
BEAMS = (1_000.0, 8_000.0, np.inf)  # nats behind the best at which a state is given up; wider if the end was lost
FLOOR = -5.0  # nats: a frame tells no more against a token than this, so that one wrong sound does not bend the path
OWN, BLANK, PREVIOUS = 0, 1, 2  # where a token's best path came from: itself, the blank before it, the token before it

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Ways = tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]  # of each token; of each blank: whether from a token


@dataclass(frozen=True, eq=False)
class Path:
    """Where each token is spoken: frames `first_N` to `last_N`, both its own; `costs_T` is 0 or less.

    A frame's cost is the log-probability of what the path says there, relative to the most probable token, in nats.
    """

    first_N: Ints
    last_N: Ints
    costs_T: Floats


@dataclass(frozen=True, eq=False)
class Text:
    """Tokens to be found; `skip` is what a frame of other sound costs before and behind them, in nats (None: none)."""

    tokens_N: Ints
    blank: int
    skip: float | None

    @cached_property
    def barred(self) -> Floats:
        """Forbid stepping from a token straight to its like: CTC wants a blank between."""
        alike = self.tokens_N[1:] == self.tokens_N[:-1]
        return np.where(np.concatenate([[True], alike]), np.float32(-np.inf), np.float32(0))


class Window:
    """The scores of a frame for tokens `first` to `end`: `blank_K[i]` and `token_K[i]` stand before `first + i`."""

    def __init__(self, text: Text, first: int, end: int) -> None:
        self.text, self.first, self.end = text, first, end
        self.token_K = np.full(end - first + 1, -np.inf, np.float32)
        self.blank_K = self.token_K.copy()
        self.tokens_W, self.barred_W = text.tokens_N[first:end], text.barred[first:end]

    def moved(self, first: int, end: int) -> "Window":
        """Give the scores of other tokens, which nothing has reached where they are not in this window."""
        new = Window(self.text, first, end)
        low, high = max(first, self.first), min(end, self.end) + 1
        new.token_K[low - first : high - first] = self.token_K[low - self.first : high - self.first]
        new.blank_K[low - first : high - first] = self.blank_K[low - self.first : high - self.first]
        return new

    def pruned(self, beam: float) -> "Window":
        """Give the scores, the best of them 0, of what is within the beam or can be in PRUNE_FRAMES."""
        best_K = np.maximum(self.token_K, self.blank_K)
        best = best_K.max()
        alive = np.flatnonzero(best_K > max(best - beam, -np.inf)) + self.first
        new = self.moved(max(self.first, alive[0] - 1), min(alive[-1] + PRUNE_FRAMES, len(self.text.tokens_N)))
        new.token_K -= best
        new.blank_K -= best
        return new

    def step(self, costs_W: Floats, blank_cost: float) -> None:
        """Move all states over a frame."""
        token, blank = self.token_K, self.blank_K
        moved_W = np.maximum(np.maximum(token[1:], blank[:-1]), token[:-1] + self.barred_W) + costs_W
        np.maximum(blank, token, out=blank)
        at_begin, at_end = blank[0], blank[-1]
        blank += blank_cost
        token[1:] = moved_W
        if self.text.skip is not None:
            other = max(blank_cost, -self.text.skip)
            if self.first == 0:
                blank[0] = at_begin + other
            if self.end == len(self.text.tokens_N):
                blank[-1] = at_end + other

    def ways(self) -> Ways:
        """Tell where each state's best path will come from in the next step."""
        token, blank = self.token_K, self.blank_K
        ways = (blank[:-1] > token[1:]).astype(np.uint8)
        ways[token[:-1] + self.barred_W > np.maximum(token[1:], blank[:-1])] = PREVIOUS
        return ways, token > blank


def viterbi(log_probs_TV: Floats, tokens: Ints, blank: int, skip: float | None = None) -> Path:
    """Find the most probable way to speak the tokens, all of them, within the frames.

    `skip` allows other sound before and behind them at so many nats a frame. DataError when there are more tokens than
    the frames can hold.
    """
    text, needed = Text(tokens, blank, skip), least_frames(tokens)
    if needed > len(log_probs_TV):
        raise DataError(f"the text is longer than the sound: {needed} sounds in {len(log_probs_TV)} frames")
    if not len(tokens):
        return Path(tokens, tokens, _costs(log_probs_TV)[:, blank])
    for beam in BEAMS:
        kept, last = _forward(text, log_probs_TV, beam)
        if last.end == len(tokens) and max(last.token_K[-1], last.blank_K[-1]) > -np.inf:
            return _backward(text, log_probs_TV, kept, last)
    raise AssertionError("without a beam the end is always reached")


def least_frames(tokens: Ints) -> int:
    """Tell how many frames a text needs: one a token, and a blank between like ones."""
    return len(tokens) + int((tokens[1:] == tokens[:-1]).sum())


def _forward(text: Text, log_probs_TV: Floats, beam: float) -> tuple[list[Window], Window]:
    """Walk over all frames; give the scores before every BLOCK_FRAMES-th and behind the last."""
    window, kept = Window(text, 0, 0), []
    window.blank_K[0] = 0
    for start in range(0, len(log_probs_TV), PRUNE_FRAMES):
        window = window.pruned(beam)
        if start % BLOCK_FRAMES == 0:
            kept.append(window.moved(window.first, window.end))
        for costs_W, blank_cost in _rows(text, window, log_probs_TV[start : start + PRUNE_FRAMES]):
            window.step(costs_W, blank_cost)
    return kept, window


def _backward(text: Text, log_probs_TV: Floats, kept: list[Window], last: Window) -> Path:
    """Follow the best path from its end to its begin, block by block."""
    count, frames = len(text.tokens_N), len(log_probs_TV)
    in_token, place = bool(last.token_K[-1] > last.blank_K[-1]), count  # place: blanks before it, or token place - 1
    said_T = np.full(frames, -1, np.int64)
    for number in reversed(range(len(kept))):
        start = number * BLOCK_FRAMES
        rows_TV = log_probs_TV[start : start + BLOCK_FRAMES]
        first = max(kept[number].first, place - len(rows_TV) - 1)
        window, ways = kept[number].moved(first, place), []
        for costs_W, blank_cost in _rows(text, window, rows_TV):
            ways.append(window.ways())
            window.step(costs_W, blank_cost)
        for frame in reversed(range(len(rows_TV))):
            if in_token:
                said_T[start + frame] = place - 1
                way = ways[frame][0][place - 1 - first]
                in_token, place = bool(way != BLANK), place - 1 if way != OWN else place
            else:
                in_token = bool(ways[frame][1][place - first])
    return _path(text, log_probs_TV, said_T)


def _path(text: Text, log_probs_TV: Floats, said_T: Ints) -> Path:
    """Turn what each frame says (a place in the text, -1 for a blank) into places of tokens."""
    heard = np.flatnonzero(said_T >= 0)
    first_N, last_N = np.full(len(text.tokens_N), len(said_T)), np.full(len(text.tokens_N), -1)
    np.minimum.at(first_N, said_T[heard], heard)
    np.maximum.at(last_N, said_T[heard], heard)
    spoken_T = np.where(said_T >= 0, text.tokens_N[said_T], text.blank)
    blocks = range(0, len(said_T), BLOCK_FRAMES)
    spoken_of = ((log_probs_TV[at : at + BLOCK_FRAMES], spoken_T[at : at + BLOCK_FRAMES]) for at in blocks)
    costs = [_costs(rows_TV)[np.arange(len(own_T)), own_T] for rows_TV, own_T in spoken_of]
    return Path(first_N, last_N, np.concatenate(costs))


def _rows(text: Text, window: Window, log_probs_TV: Floats) -> Iterator[tuple[Floats, float]]:
    """Give for each frame the costs of the window's tokens and of a blank."""
    costs_TV = _costs(log_probs_TV)
    for costs_V in costs_TV:
        yield costs_V[window.tokens_W], float(costs_V[text.blank])


def _costs(log_probs_TV: Floats) -> Floats:
    costs_TV: Floats = log_probs_TV - log_probs_TV.max(axis=1, keepdims=True)
    return np.maximum(costs_TV, np.float32(FLOOR), out=costs_TV)
