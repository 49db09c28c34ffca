"""DistillMOS: how good speech sounds to listeners, 1 to 5, as a small network learned it from a large one (MIT).

The network is built here around the weights that lie in the package `distillmos`; the package itself is never run, for
it wants torchaudio. Install it alone: pip install --no-deps distillmos.
"""

# B segments, N samples, C channels, K frequency bins, F frames, D width

from functools import cache
from importlib.util import find_spec
from math import ceil
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad

from dimts.checkpoint import weights
from dimts.errors import CheckpointError, MissingExtra

RATE_HZ = 16_000
SEGMENT_SAMPLES, MOST_HOP_SAMPLES = 122_880, 16_000  # heard at once, 384 frames; longer speech in overlapping segments
WINDOW, HOP = 320, 160
CHANNELS = (2, 64, 64, 128, 256, 256, 256)
WIDTH, HEADS, LAYERS, FRAMES = 200, 8, 7, 384
FEATURES = 1_024  # 256 channels of 4 bins
COMPRESSED = 0.3  # power of the magnitudes
SLOPE = 0.1  # of the leaky ReLU
NAMES = (  # ours and the package's
    ("convolutions.", "cnn.cnn."),
    ("norm_features.", "transformer_pool_attn.norm_input."),
    ("norm.", "transformer_pool_attn.transformer.norm."),
    ("project.", "transformer_pool_attn.transformer.linear_proj."),
    ("places", "transformer_pool_attn.transformer.position_encoding.pe"),
    ("encoder.", "transformer_pool_attn.transformer.transformer_encoder."),
    ("norm_heard.", "transformer_pool_attn.norm_trans."),
    ("weigh.0.", "transformer_pool_attn.pool.linear1."),
    ("weigh.2.", "transformer_pool_attn.pool.linear2."),
    ("judge.", "transformer_pool_attn.pool.linear3."),
)


class DistillMos(nn.Module):
    """Convolutions over compressed spectra, a transformer, and a weighted mean over time."""

    places: Tensor

    def __init__(self) -> None:
        super().__init__()
        last = len(CHANNELS) - 2
        self.convolutions = nn.ModuleDict(
            {
                str(2 * n): nn.Conv2d(inside, out, 3, (2 if n else 1, 2 if n == last else 1), (0, 1))
                for n, (inside, out) in enumerate(zip(CHANNELS, CHANNELS[1:], strict=False))
            }
        )
        self.norm_features, self.norm = nn.BatchNorm1d(FEATURES), nn.BatchNorm1d(FEATURES)
        self.project = nn.Linear(FEATURES, WIDTH)
        self.register_buffer("places", torch.zeros(1, FRAMES, WIDTH))
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, 0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.norm_heard = nn.BatchNorm1d(WIDTH)
        self.weigh = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, 1))
        self.judge = nn.Linear(WIDTH, 1)

    def forward(self, segments_BN: Tensor) -> Tensor:
        """Judge segments of SEGMENT_SAMPLES: float32 [B], 1 to 5."""
        x_BCKF = _spectra(segments_BN / (segments_BN.abs().amax(1, keepdim=True) + 1e-8))
        for convolution in self.convolutions.values():
            x_BCKF = leaky_relu(convolution(x_BCKF), SLOPE)
        x_BDF = self.norm(self.norm_features(x_BCKF.flatten(1, 2)))
        x_BFD = self.encoder(self.project(x_BDF.transpose(1, 2)) + self.places)
        x_BFD = self.norm_heard(x_BFD.transpose(1, 2)).transpose(1, 2)
        shares_BF1 = self.weigh(x_BFD).softmax(1)
        judged_B: Tensor = 1 + 4 * self.judge((shares_BF1 * x_BFD).sum(1)).sigmoid()[:, 0]
        return judged_B


def where() -> Path | None:
    """Return where the weights lie, None where the package is not installed."""
    spec = find_spec("distillmos")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "weights" / "distill_mos_v7.pt" if places else None


@cache
def load() -> DistillMos:
    """Load the network. MissingExtra without the package, CheckpointError for other weights than these."""
    path = where()
    if path is None:
        raise MissingExtra("distillmos", "eval", "DistillMOS")
    state = {_own(name): tensor for name, tensor in weights.read(path).items()}
    network = DistillMos()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: holds another network; pip install --no-deps distillmos==0.9.1") from error
    return network.eval()


@torch.inference_mode()
def judge(samples_N: Tensor) -> float:
    """Judge speech of any length at 16 kHz: the mean over its segments, the last of which ends where it does."""
    over = max(0, len(samples_N) - SEGMENT_SAMPLES)
    whole_N = pad(samples_N, (0, max(0, SEGMENT_SAMPLES - len(samples_N))))
    hops = ceil(over / MOST_HOP_SAMPLES)
    starts = [int(share * over) for share in np.linspace(0, 1, hops + 1)]  # rounded as the package rounds
    segments_BN = torch.stack([whole_N[start : start + SEGMENT_SAMPLES] for start in starts])
    return float(load()(segments_BN).mean())


def _own(name: str) -> str:
    return next((own + name.removeprefix(theirs) for own, theirs in NAMES if name.startswith(theirs)), name)


def _spectra(samples_BN: Tensor) -> Tensor:
    """Return real and imaginary parts with their magnitude compressed: float32 [B, 2, 161, F]."""
    margin = (WINDOW - HOP) // 2
    padded_BN = pad(samples_BN, (margin, margin), mode="reflect")
    window = torch.hann_window(WINDOW)
    transform_BKF = torch.stft(padded_BN, WINDOW, HOP, WINDOW, window, center=False, return_complex=True)
    magnitude_BKF = transform_BKF.abs().clamp(min=1e-12)
    compressed_BKF = transform_BKF * magnitude_BKF ** (COMPRESSED - 1)
    return torch.stack([compressed_BKF.real, compressed_BKF.imag], dim=1)
