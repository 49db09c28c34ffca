"""`hf:MODEL`: any CTC model of Hugging Face through transformers, a folder or a name on the hub.

Its tokens are letters, so it reads the scripts that it was taught and refuses a text that is mostly of another. Models
with an adapter for each language (MMS) take the one of the language.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dimts.audio.io import Samples
from dimts.data.ctc import Floats
from dimts.data.recognisers.base import Recogniser
from dimts.data.recognisers.codes import three_letters
from dimts.errors import ConfigError, DataError, MissingExtra
from dimts.text import normalise

LEAST_KNOWN = 0.8  # share of a text's letters that the model must have, or it is of another script
LEAST_SAMPLES = 1_600  # 0.1 s: shorter sound is padded, for the model's convolutions need some
FRAME_SAMPLES = 320  # of a model that does not say: 20 ms, as all that are known
SPACES = ("|", " ", "▁")  # how vocabularies write the space between words


@dataclass(frozen=True)
class Parts:
    """A model as transformers reads it."""

    network: Any
    extractor: Any  # of features from sound
    vocabulary: Mapping[str, int]
    blank: int


class HubModel(Recogniser):
    """A CTC model of transformers."""

    def __init__(self, model: str, language: str) -> None:
        self.name, self.model, self.language = f"hf:{model}", model, language

    @property
    def rate_hz(self) -> int:
        return int(self.parts.extractor.sampling_rate)

    @property
    def frame_samples(self) -> int:
        return int(getattr(self.parts.network.config, "inputs_to_logits_ratio", FRAME_SAMPLES))

    @property
    def blank(self) -> int:
        return self.parts.blank

    def hear(self, samples: Samples) -> Floats:
        log_probs_TV = self.spell(samples)
        for token in self.spaces:  # may stand between any two words, as a blank may
            log_probs_TV[:, self.blank] = np.logaddexp(log_probs_TV[:, self.blank], log_probs_TV[:, token])
        return log_probs_TV

    def spell(self, samples: Samples) -> Floats:
        """Give log-probabilities [T, V] of the model's own tokens."""
        import torch

        padded = np.pad(samples, (0, max(0, LEAST_SAMPLES - len(samples))))
        features = self.parts.extractor(padded, sampling_rate=self.rate_hz, return_tensors="pt")
        with torch.inference_mode():
            logits_TV = self.parts.network(**features).logits[0]
        heard: Floats = torch.log_softmax(logits_TV.float(), dim=-1).numpy()
        return heard

    def tokens(self, words: Sequence[str], language: str) -> list[list[int]]:
        spelled = [self._letters.findall(self._cased(normalise.normalise(word, language))) for word in words]
        letters = sum(c.isalnum() for c in "".join(words))
        known = sum(c.isalnum() for c in "".join(token for tokens in spelled for token in tokens))
        if known < LEAST_KNOWN * letters:
            raise DataError(f"{self.name} knows {known} of {letters} letters of the text; it is for another language")
        return [[self.parts.vocabulary[token] for token in tokens] for tokens in spelled]

    @property
    def spaces(self) -> list[int]:
        """The tokens that stand for the space between words."""
        return [self.parts.vocabulary[token] for token in SPACES if token in self.parts.vocabulary]

    @cached_property
    def parts(self) -> Parts:
        """The model, read when it is first needed. ConfigError when it cannot be, or is no CTC model."""
        try:
            from transformers import AutoFeatureExtractor, AutoModelForCTC, AutoTokenizer
        except ImportError as error:
            raise MissingExtra("transformers", "asr-hf", f"recogniser {self.name}") from error
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.model)
            own = self._adapter(tokenizer)
            tokenizer = AutoTokenizer.from_pretrained(self.model, **own) if own else tokenizer
            extractor = AutoFeatureExtractor.from_pretrained(self.model)
            network = AutoModelForCTC.from_pretrained(self.model, ignore_mismatched_sizes=bool(own), **own).eval()
        except (OSError, ValueError, KeyError) as error:
            said = " ".join(str(error).split())[:200]
            raise ConfigError(f"{self.name}: cannot be read as a CTC model: {said}; give its folder or name") from error
        return Parts(network, extractor, tokenizer.get_vocab(), int(tokenizer.pad_token_id))

    def _adapter(self, tokenizer: Any) -> dict[str, str]:
        """Choose the language of a model that has a vocabulary for each. ConfigError when it has none for this."""
        vocabularies = getattr(tokenizer, "vocab", {})
        if not all(isinstance(vocabulary, dict) for vocabulary in vocabularies.values()):
            return {}
        code = three_letters(self.language)
        if code not in vocabularies:
            raise ConfigError(f"{self.name}: has no adapter for language {self.language} ({code}); give another model")
        return {"target_lang": code}

    @cached_property
    def _letters(self) -> re.Pattern[str]:
        """A pattern of the tokens that letters of a text become, longest first."""
        tokens = [token for token in self.parts.vocabulary if any(map(str.isalnum, token)) and token[0] not in "<["]
        return re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or "(?!)")

    def _cased(self, word: str) -> str:
        """Write a word in the letters that the model has: many know capitals alone."""
        return max((word, word.upper(), word.lower()), key=lambda cased: sum(c in self.parts.vocabulary for c in cased))
