"""Intelligibility by letters: what a recogniser writes down against the text, both normalised, without punctuation.

Recognisers are those that `dimts prepare --transcribe` takes. They know their languages much better than phones are
heard by `hama`, and guess missing words from context: compare with the recordings' own rates.
"""

import unicodedata
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch

from dimts.audio.resample import quick
from dimts.data import transcribe
from dimts.data.transcribe import Transcriber
from dimts.evaluate import edits
from dimts.evaluate.cache import Cache
from dimts.evaluate.scorers.base import Column, Scorer, Values
from dimts.evaluate.speaking import Take
from dimts.text import normalise
from dimts.text.languages import primary_of


class Words(Scorer):
    """Writes down speech with a recogniser, in the language that it is for."""

    columns = (
        Column(
            "cer", "letters wrong", "low", "Wrong, missing and additional letters, a share of the text's.", share=True
        ),
        Column("wer", "words wrong", "low", "Wrong, missing and additional words, a share of the text's.", share=True),
    )

    def __init__(self, cache: Cache, recogniser: str | None, language: str) -> None:
        self.cache, self.recogniser, self.language = cache, recogniser, primary_of(language)

    def absent(self) -> str | None:
        """Say that nobody named a recogniser. ConfigError or MissingExtra, before any work, for one that is no use."""
        if self.recogniser is None:
            return "no --recogniser was named: faster-whisper:MODEL or hf:MODEL (a CTC model)"
        self._transcriber.transcribe(np.zeros(self._transcriber.rate_hz, np.float32))
        return None

    def score(self, takes: Sequence[Take]) -> list[Values]:
        return [self._values(take) for take in takes]

    def _values(self, take: Take) -> Values:
        language = take.line.sentence.language
        if primary_of(language) != self.language:
            return {}
        name = f"written-{self.recogniser}".replace("/", "_").replace(":", "_")
        written = self.cache.remember(take.key, name, lambda: self._written(take))
        meant, said = plain(take.line.sentence.text, language), plain(written, language)
        return {"cer": rate(said.replace(" ", ""), meant.replace(" ", "")), "wer": rate(said.split(), meant.split())}

    def _written(self, take: Take) -> str:
        audio, recogniser = take.audio(), self._transcriber
        if not len(audio.samples):
            return ""
        samples = quick(torch.from_numpy(audio.samples), audio.rate_hz, recogniser.rate_hz).numpy()
        return "".join(word.text + word.gap for word in recogniser.transcribe(samples))

    @cached_property
    def _transcriber(self) -> Transcriber:
        assert self.recogniser
        return transcribe.load(self.recogniser, self.language)


def plain(text: str, language: str) -> str:
    """Write a text as it is compared: normalised, in small letters, without punctuation, single spaces."""
    said = normalise.normalise(text, language).casefold()
    kept = (sign if unicodedata.category(sign)[0] in "LMN" or sign == "'" else " " for sign in said)
    return " ".join("".join(kept).split())


def rate(said: Sequence[str], meant: Sequence[str]) -> float:
    """Give edits from what was meant to what was said, as a share of what was meant."""
    return edits.strict(said, meant) / max(1, len(meant))
