"""A tiny random base, made once a session, which tests of weights, growth, export and speech share.

Nobody changes it: who needs other weights makes a copy.
"""

from pathlib import Path

import pytest
import torch

from dimts.checkpoint import initial, official
from dimts.checkpoint.official import Base
from dimts.infer import speak
from dimts.infer import voice as voices
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from dimts.model.shapes import SAMPLE_RATE_HZ


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random base as `dimts base init --size tiny --seed 7` writes it."""
    folder = tmp_path_factory.mktemp("base") / "tiny"
    initial.write(folder, "tiny", 7)
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Base:
    """The tiny base, loaded."""
    return official.load(tiny_folder)


@pytest.fixture(scope="session")
def speaker(tiny_folder: Path) -> Speaker:
    """A speaker of the tiny base."""
    return speak.load(tiny_folder)


@pytest.fixture(scope="session")
def voice(speaker: Speaker) -> Voice:
    """A voice of three seconds of synthetic speech."""
    return voices.make(speaker.network, [synthetic(3.0)])


def synthetic(seconds: float, seed: int = 3) -> torch.Tensor:
    """Synthetic speech at 22,050 Hz: float32 [N]."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return initial.synthetic_speech(10)[0, : round(seconds * SAMPLE_RATE_HZ)]
