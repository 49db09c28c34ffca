"""Whose voice is it? A voice print of a clip, by the network of GE2E that Resemblyzer published (Apache-2).

Prints of one voice have cosines near 1. The network is built here around the weights that lie in the package
`resemblyzer`; the package itself is never run, for it wants librosa, numba and webrtcvad. Install it alone:
pip install --no-deps resemblyzer.
"""

# B windows, F mel frames, M mel bands, K frequency bins, N samples at 16 kHz, E width of a print

import functools
import math
import pickle
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, pad

from dimts.audio.levels import FLOOR_DB, LEVEL_S, levels, loud
from dimts.audio.resample import quick
from dimts.audio.sound import Samples
from dimts.audio.threads import one_thread
from dimts.errors import AudioError, MissingWeights

PACKAGE = "resemblyzer==0.1.4"
RATE_HZ = 16_000
WINDOW, HOP = 400, 160  # samples: 25 and 10 ms
BANDS, WIDTH, LAYERS = 40, 256, 3
SLICE_FRAMES = 160  # heard at once, 1.6 s
STEP_FRAMES = 77  # between two slices; upstream's rate is 1.3 a second
LEAST_SHARE = 0.75  # of the last slice that there must be; the rest is silence
LEVEL_DBFS = -30.0  # upstream raises softer speech to it; lowering louder speech too tells voices apart better
LINEAR_HZ, LINEAR_MELS, OCTAVE_MELS = 1000.0, 15.0, 27 / math.log(6.4)  # Slaney's scale: linear, then logarithmic
HEARD_DB, AROUND_S = 35.0, 0.09  # what is so far under the loud parts is silence, dropped but for so much around speech

Prints = npt.NDArray[np.float32]


class Voiceprint(nn.Module):
    """Three LSTM layers and a projection, under the names of the weights file."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(BANDS, WIDTH, LAYERS, batch_first=True)
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, mel_BFM: Tensor) -> Tensor:
        """Return unit prints, nowhere negative: float32 [B, E]."""
        _, (last_LBE, _) = self.lstm(mel_BFM)
        prints_BE: Tensor = normalize(self.linear(last_LBE[-1]).relu(), dim=1)
        return prints_BE


def where() -> Path | None:
    """Return where the weights lie, None where the package is not installed."""
    spec = find_spec("resemblyzer")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "pretrained.pt" if places else None


@functools.cache
def load() -> Voiceprint:
    """Load the network, once in a process. MissingWeights without the package, AudioError for other weights."""
    path = where()
    if path is None:
        raise MissingWeights(PACKAGE, "telling voices apart")
    network = Voiceprint()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        state = {name: value for name, value in state.items() if not name.startswith("similarity_")}  # of training
        network.load_state_dict(state)
    except (OSError, EOFError, KeyError, TypeError, RuntimeError, pickle.UnpicklingError) as error:
        command = f"pip install --no-deps --force-reinstall {PACKAGE}"
        raise AudioError(f"{path}: does not hold the weights of the voice prints; {command}") from error
    return network.eval()


def embed(samples: Samples, rate_hz: int) -> Prints:
    """Give the print of a clip of one voice: float32 [256] of length 1, zeros where nothing is heard."""
    mean = prints(speech(samples, rate_hz)).sum(axis=0)
    unit: Prints = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return unit


@one_thread()
def prints(spoken: Samples, step_frames: int = STEP_FRAMES) -> Prints:
    """Give the print of each slice of 1.6 s of what `speech` gives: float32 [slices, 256], none of no samples."""
    network = load()
    if not len(spoken):
        return np.zeros((0, WIDTH), np.float32)
    starts = _starts(len(spoken), step_frames)
    whole_N = pad(torch.from_numpy(spoken), (0, max(0, (starts[-1] + SLICE_FRAMES) * HOP - len(spoken))))
    with torch.inference_mode():
        mel_FM = _mel(whole_N)
        found: Prints = network(torch.stack([mel_FM[start : start + SLICE_FRAMES] for start in starts])).numpy()
    return found


@one_thread()
def speech(samples: Samples, rate_hz: int) -> Samples:
    """Give a clip as the network hears it: at 16 kHz, of one loudness, without its silences; empty if it is silent."""
    heard = quick(torch.from_numpy(samples), rate_hz, RATE_HZ).numpy()
    levels_db = levels(heard, RATE_HZ)
    if levels_db.max(initial=FLOOR_DB) <= FLOOR_DB:
        return heard[:0]
    near = round(AROUND_S / LEVEL_S)
    spoken = np.convolve(levels_db >= loud(levels_db) - HEARD_DB, np.ones(2 * near + 1), "full")[near:-near] > 0.5
    kept = heard[: len(spoken) * HOP][np.repeat(spoken, HOP)]
    gain_db = LEVEL_DBFS - 10 * math.log10(float(np.square(kept, dtype=np.float64).mean()))
    levelled: Samples = kept * np.float32(10 ** (gain_db / 20))
    return levelled


def _starts(count: int, step_frames: int) -> list[int]:
    """Give the first frame of each slice; a last one that is mostly silence is left out, as upstream does."""
    frames = -(-(count + 1) // HOP)
    starts = list(range(0, max(1, frames - SLICE_FRAMES + step_frames + 1), step_frames))
    covered = (count - starts[-1] * HOP) / (SLICE_FRAMES * HOP)
    return starts[:-1] if covered < LEAST_SHARE and len(starts) > 1 else starts


def _mel(samples_N: Tensor) -> Tensor:
    """Return mel power, not its logarithm: float32 [F, M], with silence around as librosa takes it since 0.10."""
    window = torch.hann_window(WINDOW)
    transform_KF = torch.stft(samples_N, WINDOW, HOP, window=window, pad_mode="constant", return_complex=True)
    return (transform_KF.real.square() + transform_KF.imag.square()).T @ _filter_bank()


@functools.cache
def _filter_bank() -> Tensor:
    """Return triangles of equal area on Slaney's mel scale: float32 [K, M]."""
    bin_K = torch.linspace(0, RATE_HZ / 2, WINDOW // 2 + 1, dtype=torch.float64)
    top_mel = LINEAR_MELS + OCTAVE_MELS * math.log(RATE_HZ / 2 / LINEAR_HZ)
    mel = torch.linspace(0, top_mel, BANDS + 2, dtype=torch.float64)
    rising_hz = LINEAR_HZ * torch.exp((mel - LINEAR_MELS) / OCTAVE_MELS)
    edge_hz = torch.where(mel < LINEAR_MELS, mel * LINEAR_HZ / LINEAR_MELS, rising_hz)
    slope_KM = edge_hz - bin_K[:, None]
    width = edge_hz.diff()
    triangle_KM = torch.minimum(-slope_KM[:, :-2] / width[:-1], slope_KM[:, 2:] / width[1:]).clamp(min=0)
    return (triangle_KM * 2 / (edge_hz[2:] - edge_hz[:-2])).float()
