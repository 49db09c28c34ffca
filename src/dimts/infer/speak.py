"""From text to audio: a Speaker is a loaded folder; it makes voices and speaks with them."""

# T text ids, A audio codes, D width, N samples

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dimts.audio.io import Audio
from dimts.checkpoint import export, weights
from dimts.errors import AudioError, CheckpointError, TextError
from dimts.infer import decode, voice
from dimts.infer.decode import Sampling
from dimts.infer.voice import Voice
from dimts.model.shapes import OUTPUT_RATE_HZ
from dimts.model.xtts import Xtts
from dimts.text import sentences
from dimts.text.bpe import Tokenizer
from dimts.text.normalise import normalise

PAUSE_S = 0.12  # silence between the pieces of a long text
FADE_S = 0.01  # at both ends of each piece, so that joins do not click

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Speaker:
    """A base or bundle that can speak."""

    folder: Path
    network: Xtts
    tokenizer: Tokenizer
    longest_text_tokens: int  # longer texts are spoken in pieces

    def voice(self, references: Sequence[str | Path], prompt_s: float = 30, chunk_s: float = 6) -> Voice:
        """Make a voice of recordings. AudioError when one cannot be used."""
        if not references:
            raise AudioError("a voice needs at least one reference recording")
        return voice.make(self.network, [voice.listen(Path(path)) for path in references], prompt_s, chunk_s)

    def stored_voices(self) -> list[str]:
        """Return the names of the bundle's own voices, sorted; [] for a plain base."""
        return sorted(path.stem for path in (self.folder / export.VOICES).glob("*.safetensors"))

    def stored_voice(self, name: str | None = None) -> Voice:
        """Read one of the bundle's own voices, the first if no name is given."""
        names = self.stored_voices()
        if not names or (name is not None and name not in names):
            asked = f"no voice {name!r}" if name else "no stored voice"
            raise CheckpointError(f"{self.folder}: {asked} ({weights.shown(names) or 'it has none'}); give --reference")
        return voice.read(self.folder / export.VOICES / f"{name or names[0]}.safetensors").to(self.device)

    @property
    def device(self) -> torch.device:
        return self.network.mel_stats.device

    def speak(self, text: str, voice: Voice, language: str, seed: int = 0, sampling: Sampling | None = None) -> Audio:
        """Speak a text of any length: float32 at 24,000 Hz. TextError when there is nothing to say."""
        pieces = list(self.stream(text, voice, language, seed, sampling))
        return Audio(np.concatenate([piece.samples for piece in pieces]), OUTPUT_RATE_HZ)

    def stream(
        self, text: str, voice: Voice, language: str, seed: int = 0, sampling: Sampling | None = None
    ) -> Iterator[Audio]:
        """Speak piece by piece, as each is ready; joined they are what `speak` returns."""
        pieces = self.pieces(text, language)
        for number, ids in enumerate(pieces):
            generator = torch.Generator().manual_seed((seed << 16) + number)
            samples = fade(self._say(ids, voice, sampling or Sampling(), generator))
            pause = np.zeros(int(PAUSE_S * OUTPUT_RATE_HZ) if number + 1 < len(pieces) else 0, np.float32)
            yield Audio(np.concatenate([samples, pause]), OUTPUT_RATE_HZ)

    def pieces(self, text: str, language: str) -> list[list[int]]:
        """Return the ids of what is spoken in one go, split at sentence ends where the text is long."""

        def length(piece: str) -> int:
            return len(self.tokenizer.encode_spoken(piece, language))

        spoken = normalise(text, language)
        found = [
            piece for piece in sentences.split(spoken, language, self.longest_text_tokens, length) if piece.strip()
        ]
        if not found:
            raise TextError(f"nothing to say in {text[:40]!r}; give a text with words")
        return self.tokenizer.encode_spoken_batch(found, language)

    @torch.no_grad()
    def _say(self, ids: list[int], voice: Voice, sampling: Sampling, generator: torch.Generator) -> Samples:
        text_T = torch.tensor([self.tokenizer.start_id, *ids, self.tokenizer.stop_id], device=self.device)
        utterance = decode.generate(self.network.gpt, voice.latents_1PD, text_T, sampling, generator)
        return self.vocode(utterance.latents_AD, voice)

    @torch.no_grad()
    def vocode(self, latents_AD: Tensor, voice: Voice) -> Samples:
        """Turn the states behind codes into sound: float32 [N] at 24,000 Hz."""
        audio_BN = self.network.hifigan_decoder(latents_AD[None], voice.speaker_1E)
        samples: Samples = audio_BN[0].float().cpu().numpy()
        return samples


def load(folder: str | Path, device: str | torch.device = "cpu") -> Speaker:
    """Load any folder of official layout, base or bundle. CheckpointError names what is wrong with it."""
    base, description = export.load(Path(folder), device)
    most = base.network.shape.gpt.text_positions - 2
    longest = min(most, int(description.get("longest_text_tokens", most)))
    return Speaker(Path(folder), base.network, base.tokenizer, longest)


def fade(samples: Samples) -> Samples:
    """Fade both ends in and out."""
    count = min(int(FADE_S * OUTPUT_RATE_HZ), len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)
    faded = samples.copy()
    faded[:count] *= ramp
    faded[len(faded) - count :] *= ramp[::-1]
    return faded
