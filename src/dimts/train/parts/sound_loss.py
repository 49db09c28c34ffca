"""How far a decoder's sound is from a recording: in log mels, in spectra, and to the ears of discriminators."""

# B crops, N samples, M mel bands, F frames

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from dimts.model import mel
from dimts.model.discriminators import RESOLUTIONS, Heard, magnitudes
from dimts.model.shapes import OUTPUT_RATE_HZ

FFT, HOP, BANDS = 1024, 256, 80  # of the mel, in samples at 24 kHz; 0 to 12 kHz
FLOOR = 1e-5


def mel_error(made_BN: Tensor, real_BN: Tensor) -> Tensor:
    """Return the mean difference of log mels at 24 kHz, in nats."""
    return l1_loss(log_mel(made_BN), log_mel(real_BN))


def log_mel(audio_BN: Tensor) -> Tensor:
    """Return the log mel of audio at 24 kHz: float32 [B, 80, F]."""
    window, bands = _front(audio_BN.device)
    power_BKF = mel.spectrogram(audio_BN, FFT, HOP, window)
    mel_BMF: Tensor = bands.T @ (power_BKF + 1e-9).sqrt()
    return mel_BMF.clamp(min=FLOOR).log()


def spectral_error(made_BN: Tensor, real_BN: Tensor) -> Tensor:
    """Return spectral convergence and the mean difference of log magnitudes, over three resolutions.

    Yamamoto et al. 2020, arXiv 1910.11480, section 2.2.
    """
    errors = [_at(made_BN, real_BN, *resolution) for resolution in RESOLUTIONS]
    return torch.stack(errors).mean()


def judged(both: Sequence[Heard]) -> Tensor:
    """Return what discriminators get wrong: recordings, the first half, are 1, made sound is 0 (least squares)."""
    halves = [scores.float().chunk(2) for scores, _ in both]
    return _sum([(1 - real).square().mean() + made.square().mean() for real, made in halves])


def unmasked(made: Sequence[Heard]) -> Tensor:
    """Return how sure discriminators are that a decoder's sound is none of a recording."""
    return _sum([(1 - score).square().mean() for score, _ in made])


def unlike(real: Sequence[Heard], made: Sequence[Heard]) -> Tensor:
    """Return how unlike the discriminators' layers see recordings and a decoder's sound."""
    pairs = zip(real, made, strict=True)
    return _sum([l1_loss(m, r.detach()) for (_, rs), (_, ms) in pairs for r, m in zip(rs, ms, strict=True)])


def _at(made_BN: Tensor, real_BN: Tensor, fft: int, hop: int, width: int) -> Tensor:
    window = torch.hann_window(width, device=made_BN.device)
    made, real = magnitudes(made_BN, fft, hop, window), magnitudes(real_BN, fft, hop, window)
    convergence = (real - made).norm() / real.norm().clamp(min=1e-6)
    apart: Tensor = convergence + l1_loss(made.clamp(min=1e-4).log(), real.clamp(min=1e-4).log())
    return apart


@lru_cache(maxsize=4)
def _front(device: torch.device) -> tuple[Tensor, Tensor]:
    bands = mel.filter_bank(FFT // 2 + 1, BANDS, OUTPUT_RATE_HZ, OUTPUT_RATE_HZ / 2, slaney=True)
    return torch.hann_window(FFT, device=device), bands.to(device)


def _sum(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack([part.float() for part in parts]).sum()
