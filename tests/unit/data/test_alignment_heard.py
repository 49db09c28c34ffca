"""Alignment of sound that a real recogniser hears: a small version of benchmarks/alignment.py."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from dimts.app.demo import corpus
from dimts.audio.io import Samples
from dimts.audio.resample import quick
from dimts.data import align, phrases, recognisers
from dimts.data.filters import Limits

pytestmark = pytest.mark.skipif(
    not (find_spec("hama") and find_spec("espeakng_loader")), reason="needs hama and espeakng-loader"
)
SENTENCES = corpus.read_sentences()[20:27]
GAP_S = 0.6


@pytest.fixture(scope="module")
def spoken() -> list[Samples]:
    """The sentences at 16 kHz, without silence around, by three voices in turn."""
    clips = [corpus.clip(text, corpus.VOICES[n % 3]) for n, text in enumerate(SENTENCES)]
    edge = round(corpus.EDGE_S * clips[0].rate_hz)
    return [quick(torch.from_numpy(clip.samples[edge:-edge]), clip.rate_hz, 16_000).numpy() for clip in clips]


def test_sentences_are_found_in_a_recording_that_holds_more(spoken: list[Samples]) -> None:
    hama = recognisers.load("hama", "am")
    silence = np.random.default_rng(0).normal(0, 1e-4, round(GAP_S * hama.rate_hz)).astype(np.float32)
    edges = np.cumsum([len(part) for clip in spoken for part in (silence, clip)]) / hama.rate_hz
    placed = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    heard_TV = recognisers.posteriors(hama, (part for clip in spoken for part in (silence, clip)))
    written, spans = SENTENCES[1:-1], placed[1:-1]  # nobody wrote down the first and the last
    words = align.align(hama, heard_TV, "\n".join(written), "am")
    found = phrases.fitted(phrases.clips(words, placed, phrases.Lengths(min_s=0.5)), hama, heard_TV, "am")
    assert [clip.text for clip in found] == written
    firsts = np.cumsum([0, *(len(text.split()) for text in written)])
    errors = [abs(words[n].start_s - start_s) for n, (start_s, _) in zip(firsts[:-1], spans, strict=True)]
    errors += [abs(words[n - 1].end_s - end_s) for n, (_, end_s) in zip(firsts[1:], spans, strict=True)]
    assert np.median(errors) < 0.06
    assert max(errors) < 0.25
    for clip, (start_s, end_s) in zip(found, spans, strict=True):
        assert start_s - 0.16 < clip.start_s <= start_s and end_s <= clip.end_s < end_s + 0.16
        assert clip.fit and clip.fit > Limits().min_alignment


def test_texts_of_other_sentences_are_told_from_the_right_ones(spoken: list[Samples]) -> None:
    hama = recognisers.load("hama", "am")
    heard = [recognisers.posteriors(hama, [clip]) for clip in spoken]
    right = [align.fit(hama, heard_TV, text, "am") for heard_TV, text in zip(heard, SENTENCES, strict=True)]
    turned = [*SENTENCES[1:], SENTENCES[0]]
    wrong = [align.fit(hama, heard_TV, text, "am") for heard_TV, text in zip(heard, turned, strict=True)]
    assert min(filter(None, right)) > Limits().min_alignment > max(value or 0 for value in wrong)
