"""Writing down recordings that have no text: only on request, for a given text always wins.

`faster-whisper:MODEL` is a Whisper by folder or size; `hf:MODEL` is a CTC model of Hugging Face. Both give every word
its time, so clips are cut from them as from aligned words. The surprise: of some languages Whisper writes fluent
nonsense in another script; for these its stock models are refused and models that can are named.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from dimts.audio.io import Samples
from dimts.data.align import Word, ends
from dimts.data.ctc import Floats
from dimts.data.recognisers import posteriors
from dimts.data.recognisers.hub import SPACES, HubModel
from dimts.errors import ConfigError, MissingExtra
from dimts.text.languages import primary_of

WHISPER_HZ = 16_000
STOCK = ("openai/", "systran/", "distil-whisper/", "deepdml/", "mobiuslabsgmbh/")  # publishers of Whisper as it came
UNUSABLE = {
    "am": "its letters are wrong 193 times in 100 (FLEURS, large-v3), mostly of another script; give a model that was"
    " taught Amharic: hf:agkphysics/wav2vec2-large-xlsr-53-amharic, hf:facebook/mms-1b-all (non-commercial), Ethio-ASR,"
    " or faster-whisper: with the folder of a fine-tuned one such as BuzzASR/amharic"
}  # by language: why stock Whisper is refused
LEAST = 1e-4  # probability: keeps logarithms finite
Timed = tuple[str, float, float, float]  # a word with the space before it, start and end in seconds, probability


class Transcriber(ABC):
    """Writes down what is said."""

    @property
    @abstractmethod
    def rate_hz(self) -> int:
        """Rate of the samples that it hears."""

    @abstractmethod
    def transcribe(self, samples: Samples) -> list[Word]:
        """Give the words of some speech, float32 [N] in -1..1, none where nobody speaks.

        A word's score is the log-probability that the model gives it. ConfigError when the model cannot be read.
        """


def load(name: str, language: str) -> Transcriber:
    """Make a transcriber by name, for a language; it is read when it is first needed.

    ConfigError for an unknown name, and for a stock Whisper in a language that it cannot write.
    """
    kind, _, model = name.partition(":")
    if kind == "hf" and model:
        _refuse_stock(name, model, language)
        return Speller(model, language)
    if kind == "faster-whisper" and model:
        _refuse_stock(name, model, language)
        return Whisper(model, language)
    raise ConfigError(f"transcriber {name!r}: give faster-whisper:SIZE or :FOLDER, or hf:MODEL with a CTC model")


def _refuse_stock(name: str, model: str, language: str) -> None:
    stock = "/" not in model or ("whisper" in model.casefold() and model.casefold().startswith(STOCK))
    if stock and not Path(model).exists() and primary_of(language) in UNUSABLE:
        raise ConfigError(
            f"transcriber {name}: stock Whisper cannot write {language}: {UNUSABLE[primary_of(language)]}"
        )


class Whisper(Transcriber):
    """A Whisper of the package faster-whisper."""

    rate_hz = WHISPER_HZ

    def __init__(self, model: str, language: str) -> None:
        self.name, self.model, self.language = f"faster-whisper:{model}", model, primary_of(language)

    def transcribe(self, samples: Samples) -> list[Word]:
        segments, _ = self._network.transcribe(
            samples, language=self.language, word_timestamps=True, condition_on_previous_text=False
        )
        said = [word for segment in segments for word in segment.words]
        return words([(word.word, word.start, word.end, word.probability) for word in said], self.language)

    @cached_property
    def _network(self) -> Any:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise MissingExtra("faster-whisper", "asr", f"transcriber {self.name}") from error
        try:
            network = WhisperModel(self.model)
        except (OSError, ValueError, RuntimeError) as error:
            said = " ".join(str(error).split())[:200]
            raise ConfigError(f"transcriber {self.name}: cannot be read: {said}; give its folder or size") from error
        if self.language not in network.supported_languages:
            raise ConfigError(f"transcriber {self.name}: does not know language {self.language}; give another model")
        return network


class Speller(Transcriber):
    """A CTC model of transformers that writes the most probable letter of each frame."""

    def __init__(self, model: str, language: str) -> None:
        self._recogniser, self.language = Letters(model, language), language

    @property
    def rate_hz(self) -> int:
        return self._recogniser.rate_hz

    def transcribe(self, samples: Samples) -> list[Word]:
        recogniser = self._recogniser
        return words(_spelled(recogniser, posteriors(recogniser, [samples])), self.language)


class Letters(HubModel):
    """The model with spaces kept apart from silence."""

    def hear(self, samples: Samples) -> Floats:
        return self.spell(samples)


def _spelled(recogniser: Letters, log_probs_TV: Floats) -> Iterator[Timed]:
    """Read the most probable token of each frame, repetitions and blanks left out, and part them at spaces."""
    names = {number: token for token, number in recogniser.parts.vocabulary.items()}
    best_T = log_probs_TV.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best_T, prepend=-1, append=-1))
    word, first, last, log_probs = "", 0, 0, [0.0]
    for start, stop in [*zip(edges[:-1], edges[1:], strict=True), (len(best_T), len(best_T))]:
        token = names.get(int(best_T[start]), "") if start < len(best_T) else SPACES[0]
        if word and token[:1] in SPACES:
            yield " " + word, first * recogniser.frame_s, last * recogniser.frame_s, float(np.exp(np.mean(log_probs)))
            word = ""
        letters = token.lstrip("".join(SPACES))
        if letters and letters[0] not in "<[":
            first, log_probs = (first, log_probs) if word else (int(start), [])
            word, last = word + letters, int(stop)
            log_probs.append(float(log_probs_TV[start:stop, best_T[start]].max()))


def words(said: Iterable[Timed], language: str) -> list[Word]:
    """Make words with their gaps and marks of what a recogniser wrote."""
    timed = [each for each in said if each[0].strip()]
    text = "".join(word for word, *_ in timed)
    stops = list(accumulate(len(word) for word, *_ in timed))
    starts = [stop - len(word.lstrip()) for stop, (word, *_) in zip(stops, timed, strict=True)]
    gaps = [" " * word.startswith(" ") for word, *_ in timed[1:]] + [""]
    rows = zip(timed, gaps, ends(text, starts, language), strict=True)
    return [
        Word(
            word.strip(),
            gap,
            end,
            round(start_s, 3),
            round(end_s, 3),
            sum(map(str.isalnum, word)),
            round(log(max(probability, LEAST)), 4),
        )  # fmt: skip
        for (word, start_s, end_s, probability), gap, end in rows
    ]
