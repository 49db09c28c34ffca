"""The speaker encoder: a 512-d unit vector that tells HiFi-GAN whose voice it is."""

# B clips, N samples at 16 kHz, M mel bands, F mel frames, C channels, E embedding width

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, instance_norm, normalize, pad, relu

from dimts.model.mel import spectrogram
from dimts.model.shapes import SpeakerShape

FFT, HOP, WINDOW = 512, 160, 400  # samples at 16 kHz: 32, 10 and 25 ms


class SpeakerEncoder(nn.Module):
    """SE-ResNet with attentive statistics, under its official names (`hifigan_decoder.speaker_encoder`)."""

    def __init__(self, shape: SpeakerShape) -> None:
        super().__init__()
        first, last = shape.channels[0], shape.channels[-1] * (shape.bands // 8)
        self.torch_spec = nn.Sequential(PreEmphasis(), MelSpectrogram(shape.bands))
        self.conv1 = nn.Conv2d(1, first, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(first)
        inputs = (first, *shape.channels)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            _layer(inputs[i], shape.channels[i], shape.blocks[i], 1 if i == 0 else 2, shape.reduction) for i in range(4)
        )
        self.attention = nn.Sequential(
            nn.Conv1d(last, shape.attention_width, 1),
            nn.ReLU(),
            nn.BatchNorm1d(shape.attention_width),
            nn.Conv1d(shape.attention_width, last, 1),
            nn.Softmax(dim=2),
        )
        self.fc = nn.Linear(2 * last, shape.width)

    def forward(self, samples_BN: Tensor) -> Tensor:
        """Return unit embeddings: float32 [B, E] from 16 kHz audio [B, N]."""
        mel_BMF = instance_norm((self.torch_spec(samples_BN) + 1e-6).log())
        x = self.bn1(relu(self.conv1(mel_BMF[:, None])))  # UPSTREAM: ReLU before BatchNorm (parity test_speaker)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x_BCF = x.flatten(1, 2)
        weight_BCF = self.attention(x_BCF)
        mean_BC = (x_BCF * weight_BCF).sum(2)
        spread_BC = ((x_BCF.square() * weight_BCF).sum(2) - mean_BC.square()).clamp(min=1e-5).sqrt()
        return normalize(self.fc(torch.cat([mean_BC, spread_BC], 1)), dim=1)


class PreEmphasis(nn.Module):
    filter: Tensor

    def __init__(self, coefficient: float = 0.97) -> None:
        super().__init__()
        self.register_buffer("filter", torch.tensor([[[-coefficient, 1.0]]]))

    def forward(self, samples_BN: Tensor) -> Tensor:
        return conv1d(pad(samples_BN[:, None], (1, 0), mode="reflect"), self.filter)[:, 0]


class MelSpectrogram(nn.Module):
    """Mel power; window and filter bank come with the checkpoint."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.spectrogram = Window()
        self.mel_scale = FilterBank(bands)

    def forward(self, samples_BN: Tensor) -> Tensor:
        power_BKF = spectrogram(samples_BN, FFT, HOP, self.spectrogram.window)
        return self.mel_scale.fb.T @ power_BKF


class Window(nn.Module):
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.zeros(WINDOW))


class FilterBank(nn.Module):
    fb: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("fb", torch.zeros(FFT // 2 + 1, bands))


class SqueezeExcite(nn.Module):
    """Scale each channel by what the whole clip says about it."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = channels // reduction
        self.fc = nn.Sequential(nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels), nn.Sigmoid())

    def forward(self, x_BCMF: Tensor) -> Tensor:
        scale_BC: Tensor = self.fc(x_BCMF.mean((2, 3)))
        return x_BCMF * scale_BC[:, :, None, None]


class SpeakerBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, reduction: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.se = SqueezeExcite(outputs, reduction)
        self.downsample = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))
            if stride != 1 or inputs != outputs
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn1(relu(self.conv1(x)))  # UPSTREAM: ReLU before BatchNorm (parity test_speaker)
        return relu(self.se(self.bn2(self.conv2(out))) + self.downsample(x))


def _layer(inputs: int, outputs: int, blocks: int, stride: int, reduction: int) -> nn.Sequential:
    first = SpeakerBlock(inputs, outputs, stride, reduction)
    return nn.Sequential(first, *[SpeakerBlock(outputs, outputs, 1, reduction) for _ in range(blocks - 1)])
