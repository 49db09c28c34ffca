"""HiFi-GAN: from the GPT's latents and a speaker embedding to 24 kHz audio."""

# B clips, A audio codes, D width, E speaker width, N samples

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu
from torch.nn.utils.parametrizations import weight_norm

from dimts.model.shapes import CODE_SAMPLES, HOP_SAMPLES, OUTPUT_RATE_HZ, SAMPLE_RATE_HZ, HifiganShape

SLOPE = 0.1  # of the leaky ReLUs inside
LAST_SLOPE = 0.01  # UPSTREAM: the last one has PyTorch's default (tests/parity/test_network.py::test_waveform)
DILATIONS = (1, 3, 5)


class Hifigan(nn.Module):
    """The waveform decoder under its official names (`hifigan_decoder.waveform_decoder`)."""

    def __init__(self, shape: HifiganShape) -> None:
        super().__init__()
        channels = [shape.channels >> i for i in range(len(shape.kernels) + 1)]
        pairs = list(zip(channels, channels[1:], shape.kernels, strict=False))
        self.blocks = len(shape.block_kernels)
        self.conv_pre = nn.Conv1d(shape.input_width, shape.channels, 7, padding=3)
        self.ups = nn.ModuleList([_upsampling(*pair) for pair in pairs])
        blocks = [ResidualBlock(outputs, kernel) for _, outputs, _ in pairs for kernel in shape.block_kernels]
        self.resblocks = nn.ModuleList(blocks)
        self.conv_post = nn.Conv1d(channels[-1], 1, 7, padding=3, bias=False)
        self.cond_layer = nn.Conv1d(shape.speaker_width, shape.channels, 1)
        self.conds = nn.ModuleList([nn.Conv1d(shape.speaker_width, outputs, 1) for _, outputs, _ in pairs])

    def forward(self, latents_BAD: Tensor, speaker_BE: Tensor) -> Tensor:
        """Return audio: float32 [B, N] at 24,000 Hz, about 1115 samples a code."""
        speaker_BE1 = speaker_BE[:, :, None]
        x = self.conv_pre(stretch(latents_BAD.transpose(1, 2))) + self.cond_layer(speaker_BE1)
        for i, (up, condition) in enumerate(zip(self.ups, self.conds, strict=True)):
            x = up(leaky_relu(x, SLOPE)) + condition(speaker_BE1)
            x = _mean([block(x) for block in self.resblocks[i * self.blocks : (i + 1) * self.blocks]])
        audio_B1N: Tensor = self.conv_post(leaky_relu(x, LAST_SLOPE)).tanh()
        return audio_B1N[:, 0]


class ResidualBlock(nn.Module):
    """Three pairs of convolutions, the first of each pair dilated."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList([_same(channels, kernel, dilation) for dilation in DILATIONS])
        self.convs2 = nn.ModuleList([_same(channels, kernel, 1) for _ in DILATIONS])

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = x + plain(leaky_relu(dilated(leaky_relu(x, SLOPE)), SLOPE))
        return x


def stretch(latents_BDA: Tensor) -> Tensor:
    """Interpolate latents to the decoder's frames: 4 a code, then from 22,050 to 24,000 Hz.

    UPSTREAM: both times by scale_factor, never by size (tests/parity/test_network.py::test_waveform).
    """
    frames = interpolate(latents_BDA, scale_factor=float(CODE_SAMPLES // HOP_SAMPLES), mode="linear")
    return interpolate(frames, scale_factor=OUTPUT_RATE_HZ / SAMPLE_RATE_HZ, mode="linear")


def _upsampling(inputs: int, outputs: int, kernel: int) -> nn.Module:
    rate = kernel // 2
    convolution = nn.ConvTranspose1d(inputs, outputs, kernel, stride=rate, padding=(kernel - rate) // 2)
    normed: nn.Module = weight_norm(convolution)
    return normed


def _same(channels: int, kernel: int, dilation: int) -> nn.Module:
    padding = (kernel - 1) * dilation // 2
    convolution = nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=padding)
    normed: nn.Module = weight_norm(convolution)
    return normed


def _mean(outputs: Sequence[Tensor]) -> Tensor:
    total = outputs[0]
    for output in outputs[1:]:
        total = total + output
    return total / len(outputs)
