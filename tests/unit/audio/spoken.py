"""Material for the tests of speech: synthetic voices between known silences."""

import functools

import numpy as np
import pytest
import torch

from dimts.audio.io import Audio, Samples
from dimts.audio.levels import levels
from dimts.audio.resample import sinc
from dimts.audio.spans import Span

SENTENCES = {
    "en-us": ("The harbour was quiet before the boats came home.", "Nobody answered.", "Bring the red lamp upstairs."),
    "am": ("ሰላም ለዓለም እንዴት ነህ", "መጽሐፉን ለወንድሙ ሰጠ", "ነገ ጠዋት እንመጣለን"),
}  # fmt: skip


@functools.cache
def sentences(rate_hz: int) -> tuple[Samples, ...]:
    """Speak the sentences, silence at both ends cut off; skips the test where there is no espeak-ng."""
    pytest.importorskip("espeakng_loader")
    from dimts.app.demo import espeak

    spoken = [espeak.speak(text, voice) for voice, texts in SENTENCES.items() for text in texts]
    return tuple(_trimmed(_at(rate_hz, audio), rate_hz) for audio in spoken)


def recording(rate_hz: int, silences_s: tuple[float, ...], noise_db: float = -65.0) -> tuple[Audio, list[Span]]:
    """Put sentences between silences, the first of which comes first, over faint noise; tell where they are."""
    parts, true, length = [], [], 0
    for at, silence_s in enumerate(silences_s):
        parts.append(np.zeros(round(silence_s * rate_hz), np.float32))
        length += len(parts[-1])
        if at + 1 < len(silences_s):
            spoken = sentences(rate_hz)[at % 6]
            parts.append(spoken)
            true.append(Span(length / rate_hz, (length + len(spoken)) / rate_hz))
            length += len(spoken)
    noise = np.random.default_rng(0).standard_normal(length, np.float32) * 10 ** (noise_db / 20)
    return Audio((np.concatenate(parts) + noise).astype(np.float32), rate_hz), true


def _at(rate_hz: int, audio: Audio) -> Samples:
    resampled: Samples = sinc(torch.from_numpy(audio.samples), audio.rate_hz, rate_hz).numpy()
    return resampled


def _trimmed(samples: Samples, rate_hz: int) -> Samples:
    levels_db = levels(samples, rate_hz)
    heard = np.flatnonzero(levels_db > levels_db.max() - 40)
    return samples[heard[0] * rate_hz // 100 : (heard[-1] + 1) * rate_hz // 100]
