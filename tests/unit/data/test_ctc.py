"""The Viterbi path against one found state by state, its blocks and beam, and what it allows at the ends."""

import numpy as np
import numpy.typing as npt
import pytest

from dimts.data import ctc
from dimts.errors import DataError

Floats = npt.NDArray[np.float32]


def best_cost(log_probs_TV: Floats, tokens: list[int], blank: int) -> float:
    """The cost of the best path, by the textbook, one state after the other."""
    costs_TV = np.maximum(log_probs_TV - log_probs_TV.max(1, keepdims=True), ctc.FLOOR)
    states = [blank, *(state for token in tokens for state in (token, blank))]
    best = [float(costs_TV[0, states[s]]) if s < 2 else -np.inf for s in range(len(states))]
    for costs_V in costs_TV[1:]:
        came = []
        for s, state in enumerate(states):
            jumps = s > 1 and state not in (blank, states[s - 2])
            came.append(max(best[max(0, s - 2 if jumps else s - 1) : s + 1]) + float(costs_V[state]))
        best = came
    return max(best[-2:])


def random_posteriors(chance: np.random.Generator, frames: int, tokens: int) -> Floats:
    probabilities = chance.dirichlet(np.full(tokens, 0.3), frames)
    return np.log(probabilities + 1e-9).astype(np.float32)


@pytest.mark.parametrize(("block", "prune"), [(512, 32), (8, 4), (4, 2)])
def test_the_path_is_the_best(block: int, prune: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctc, "BLOCK_FRAMES", block)
    monkeypatch.setattr(ctc, "PRUNE_FRAMES", prune)
    chance = np.random.default_rng(block)
    for _ in range(60):
        log_probs_TV = random_posteriors(chance, int(chance.integers(24, 50)), 5)
        tokens = chance.integers(1, 5, int(chance.integers(1, 12)))
        path = ctc.viterbi(log_probs_TV, tokens, 0)
        assert path.costs_T.sum() == pytest.approx(best_cost(log_probs_TV, tokens.tolist(), 0), abs=1e-3)
        assert (path.first_N <= path.last_N).all()
        assert (path.first_N[1:] > path.last_N[:-1]).all()


def test_repeated_tokens_have_a_blank_between() -> None:
    log_probs_TV = np.log(np.full((3, 2), 0.5, np.float32))
    path = ctc.viterbi(log_probs_TV, np.array([1, 1]), 0)
    assert (path.first_N.tolist(), path.last_N.tolist()) == ([0, 2], [0, 2])
    with pytest.raises(DataError, match="3 sounds in 2 frames"):
        ctc.viterbi(log_probs_TV[:2], np.array([1, 1]), 0)


def spoken(tokens: npt.NDArray[np.int64], places: npt.NDArray[np.int64], frames: int, others: int) -> Floats:
    """Posteriors in which the tokens are heard at their places, and blanks (token 0) elsewhere."""
    logits_TV = np.random.default_rng(0).normal(0, 1, (frames, others)).astype(np.float32)
    logits_TV[:, 0] += 5
    logits_TV[places, tokens] += 12
    log_probs_TV: Floats = logits_TV - np.log(np.exp(logits_TV).sum(1, keepdims=True))
    return log_probs_TV


def test_a_long_text_is_found_alike_with_a_beam_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(1)
    tokens, places = chance.integers(1, 20, 1_000), np.sort(chance.choice(2_000, 1_000, replace=False)) * 2
    log_probs_TV = spoken(tokens, places, 4_000, 20)
    path = ctc.viterbi(log_probs_TV, tokens, 0)
    assert np.abs(path.first_N - places).max() == 0
    monkeypatch.setattr(ctc, "BEAMS", (np.inf,))
    assert np.array_equal(ctc.viterbi(log_probs_TV, tokens, 0).first_N, path.first_N)


def test_a_beam_that_loses_the_end_is_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = np.array([1, 2, 3])
    log_probs_TV = spoken(tokens, np.array([10, 11, 12]), 200, 4)
    log_probs_TV = np.concatenate([spoken(tokens, np.array([10, 11, 12]), 200, 4)[::-1], log_probs_TV[:1]])
    exact = ctc.viterbi(log_probs_TV, tokens, 0)
    monkeypatch.setattr(ctc, "BEAMS", (0.5, np.inf))
    assert ctc.viterbi(log_probs_TV, tokens, 0).costs_T.sum() == exact.costs_T.sum()


def test_other_speech_at_the_ends_is_passed_over_when_it_may_be() -> None:
    chance = np.random.default_rng(2)
    tokens, places = chance.integers(1, 20, 300), np.arange(300) * 5
    log_probs_TV = spoken(tokens, places, 1_500, 20)
    path = ctc.viterbi(log_probs_TV, tokens[100:200], 0, skip=0.7)
    assert np.array_equal(path.first_N, places[100:200])
    forced = ctc.viterbi(log_probs_TV, tokens[100:200], 0)
    assert forced.costs_T.sum() < path.costs_T[500:1_000].sum()
