"""From text to audio: a Speaker is a loaded folder; it makes voices and speaks with them."""

# T text ids, A audio codes, D width, N samples

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dimts.audio.io import Audio
from dimts.checkpoint import export, weights
from dimts.checkpoint.official import Base
from dimts.errors import AudioError, CheckpointError, TextError
from dimts.infer import decode, voice
from dimts.infer.decode import Sampling
from dimts.infer.delivery import Delivery
from dimts.infer.voice import Voice
from dimts.model.shapes import OUTPUT_RATE_HZ
from dimts.model.xtts import Xtts
from dimts.text import sentences
from dimts.text.bpe import Tokenizer
from dimts.text.front import Front
from dimts.text.languages import primary_of

BASE_TEXT_TOKENS = 150  # a piece for a plain base: 16 s at LJ Speech's 2.4 codes a token; 600 codes are the limit
PAUSE_S = 0.12  # silence between the pieces of a long text
FADE_S = 0.01  # at both ends of each piece, so that joins do not click

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Piece(Audio):
    """What was spoken in one go, the pause after it included."""

    text: str  # as the network read it
    ids: tuple[int, ...]  # its tokens, without start and stop
    utterance: decode.Utterance

    @property
    def codes(self) -> int:
        """How many codes were spoken; 0: the network stopped at once."""
        return len(self.utterance.codes_A)

    @property
    def ended(self) -> bool:
        """Whether the stop code ended it; else the limit may have cut off its end."""
        return self.utterance.ended


@dataclass(frozen=True)
class Speaker:
    """A base or bundle that can speak."""

    folder: Path
    network: Xtts
    tokenizer: Tokenizer
    longest_text_tokens: int  # longer texts are spoken in pieces
    fronts: Mapping[str, Front] = field(default_factory=dict)  # how languages are read, where not as the base's
    delivery: Delivery = Delivery()

    def voice(self, references: str | Path | Sequence[str | Path], prompt_s: float = 30, chunk_s: float = 6) -> Voice:
        """Make a voice of recordings. AudioError when one cannot be used."""
        paths = [references] if isinstance(references, str | Path) else references
        if not paths:
            raise AudioError("a voice needs at least one reference recording")
        return voice.make(self.network, [voice.listen(Path(path)) for path in paths], prompt_s, chunk_s)

    def stored_voices(self) -> list[str]:
        """Return the names of the bundle's own voices, sorted; for a plain base those that came with it."""
        return export.voice_names(self.folder) or list(voice.read_official(self.folder))

    def stored_voice(self, name: str | None = None) -> Voice:
        """Read a stored voice, the first if no name is given. CheckpointError when there is none of that name."""
        names = self.stored_voices()
        if not names or (name is not None and name not in names):
            asked = "no stored voice" if name is None else f"no voice {name!r}"
            raise CheckpointError(f"{self.folder}: {asked} ({weights.shown(names) or 'it has none'}); give --reference")
        path = export.voice_file(self.folder, name or names[0])
        stored = voice.read(path) if path.is_file() else voice.read_official(self.folder)[name or names[0]]
        return self._fitting(stored)

    def front(self, language: str) -> Front:
        """Return how texts of a language are read; TextError when it is no language code."""
        return self.fronts.get(primary_of(language), Front())

    @property
    def device(self) -> torch.device:
        return self.network.mel_stats.device

    def speak(self, text: str, voice: Voice, language: str, seed: int = 0, sampling: Sampling | None = None) -> Audio:
        """Speak a text of any length: float32 at 24,000 Hz. TextError when there is nothing to say."""
        pieces = list(self.stream(text, voice, language, seed, sampling))
        return Audio(np.concatenate([piece.samples for piece in pieces]), OUTPUT_RATE_HZ)

    def stream(
        self, text: str, voice: Voice, language: str, seed: int = 0, sampling: Sampling | None = None
    ) -> Iterator[Piece]:
        """Speak piece by piece, as each is ready; joined they are what `speak` returns.

        TextError when there is nothing to say, and after the last piece when nothing was said.
        """
        voice = self._fitting(voice)
        pieces, spoken = self.pieces(text, language), 0
        for number, ids in enumerate(pieces):
            utterance = self._say(ids, voice, sampling or Sampling(), (seed << 16) + number)
            codes = len(utterance.codes_A)
            paced_AD = self.delivery.paced(utterance.latents_AD)
            samples = fade(self.vocode(paced_AD, voice)) if codes else np.zeros(0, np.float32)
            pause = np.zeros(int(PAUSE_S * OUTPUT_RATE_HZ) if codes and number + 1 < len(pieces) else 0, np.float32)
            said = self.tokenizer.decode(ids)
            yield Piece(np.concatenate([samples, pause]), OUTPUT_RATE_HZ, said, tuple(ids), utterance)
            spoken += codes
        if not spoken:
            raise TextError(f"the network stopped at once and said nothing of {text[:40]!r}; try another seed")

    def pieces(self, text: str, language: str) -> list[list[int]]:
        """Return the ids of what is spoken in one go, split at sentence ends where the text is long or asked to be.

        TextError when no letter or number is left to say, or when the vocabulary knows none of them.
        """

        front = self.front(language)

        def length(piece: str) -> int:
            return len(self.tokenizer.encode_spoken(front.pronounced(piece, language), language))

        whole, limit = front.normalised(text, language), self.longest_text_tokens
        parts = sentences.each(whole, language) if self.delivery.split == "sentences" else [whole]
        split = [piece for part in parts for piece in sentences.split(part, language, limit, length)]
        found = [piece for piece in split if any(sign.isalnum() for sign in piece)]
        if not found:
            raise TextError(f"nothing to say in {text[:40]!r}; give a text with words")
        said = [front.pronounced(piece, language) for piece in found]
        pieces = self.tokenizer.encode_spoken_batch(said, language)
        nothing = {self.tokenizer.tag_id(language), self.tokenizer.space_id, self.tokenizer.unknown_id}
        if all(nothing.issuperset(ids) for ids in pieces):
            raise TextError(f"the vocabulary knows no letter of {text[:40]!r}; is {language!r} its language?")
        return pieces

    def _fitting(self, voice: Voice) -> Voice:
        """Return the voice on the network's device. CheckpointError when it was made with another base."""
        shape = self.network.shape
        right = ((1, shape.gpt.latents, shape.gpt.width), (1, shape.hifigan.speaker_width))
        if (voice.latents_1PD.shape, voice.speaker_1E.shape) != right:
            raise CheckpointError(f"the voice is not of {self.folder}; make it again with --reference")
        return voice.to(self.device)

    @torch.no_grad()
    def _say(self, ids: list[int], voice: Voice, sampling: Sampling, seed: int) -> decode.Utterance:
        generator = torch.Generator().manual_seed(seed % (1 << 64))
        text_T = torch.tensor([self.tokenizer.start_id, *ids, self.tokenizer.stop_id], device=self.device)
        return decode.generate(self.network.gpt, voice.latents_1PD, text_T, sampling, generator)

    @torch.no_grad()
    def vocode(self, latents_AD: Tensor, voice: Voice) -> Samples:
        """Turn the states behind codes into sound: float32 [N] at 24,000 Hz."""
        audio_BN = self.network.hifigan_decoder(latents_AD[None], voice.speaker_1E)
        samples: Samples = audio_BN[0].float().cpu().numpy()
        return samples


def load(folder: str | Path, device: str | torch.device = "cpu") -> Speaker:
    """Load any folder of official layout, base or bundle. CheckpointError names what is wrong with it."""
    return of_base(*export.load(Path(folder), device))


def of_base(base: Base, description: Mapping[str, Any]) -> Speaker:
    """Make a speaker of a folder that is read, as `export.load` gives it."""
    most = base.network.shape.gpt.text_positions - 2
    longest = min(most, description.get("longest_text_tokens", BASE_TEXT_TOKENS))
    return Speaker(base.folder, base.network, base.tokenizer, longest, export.fronts(base.folder, description))


def fade(samples: Samples) -> Samples:
    """Fade both ends in and out."""
    count = min(int(FADE_S * OUTPUT_RATE_HZ), len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)
    faded = samples.copy()
    faded[:count] *= ramp
    faded[len(faded) - count :] *= ramp[::-1]
    return faded
