"""What tells a decoder's sound from a recording while it is trained; no voice holds them.

`periods` fold the waveform and look along and across (HiFi-GAN, Kong et al. 2020, arXiv 2010.05646, section 2.3);
`spectra` look at magnitudes at three resolutions (UnivNet, Jang et al. 2021, arXiv 2106.07889, section 2.2).
"""

# B crops, N samples, P period, K bins, F frames

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad
from torch.nn.utils.parametrizations import weight_norm

PERIODS = (2, 3, 5, 7, 11)
RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))  # n_fft, hop, window, in samples
SLOPE = 0.1
GROWTH = (1, 4, 16, 32, 32)  # widths of a period's layers, in first ones

Heard = tuple[Tensor, list[Tensor]]  # scores, and what every layer saw


class Discriminators(nn.ModuleList):
    """All that listen at once, by kind."""

    def __init__(self, kinds: Sequence[str], channels: int) -> None:
        periods = [Period(period, channels) for period in PERIODS] if "periods" in kinds else []
        spectra = [Spectrum(*resolution, channels) for resolution in RESOLUTIONS] if "spectra" in kinds else []
        super().__init__([*periods, *spectra])

    def forward(self, audio_BN: Tensor) -> list[Heard]:
        """Return every discriminator's scores, 1 for a recording and 0 for a decoder's, and its layers' outputs."""
        return [discriminator(audio_BN) for discriminator in self]


class Period(nn.Module):
    """Sees the samples of a waveform in columns, a period apart."""

    def __init__(self, period: int, channels: int) -> None:
        super().__init__()
        widths = [1, *(channels * factor for factor in GROWTH)]
        strides = (3, 3, 3, 3, 1)
        self.period = period
        self.layers = nn.ModuleList(
            _conv(inputs, outputs, (5, 1), (stride, 1))
            for inputs, outputs, stride in zip(widths, widths[1:], strides, strict=False)
        )
        self.last = _conv(widths[-1], 1, (3, 1), (1, 1))

    def forward(self, audio_BN: Tensor) -> Heard:
        short = -audio_BN.shape[1] % self.period
        filled_B1N = pad(audio_BN[:, None], (0, short), mode="reflect")
        folded = filled_B1N.view(len(audio_BN), 1, -1, self.period)
        return _through(self.layers, self.last, folded)


class Spectrum(nn.Module):
    """Sees the magnitudes of short spectra."""

    window: Tensor

    def __init__(self, fft: int, hop: int, width: int, channels: int) -> None:
        super().__init__()
        self.fft, self.hop = fft, hop
        self.register_buffer("window", torch.hann_window(width), persistent=False)
        shapes = [((3, 9), (1, 1)), *[((3, 9), (1, 2))] * 3, ((3, 3), (1, 1))]
        inputs = [1, *[channels] * (len(shapes) - 1)]
        self.layers = nn.ModuleList(
            _conv(width_in, channels, *shape) for width_in, shape in zip(inputs, shapes, strict=True)
        )
        self.last = _conv(channels, 1, (3, 3), (1, 1))

    def forward(self, audio_BN: Tensor) -> Heard:
        magnitude_BFK = magnitudes(audio_BN, self.fft, self.hop, self.window).transpose(1, 2)
        return _through(self.layers, self.last, magnitude_BFK[:, None])


def magnitudes(audio_BN: Tensor, fft: int, hop: int, window: Tensor) -> Tensor:
    """Return the magnitudes of short spectra: float32 [B, K, F]."""
    spectrum = torch.stft(audio_BN, fft, hop, len(window), window, center=True, pad_mode="reflect", return_complex=True)
    power: Tensor = spectrum.real.square() + spectrum.imag.square()
    return power.clamp(min=1e-7).sqrt()


def _conv(inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Module:
    padding = (kernel[0] // 2, kernel[1] // 2)
    normed: nn.Module = weight_norm(nn.Conv2d(inputs, outputs, kernel, stride, padding))
    return normed


def _through(layers: nn.ModuleList, last: nn.Module, x: Tensor) -> Heard:
    seen = []
    for layer in layers:
        x = leaky_relu(layer(x), SLOPE)
        seen.append(x)
    score = last(x)
    return score.flatten(1), [*seen, score]
