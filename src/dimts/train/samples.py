"""Samples spoken while training: the same sentences, seeds and voice every time, so that checkpoints compare."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dimts.audio import io
from dimts.audio.io import Audio
from dimts.config import RunConfig
from dimts.data.dataset import Example, Pair
from dimts.errors import TextError
from dimts.infer import voice
from dimts.infer.decode import Sampling
from dimts.infer.speak import Speaker
from dimts.model.shapes import OUTPUT_RATE_HZ
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer
from dimts.text.languages import primary_of

FOLDER = "samples"
SILENCE_SAMPLES = OUTPUT_RATE_HZ // 10  # of a sample in which nothing is said
REFERENCE_CLIPS = 5  # longest training clips that make a speaker's voice, joined and cut to 30 s


class Samples:
    """Speaks a run's sample texts into `samples/update-000123-1.wav`."""

    def __init__(self, network: Xtts, tokenizer: Tokenizer, pair: Pair, run: RunConfig) -> None:
        self.pair, self.run = pair, run
        self.language = run.samples.language or pair.datasets[0].language
        self.speaker = Speaker(run.out, network, tokenizer, pair.longest_text_tokens, pair.fronts)
        for text in run.samples.texts:
            self.speaker.pieces(text, self.language)  # what cannot be said is refused before training

    def speak(self, update: int) -> list[Path]:
        """Speak every text with the network as it is, in eval mode while it lasts; return the files."""
        settings, network = self.run.samples, self.speaker.network
        if not settings.texts:
            return []
        was_training = network.gpt.training
        network.gpt.eval()
        heard, made = voice_of(network, self._speaker()), []
        for number, text in enumerate(settings.texts):
            sampling = Sampling(max_codes=settings.max_codes)
            try:
                audio = self.speaker.speak(text, heard, self.language, settings.seed + number, sampling)
            except TextError:  # it stopped at once, as young networks do: heard as silence, and the run goes on
                audio = Audio(np.zeros(SILENCE_SAMPLES, np.float32), OUTPUT_RATE_HZ)
            made.append(self.run.out / FOLDER / f"update-{update:06d}-{number + 1}.wav")
            io.write(made[-1], audio)
        network.gpt.train(was_training)
        return made

    def _speaker(self) -> list[Example]:
        """Return the clips of the first speaker of the samples' language, or of the first where nobody speaks it."""
        everybody, primary = list(self.pair.speakers.values()), primary_of(self.language)
        native = (own for own in everybody if any(primary_of(each.clip.language) == primary for each in own))
        return next(native, everybody[0])


def voices(network: Xtts, pair: Pair) -> dict[str, voice.Voice]:
    """Make a voice of every speaker, by name."""
    return {name: voice_of(network, own) for name, own in pair.speakers.items()}


def voice_of(network: Xtts, clips: Sequence[Example]) -> voice.Voice:
    """Make a voice of a speaker's longest clips."""
    longest = sorted(clips, key=lambda example: (-example.samples, example.clip.id))[:REFERENCE_CLIPS]
    return voice.make(network, [voice.listen(example.audio) for example in longest])
