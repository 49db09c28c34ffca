"""Codes are drawn as an independent reference draws them; the cache changes nothing; speech ends when it should."""

import copy
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from dimts.errors import CheckpointError, ConfigError
from dimts.infer.decode import ALWAYS_SEEN, Sampling, Utterance, draw, generate
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from dimts.model.gpt import Gpt
from dimts.model.shapes import START_CODE, STOP_CODE

Numbers = npt.NDArray[np.float64]
TEXTS = ["a", "the quick brown fox jumps over the lazy dog, and sleeps"]


def ids(speaker: Speaker, text: str) -> Tensor:
    tokenizer = speaker.tokenizer
    return torch.tensor([tokenizer.start_id, *tokenizer.encode(text, "en"), tokenizer.stop_id])


def say(gpt: Gpt, voice: Voice, text_T: Tensor, sampling: Sampling, seed: int = 0) -> Utterance:
    return generate(gpt, voice.latents_1PD, text_T, sampling, torch.Generator().manual_seed(seed))


def biased(gpt: Gpt, code: int, by: float) -> Gpt:
    """A copy that likes one code more."""
    other = copy.deepcopy(gpt)
    with torch.no_grad():
        other.mel_head.bias[code] += by
    return other


@torch.no_grad()
def without_cache(gpt: Gpt, voice: Voice, text_T: Tensor, sampling: Sampling, seed: int) -> tuple[list[int], Tensor]:
    """Speak by running the whole sequence again for every code."""
    generator = torch.Generator().manual_seed(seed)
    codes: list[int] = []
    states: list[Tensor] = []
    while len(codes) < sampling.max_codes and STOP_CODE not in codes:
        codes_A = torch.tensor([START_CODE, *codes])
        rows_ND = torch.cat([voice.latents_1PD[0], gpt.embed_text(text_T), gpt.embed_codes(codes_A)])
        states.append(gpt.hidden(rows_ND, [len(rows_ND)])[-1])
        codes.append(draw(gpt.mel_head(states[-1]), {*ALWAYS_SEEN, *codes}, sampling, generator))
    return [code for code in codes if code != STOP_CODE], torch.stack(states)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("greedy", [True, False], ids=["greedy", "sampled"])
@pytest.mark.parametrize("eager_to_stop", [0.0, 0.4])
def test_the_cache_changes_nothing(
    speaker: Speaker, voice: Voice, text: str, greedy: bool, eager_to_stop: float
) -> None:
    gpt = biased(speaker.network.gpt, STOP_CODE, eager_to_stop)
    sampling = Sampling(greedy=greedy, max_codes=70)
    cached = say(gpt, voice, ids(speaker, text), sampling, seed=4)
    codes, latents_AD = without_cache(gpt, voice, ids(speaker, text), sampling, seed=4)
    assert cached.codes_A.tolist() == codes
    assert len(set(codes)) > 3, "a constant would prove nothing"
    torch.testing.assert_close(cached.latents_AD, latents_AD, rtol=1e-4, atol=1e-4)


def test_the_seed_decides(speaker: Speaker, voice: Voice) -> None:
    def codes(seed: int) -> list[int]:
        found: list[int] = say(
            speaker.network.gpt, voice, ids(speaker, "hello"), Sampling(max_codes=30), seed
        ).codes_A.tolist()
        return found

    assert codes(1) == codes(1)
    assert codes(1) != codes(2)


@pytest.mark.parametrize("limit", [1, 2, 17])
def test_no_more_than_max_codes(speaker: Speaker, voice: Voice, limit: int) -> None:
    spoken = say(biased(speaker.network.gpt, STOP_CODE, -50.0), voice, ids(speaker, "hello"), Sampling(max_codes=limit))
    assert (len(spoken.codes_A), len(spoken.latents_AD), spoken.ended) == (limit, limit, False)


def test_the_positions_of_the_network_are_the_last_limit(speaker: Speaker, voice: Voice) -> None:
    gpt = biased(speaker.network.gpt, STOP_CODE, -50.0)
    gpt.shape = replace(gpt.shape, code_positions=5)
    assert len(say(gpt, voice, ids(speaker, "hello"), Sampling()).codes_A) == 5


def test_a_stop_at_once_is_an_empty_utterance(speaker: Speaker, voice: Voice) -> None:
    spoken = say(biased(speaker.network.gpt, STOP_CODE, 50.0), voice, ids(speaker, "hello"), Sampling())
    assert (spoken.codes_A.tolist(), len(spoken.latents_AD), spoken.ended) == ([], 1, True)


def test_the_stops_state_is_kept(speaker: Speaker, voice: Voice) -> None:
    spoken = say(biased(speaker.network.gpt, STOP_CODE, 0.4), voice, ids(speaker, TEXTS[1]), Sampling(greedy=True))
    assert spoken.ended
    assert len(spoken.latents_AD) == len(spoken.codes_A) + 1 > 1
    assert STOP_CODE not in spoken.codes_A.tolist()


def test_damaged_weights_are_said_so(speaker: Speaker, voice: Voice) -> None:
    with pytest.raises(CheckpointError, match="gives NaN or infinity"):
        say(biased(speaker.network.gpt, 7, float("nan")), voice, ids(speaker, "hello"), Sampling(greedy=True))


def reference(logits: Numbers, seen: set[int], sampling: Sampling) -> Numbers:
    """Probabilities of each id, in plain numpy and sorted lists."""
    penalty = sampling.repetition_penalty
    pushed = [score * penalty if score < 0 else score / penalty for score in logits]
    scores = [pushed[i] if i in seen else score for i, score in enumerate(logits)]
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    order = order[: sampling.top_k or None]
    exponents = np.exp([(scores[i] - scores[order[0]]) / sampling.temperature for i in order])
    shares = exponents / exponents.sum()
    kept = 1 + next((n for n in range(len(shares)) if shares[: n + 1].sum() >= sampling.top_p), len(shares) - 1)
    probabilities = np.zeros(len(logits))
    probabilities[order[:kept]] = shares[:kept] / shares[:kept].sum()
    return probabilities


SETTINGS = [
    Sampling(),
    Sampling(temperature=2.0, top_k=0, top_p=1.0, repetition_penalty=1.0),
    Sampling(temperature=0.3, top_k=5, top_p=1.0, repetition_penalty=1.0),
    Sampling(temperature=1.0, top_k=0, top_p=0.5, repetition_penalty=1.0),
    Sampling(temperature=1.5, top_k=7, top_p=0.9, repetition_penalty=3.0),
    Sampling(temperature=1.0, top_k=0, top_p=0.0, repetition_penalty=10.0),
    Sampling(temperature=1.0, top_k=1000, top_p=0.99, repetition_penalty=2.0),
]


@pytest.mark.parametrize("sampling", SETTINGS, ids=range(len(SETTINGS)))
@pytest.mark.parametrize("ties", [False, True], ids=["apart", "ties"])
def test_draws_follow_the_reference(sampling: Sampling, ties: bool) -> None:
    chance = np.random.RandomState(11)
    logits = chance.normal(size=24) * 2
    if ties:
        logits = np.round(logits)
    seen, count = {0, 3, int(logits.argmax()), int(logits.argmin())}, 3000
    expected = reference(logits, seen, sampling)
    generator, logits_R = torch.Generator().manual_seed(3), torch.from_numpy(logits).float()
    drawn = np.bincount([draw(logits_R, seen, sampling, generator) for _ in range(count)], minlength=24) / count
    assert not drawn[expected == 0].any()
    assert np.abs(drawn - expected).max() < 5 * np.sqrt(0.25 / count)
    assert drawn[expected > 0.01].all()


def test_the_likeliest_alone_is_greedy() -> None:
    generator = torch.Generator().manual_seed(0)
    for seed in range(50):
        logits_R = torch.randn(1026, generator=torch.Generator().manual_seed(seed)).mul(3).round()
        greedy = draw(logits_R, {5, 9}, Sampling(greedy=True), generator)
        assert draw(logits_R, {5, 9}, Sampling(top_k=1, temperature=3.0, top_p=1.0), generator) == greedy
        assert draw(logits_R, {5, 9}, Sampling(top_k=0, top_p=0.0), generator) == greedy


def test_the_penalty_pushes_both_signs_down() -> None:
    logits_R = torch.tensor([2.0, 1.0, -1.0, -1.5])
    greedy = Sampling(greedy=True, repetition_penalty=4.0)
    assert draw(logits_R, set(), greedy, torch.Generator()) == 0
    assert draw(logits_R, {0}, greedy, torch.Generator()) == 1
    assert draw(torch.tensor([-1.0, -1.5]), {0}, greedy, torch.Generator()) == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [("temperature", 0.0), ("temperature", float("nan")), ("top_k", -1), ("top_p", 1.5), ("top_p", -0.1),
     ("repetition_penalty", 0.0), ("max_codes", 0), ("max_codes", 603)],
)  # fmt: skip
def test_senseless_settings_are_refused(setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"^{setting}: ") as caught:
        replace(Sampling(), **{setting: value})  # type: ignore[arg-type]
    assert len(caught.value.problems) == 1
