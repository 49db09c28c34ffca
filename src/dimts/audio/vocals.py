"""The voice alone out of music by demucs (extra `separate`); its weights are fetched from the hub at first use."""

import functools
from importlib.util import find_spec
from typing import Any

import torch

from dimts.audio.resample import quick
from dimts.audio.sound import Samples
from dimts.errors import AudioError, MissingExtra

MODEL = "htdemucs"
VOICE = "vocals"  # among the sources that the model parts


def only(samples: Samples, rate_hz: int) -> Samples:
    """Give the voice of a clip. MissingExtra without demucs; AudioError where its weights cannot be had."""
    network = _network()
    from demucs.apply import apply_model

    mix_N = quick(torch.from_numpy(samples), rate_hz, network.samplerate)
    mean, spread = mix_N.mean(), mix_N.std().clamp_min(1e-5)
    mix_1CN = ((mix_N - mean) / spread).expand(1, network.audio_channels, -1)
    with torch.inference_mode():
        parted_1SCN = apply_model(network, mix_1CN, shifts=0)  # a random shift would make it chance
    voice_N = parted_1SCN[0, network.sources.index(VOICE)].mean(0) * spread
    kept: Samples = quick(voice_N, network.samplerate, rate_hz)[: len(samples)].numpy()
    return kept


@functools.cache
def _network() -> Any:
    """Load the network, once in a process."""
    if find_spec("demucs") is None:
        raise MissingExtra("demucs", "separate", "keeping the voice alone")
    from demucs.pretrained import get_model
    from demucs.repo import ModelLoadingError

    try:
        return get_model(MODEL)
    except (OSError, ModelLoadingError) as error:
        reason = " ".join(str(error).split())
        words = f"the weights of demucs cannot be had: {reason}; go online once, or do without vocals"
        raise AudioError(f"{MODEL}: {words}") from error
