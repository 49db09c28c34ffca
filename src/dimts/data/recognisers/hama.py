"""`hama`: a small offline CTC recogniser of phones (PyPI, Apache-2, English and Korean, no network, one core).

It gives its own 191 tokens 50 times a second; `phones.py` says what they tell of the phones of other languages. Texts
come as IPA: by our rules for Amharic and Tigrinya, by espeak-ng for other languages.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from dimts.audio.io import Samples
from dimts.data.ctc import Floats
from dimts.data.recognisers import phones
from dimts.data.recognisers.base import Recogniser
from dimts.errors import MissingExtra
from dimts.text import espeak, g2p, normalise
from dimts.text.languages import primary_of

UNKNOWN = {"ʔ", "ʕ"}  # phones that it never hears, nor anything like them
LEAST = 1e-6  # probability below which a frame says nothing of a phone
ACCENT = {"en": "en-us"}  # what it was taught


class Hama(Recogniser):
    """The recogniser of the package `hama`."""

    name = "hama"
    rate_hz = 16_000
    frame_samples = 320  # hop of 160, every second frame
    blank = phones.INDEX[phones.BLANK]

    def hear(self, samples: Samples) -> Floats:
        probabilities: Floats = np.exp(self.spell(samples)) @ self._parts[1]
        return np.log(np.maximum(probabilities, np.float32(LEAST)))

    def spell(self, samples: Samples) -> Floats:
        """Give log-probabilities [T, V] of the model's own tokens."""
        session = self._parts[0].session
        heard: Floats = session.run(["log_probs"], {"waveform": samples[None], "waveform_lengths": None})[0][0]
        return heard

    def tokens(self, words: Sequence[str], language: str) -> list[list[int]]:
        spoken = [normalise.normalise(word, language) for word in words]
        return [
            [phones.INDEX[phone] for phone in phones.read(ipa) if phone not in UNKNOWN]
            for ipa in _ipa(spoken, primary_of(language))
        ]

    @cached_property
    def _parts(self) -> tuple[Any, Floats]:
        try:
            from hama.asr import ASRModel
        except ImportError as error:
            raise MissingExtra("hama", "align", "recogniser hama") from error
        model = ASRModel()
        return model, phones.weights(model.decoder_tokens)


class HamaTokens(Hama):
    """The same recogniser with its own tokens as they are: to write down speech when nobody says what is meant."""

    @property
    def blank(self) -> int:  # type: ignore[override]  # of its own tokens
        return int(self._parts[0].blank_id)

    def hear(self, samples: Samples) -> Floats:
        return self.spell(samples)

    def write(self, log_probs_TV: Floats) -> list[str]:
        """Give the phones of the likeliest tokens, frame by frame, each once for as long as it lasts."""
        best_T = log_probs_TV.argmax(axis=1)
        changed_T = np.diff(best_T, prepend=-1) != 0
        names = self._parts[0].decoder_tokens
        spelled = [names[token] for token in best_T[changed_T]]
        return [phone for token in spelled if not token.startswith("<") for phone in phones.read(token)]


def _ipa(spoken: Sequence[str], language: str) -> list[str]:
    """Pronounce each text by our rules where there are some, else by espeak-ng."""
    if language in g2p.RULED:
        return [g2p.to_ipa(text, language) for text in spoken]
    return espeak.ipa(spoken, ACCENT.get(language, g2p.ESPEAK.get(language, language)))
