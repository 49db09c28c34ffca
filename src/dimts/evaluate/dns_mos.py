"""DNSMOS: how clean speech is to listeners, 1 to 5 (MIT): the whole, the voice, the background.

The weights lie in the package `speechmos`, which is never run; onnxruntime runs them. It hears noise well, but does not
tell how natural speech is: use it for noise.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dimts.audio.io import Samples
from dimts.errors import MissingExtra

RATE_HZ = 16_000
SEGMENT_SAMPLES = 144_160  # 9.01 s; shorter speech is repeated up to there, longer is heard from every second on
# From what the network gives to the scale of listeners, highest power first: signal, background, overall.
CURVES = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)


def where() -> Path | None:
    """Return where the weights lie, None where the package is not installed."""
    spec = find_spec("speechmos")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "dnsmos_models" / "sig_bak_ovr.onnx" if places else None


@cache
def load() -> Any:
    """Load the network. MissingExtra where a package is not installed."""
    path = where()
    if path is None or not find_spec("onnxruntime"):
        raise MissingExtra("speechmos" if path is None else "onnxruntime", "eval", "DNSMOS")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def judge(samples: Samples) -> tuple[float, float, float]:
    """Judge speech at 16 kHz, at least one sample of it: voice, background, the whole."""
    whole = np.resize(samples, max(len(samples), SEGMENT_SAMPLES))
    starts = range(0, len(whole) - SEGMENT_SAMPLES + 1, RATE_HZ)
    segments = np.stack([whole[start : start + SEGMENT_SAMPLES] for start in starts])
    found = load().run(None, {"input_1": segments.astype(np.float32)})[0]
    voice, background, overall = (float(np.polyval(curve, found[:, at]).mean()) for at, curve in enumerate(CURVES))
    return voice, background, overall
