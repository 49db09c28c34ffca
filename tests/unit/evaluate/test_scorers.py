"""Scorers on their own: distortion, letters and words, what an absent one says."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from dimts.audio.io import Audio, Samples
from dimts.checkpoint import initial
from dimts.data.align import Word
from dimts.errors import ConfigError
from dimts.evaluate import attention
from dimts.evaluate.cache import Cache
from dimts.evaluate.scorers import distortion, words
from dimts.evaluate.scorers.words import Words
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from tests.unit.evaluate.takes import silence, take


def cheapest(apart: np.ndarray) -> float:
    """The mean distance along the way of least sum, by looking at every way."""
    rows, columns = apart.shape
    ways: dict[tuple[int, int], list[tuple[float, int]]] = {(0, 0): [(apart[0, 0], 1)]}
    for i, j in product(range(rows), range(columns)):
        before = [ways[at] for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if at in ways]
        ways.setdefault((i, j), [(cost + apart[i, j], steps + 1) for found in before for cost, steps in found])
    cost, steps = min(ways[rows - 1, columns - 1])
    return cost / steps


def test_warping_takes_the_cheapest_way() -> None:
    random = np.random.default_rng(0)
    for shape in ((1, 1), (1, 4), (5, 4), (4, 6)):
        apart = random.random(shape)
        assert distortion.warped(apart) == pytest.approx(cheapest(apart))


def speech(seed: int) -> Samples:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        samples: Samples = initial.synthetic_speech(2, 2).flatten().numpy()
    return samples


def test_distortion_grows_with_noise_and_knows_no_tempo() -> None:
    own = speech(0)
    cepstra = distortion.cepstra(Audio(own, 22_050))
    noise = np.random.default_rng(0).normal(0, own.std(), len(own)).astype(np.float32)
    found = [distortion.distortion(Audio(own + share * noise, 22_050), cepstra) for share in (0, 0.1, 1)]
    assert found[0] == pytest.approx(0, abs=1e-4)
    assert found[0] < found[1] < found[2]  # type: ignore[operator]
    assert 5 < (found[2] or 0) < 25  # dB as others count them
    assert distortion.distortion(Audio(np.concatenate([own[:22_050]] * 2), 22_050), cepstra) is not None
    assert distortion.distortion(Audio(own[:500], 22_050), cepstra) is None


def test_texts_are_compared_without_marks() -> None:
    assert words.plain("Twelve eggs – it's 3!", "en") == "twelve eggs it's three"
    assert words.plain("ሠላም፣ ለዓለም።", "am") == words.plain("ሰላም ለአለም", "am")
    assert words.plain("किताब", "hi") == "किताब"
    assert words.rate("kitten", "sitting") == pytest.approx(3 / 7)
    assert words.rate([], ["a", "b"]) == 1
    assert words.rate("abc", "") == 3


class Parrot:
    """Writes the same, whatever it hears."""

    rate_hz = 16_000

    def transcribe(self, samples: Samples) -> list[Word]:
        gap = [" ", ""]
        return [Word(text, gap[at], "", 0, 1, 1, 0) for at, text in enumerate(("good", "mourning"))]


def test_words_are_counted_in_the_recogniser_s_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dimts.data.transcribe.load", lambda name, language: Parrot())
    scorer = Words(Cache(tmp_path), "hf:parrot", "en-gb")
    assert scorer.absent() is None
    (found,) = scorer.score([take(tmp_path, silence(1), "Good morning")])
    assert found == {"cer": pytest.approx(1 / 11), "wer": 0.5}
    monkeypatch.setattr(Parrot, "transcribe", None)  # what was written down once is kept
    assert scorer.score([take(tmp_path, silence(1), "Good morning")]) == [found]
    assert Words(Cache(tmp_path), "hf:parrot", "am").score([take(tmp_path, silence(1))]) == [{}]


def test_without_a_recogniser_the_columns_say_so_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    assert "no --recogniser was named" in str(Words(Cache(tmp_path), None, "en").absent())
    with pytest.raises(ConfigError, match="give faster-whisper"):
        Words(Cache(tmp_path), "sphinx", "en").absent()
    with pytest.raises(ConfigError, match="stock Whisper cannot write am"):
        Words(Cache(tmp_path), "faster-whisper:large-v3", "am").absent()


def test_gaze_is_the_network_s_attention(speaker: Speaker, voice: Voice) -> None:
    tokenizer, gpt = speaker.tokenizer, speaker.network.gpt
    ids_T = torch.tensor([tokenizer.start_id, *tokenizer.encode("nothing", "en"), tokenizer.stop_id])
    codes_A = torch.arange(30)
    found = attention.gaze(gpt, voice.latents_1PD, ids_T, codes_A)
    assert found and found.weights_AT.shape == (30, len(ids_T) - 2)
    assert torch.allclose(found.weights_AT.sum(1), torch.ones(30))
    assert 0 <= found.follows <= 1
    assert attention.gaze(gpt, voice.latents_1PD, ids_T, codes_A[:1]) is None


def test_a_gaze_that_runs_along_follows() -> None:
    along = torch.eye(20).repeat_interleave(2, dim=0)
    still = torch.full((40, 20), 0.05)
    back = along.flip(0)
    half = torch.cat([along[:, :10].repeat_interleave(1, 0), torch.zeros(40, 10)], 1)
    follows = attention._following(torch.stack([along, still, back, half]))
    assert follows[0] == pytest.approx(1, abs=0.05)
    assert follows[1:3].tolist() == [0, 0]
    assert follows[3] < follows[0]
