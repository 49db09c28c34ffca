"""Samples spoken while training: the same sentences, seeds and voice every time, so that checkpoints compare."""

from pathlib import Path

from dimts.audio import io
from dimts.config import RunConfig
from dimts.data.dataset import Pair
from dimts.infer import voice
from dimts.infer.decode import Sampling
from dimts.infer.speak import Speaker
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer

FOLDER = "samples"
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
        heard = next(iter(voices(network, self.pair).values()))
        made = []
        for number, text in enumerate(settings.texts):
            sampling = Sampling(max_codes=settings.max_codes)
            audio = self.speaker.speak(text, heard, self.language, settings.seed + number, sampling)
            made.append(self.run.out / FOLDER / f"update-{update:06d}-{number + 1}.wav")
            io.write(made[-1], audio)
        network.gpt.train(was_training)
        return made


def voices(network: Xtts, pair: Pair) -> dict[str, voice.Voice]:
    """Make a voice of every speaker's longest training clips, by name."""
    made = {}
    for speaker in sorted({example.clip.speaker for example in pair.train}):
        own = [example for example in pair.train if example.clip.speaker == speaker]
        longest = sorted(own, key=lambda example: (-example.samples, example.clip.id))[:REFERENCE_CLIPS]
        made[speaker] = voice.make(network, [voice.listen(example.audio) for example in longest])
    return made
