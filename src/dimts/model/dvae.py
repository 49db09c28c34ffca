"""The DVAE: turns mel frames into codes (one of 1024, every 46.4 ms) and back into mel frames."""

# B clips, M mel bands, F mel frames, A codes, W code width

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, interpolate

from dimts.model.shapes import DvaeShape


class Dvae(nn.Module):
    """Encoder, codebook and decoder, under the official names of dvae.pth."""

    def __init__(self, shape: DvaeShape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = _encoder(shape)
        self.decoder = _decoder(shape)
        self.codebook = Codebook(shape)

    def encode(self, mel_BMF: Tensor) -> Tensor:
        """Return the codes of normalised log mels: int64 [B, ceil(F / 4)] from float32 [B, 80, F]."""
        return self.codebook.nearest(self.encoder(mel_BMF))

    def decode(self, codes_BA: Tensor) -> Tensor:
        """Return the normalised log mel of codes: float32 [B, 80, 4 A]."""
        columns_BAW = embedding(codes_BA, self.codebook.embed.T)
        mel_BMF: Tensor = self.decoder(columns_BAW.transpose(1, 2))
        return mel_BMF


class Codebook(nn.Module):
    """1024 columns and the running statistics that training keeps of them."""

    embed: Tensor
    cluster_size: Tensor
    embed_avg: Tensor

    def __init__(self, shape: DvaeShape) -> None:
        super().__init__()
        self.register_buffer("embed", torch.zeros(shape.code_width, shape.codes))
        self.register_buffer("cluster_size", torch.zeros(shape.codes))
        self.register_buffer("embed_avg", torch.zeros(shape.code_width, shape.codes))

    def nearest(self, encoded_BWA: Tensor) -> Tensor:
        """Return the index of the nearest column by squared distance: int64 [B, A]."""
        cross_BAC = encoded_BWA.transpose(1, 2) @ self.embed
        return (self.embed.square().sum(0) - 2 * cross_BAC).argmin(dim=2)


class ResidualBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + cast(Tensor, self.net(x))


class DoubledConv(nn.Module):
    """Twice as many frames by repetition, then a convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        doubled: Tensor = self.conv(interpolate(x, scale_factor=2.0, mode="nearest"))
        return doubled


def _encoder(shape: DvaeShape) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in zip((shape.bands, *shape.widths), shape.widths, strict=False):
        layers.append(nn.Sequential(nn.Conv1d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU()))
    layers += [ResidualBlock(shape.widths[-1]) for _ in range(shape.blocks)]
    return nn.Sequential(*layers, nn.Conv1d(shape.widths[-1], shape.code_width, 1))


def _decoder(shape: DvaeShape) -> nn.Sequential:
    widths = (shape.widths[-1], *reversed(shape.widths))
    layers: list[nn.Module] = [nn.Conv1d(shape.code_width, widths[0], 1)]
    layers += [ResidualBlock(widths[0]) for _ in range(shape.blocks)]
    for inputs, outputs in zip(widths, widths[1:], strict=False):
        layers.append(nn.Sequential(DoubledConv(inputs, outputs), nn.ReLU()))
    return nn.Sequential(*layers, nn.Conv1d(widths[-1], shape.bands, 1))
