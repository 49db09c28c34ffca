"""The whole network as model.pth holds it: the GPT that plans codes, HiFi-GAN that speaks, the speaker encoder."""

# B clips, A audio codes, D width, E speaker width, N samples

import torch
from torch import Tensor, nn

from dimts.model.gpt import Gpt
from dimts.model.hifigan import Hifigan
from dimts.model.shapes import MEL_BANDS, XttsShape
from dimts.model.speaker import SpeakerEncoder


class Xtts(nn.Module):
    """GPT, waveform decoder, speaker encoder and the mel normaliser, under their official names."""

    mel_stats: Tensor

    def __init__(self, shape: XttsShape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mel_stats", torch.ones(MEL_BANDS))
        self.hifigan_decoder = HifiDecoder(shape)
        self.gpt = Gpt(shape.gpt)


class HifiDecoder(nn.Module):
    """The waveform decoder and the speaker encoder it listens to."""

    def __init__(self, shape: XttsShape) -> None:
        super().__init__()
        self.waveform_decoder = Hifigan(shape.hifigan)
        self.speaker_encoder = SpeakerEncoder(shape.speaker)

    def forward(self, latents_BAD: Tensor, speaker_BE: Tensor) -> Tensor:
        """Return audio: float32 [B, N] at 24,000 Hz from latents [B, A, D] and speaker embeddings [B, E]."""
        audio_BN: Tensor = self.waveform_decoder(latents_BAD, speaker_BE)
        return audio_BN
