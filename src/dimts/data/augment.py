"""Changes of prompts, off by default: a voice heard faster, higher or through noise must still be that voice.

They work on the cached mel, so no audio is read; codes and targets stay as they are, evaluation changes nothing.
"""

# F mel frames, M mel bands

import random
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dimts.config import Prompt
from dimts.model import mel
from dimts.model.shapes import MEL_BANDS, SAMPLE_RATE_HZ

SNR_RANGE_DB = 30.0  # noise is drawn from the loudest that is allowed down to this much less
NOISE_S, NOISE_SEED = 30, 0  # white noise that prompts get a piece of, always the same: its mel is computed once


@dataclass(frozen=True)
class Change:
    """How one prompt is changed."""

    speed: float = 1.0  # 1.1 is faster
    semitones: float = 0.0
    snr_db: float | None = None
    noise_at: float = 0.0  # where its piece of the noise begins, as a part of all of it


def draw(prompt: Prompt, address: str) -> Change | None:
    """Draw the change of a prompt that has such an address; None when all of them are off."""
    noisy = prompt.noise_snr_db is not None
    if not (prompt.speed or prompt.pitch or noisy):
        return None
    chance = random.Random(f"augment {address}")
    speed, semitones, less, noise_at = (chance.random() for _ in range(4))  # in one order, whichever are on
    snr_db = prompt.noise_snr_db + SNR_RANGE_DB * less if prompt.noise_snr_db is not None else None
    return Change(1 + prompt.speed * (2 * speed - 1), prompt.pitch * (2 * semitones - 1), snr_db, noise_at)


def apply(mel_MF: Tensor, change: Change | None, stats: Tensor) -> Tensor:
    """Return a normalised log mel, float32 [80, F], as changed: [80, F / speed]."""
    if change is None:
        return mel_MF
    log_MF = mel_MF * stats[:, None]
    if change.speed != 1:
        log_MF = _faster(log_MF, change.speed)
    if change.semitones:
        log_MF = _higher(log_MF, change.semitones)
    if change.snr_db is not None:
        log_MF = _noisier(log_MF, change.snr_db, change.noise_at)
    return log_MF / stats[:, None]


def _faster(log_MF: Tensor, speed: float) -> Tensor:
    """Resample the frames: the pace changes, the pitch does not."""
    frames = max(1, round(log_MF.shape[1] / speed))
    resampled_MF: Tensor = interpolate(log_MF[None], size=frames, mode="linear", align_corners=True)[0]
    return resampled_MF


def _higher(log_MF: Tensor, semitones: float) -> Tensor:
    """Fill each band with what lies so far below it on the HTK mel scale; beyond the ends, with the last band."""
    bands, edges_hz = len(log_MF), mel.band_edges_hz(len(log_MF), mel.TOP_HZ)
    from_mel = mel.mel_of_hz(edges_hz[1:-1] / 2 ** (semitones / 12))
    step_mel = mel.mel_of_hz(torch.tensor(mel.TOP_HZ)) / (bands + 1)
    at_M = (from_mel / step_mel - 1).clamp(0, bands - 1).to(log_MF)
    below_M = at_M.floor().long().clamp(max=bands - 2)
    return torch.lerp(log_MF[below_M], log_MF[below_M + 1], (at_M - below_M)[:, None])


def _noisier(log_MF: Tensor, snr_db: float, noise_at: float) -> Tensor:
    """Add white noise in power, so many decibels below what the slice holds from 0 to 8 kHz."""
    noise_MF, width_M = _noise(log_MF.device)
    at_F = (int(noise_at * noise_MF.shape[1]) + torch.arange(log_MF.shape[1], device=log_MF.device)) % len(noise_MF[0])
    power_MF, piece_MF = log_MF.exp(), noise_MF[:, at_F]
    ratio = (width_M @ power_MF).mean() / (width_M @ piece_MF).mean()
    return (power_MF + piece_MF * ratio * 10 ** (-snr_db / 10)).clamp(min=mel.FLOOR).log()


@lru_cache(maxsize=4)
def _noise(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the mel power of white noise, [80, F], and the width of each band, whose filters all have one area."""
    generator = torch.Generator().manual_seed(NOISE_SEED)
    samples_1N = torch.randn(1, NOISE_S * SAMPLE_RATE_HZ, generator=generator)
    edges_hz = mel.band_edges_hz(MEL_BANDS, mel.TOP_HZ)
    power_MF = mel.prompt_mel(samples_1N, torch.ones(MEL_BANDS))[0].exp()
    return power_MF.to(device), (edges_hz[2:] - edges_hz[:-2]).to(device)
