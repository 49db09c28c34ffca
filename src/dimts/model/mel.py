"""Mel spectrograms: what the prompt encoder (n_fft 2048), the DVAE (n_fft 1024) and the speaker encoder hear.

Prompts and codes share everything but n_fft. A crop of a whole clip's mel differs from the mel of the crop in the four
frames at its edges, where the latter sees reflected audio.
"""

import math

import torch
from torch import Tensor

from dimts.model.shapes import HOP_SAMPLES, MEL_BANDS, SAMPLE_RATE_HZ

PROMPT_FFT = 2048  # upstream get_gpt_cond_latents
CODE_FFT = 1024  # upstream TorchMelSpectrogram default
WINDOW_SAMPLES = 1024
TOP_HZ = 8000.0
FLOOR = 1e-5  # upstream: log(clamp(mel, 1e-5))


def prompt_mel(samples_BN: Tensor, stats: Tensor) -> Tensor:
    """Return the normalised log mel of prompts: float32 [B, 80, N // 256 + 1] from 22,050 Hz audio."""
    return _log_mel(samples_BN, PROMPT_FFT, stats)


def code_mel(samples_BN: Tensor, stats: Tensor) -> Tensor:
    """Return the normalised log mel that the DVAE encodes: float32 [B, 80, N // 256 + 1] from 22,050 Hz audio."""
    return _log_mel(samples_BN, CODE_FFT, stats)


def silence(stats: Tensor) -> Tensor:
    """Return one frame of digital silence as `prompt_mel` gives it: float32 [80, 1]."""
    return (math.log(FLOOR) / stats)[:, None]


def _log_mel(samples_BN: Tensor, fft: int, stats: Tensor) -> Tensor:
    window = torch.hann_window(WINDOW_SAMPLES, device=samples_BN.device)
    bands = filter_bank(fft // 2 + 1, MEL_BANDS, SAMPLE_RATE_HZ, TOP_HZ, slaney=True).to(samples_BN.device)
    power_BKF = spectrogram(samples_BN, fft, HOP_SAMPLES, window)
    mel_BMF = bands.T @ power_BKF
    return mel_BMF.clamp(min=FLOOR).log() / stats[:, None]


def spectrogram(samples_BN: Tensor, fft: int, hop: int, window: Tensor) -> Tensor:
    """Return the power spectrogram, centred with reflected edges: float32 [B, fft / 2 + 1, N // hop + 1]."""
    transform = torch.stft(
        samples_BN, fft, hop, window.numel(), window, center=True, pad_mode="reflect", return_complex=True
    )
    return transform.real.square() + transform.imag.square()


def filter_bank(bins: int, bands: int, rate_hz: int, top_hz: float, slaney: bool) -> Tensor:
    """Return triangular filters on the HTK mel scale: float32 [bins, bands], of equal area if `slaney`."""
    bin_hz = torch.linspace(0, rate_hz // 2, bins)
    edge_hz = band_edges_hz(bands, top_hz)
    width_hz = edge_hz.diff()
    slope = edge_hz[None, :] - bin_hz[:, None]
    rising, falling = -slope[:, :-2] / width_hz[:-1], slope[:, 2:] / width_hz[1:]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return triangles * (2.0 / (edge_hz[2:] - edge_hz[:-2])) if slaney else triangles


def band_edges_hz(bands: int, top_hz: float) -> Tensor:
    """Return where triangles begin, peak and end on the HTK mel scale, from 0 Hz: float32 [bands + 2]."""
    top_mel = 2595.0 * math.log10(1.0 + top_hz / 700.0)
    return 700.0 * (10.0 ** (torch.linspace(0, top_mel, bands + 2) / 2595.0) - 1.0)


def mel_of_hz(frequency_hz: Tensor) -> Tensor:
    """Return the place of frequencies on the HTK mel scale."""
    return 2595.0 * (1.0 + frequency_hz / 700.0).log10()
