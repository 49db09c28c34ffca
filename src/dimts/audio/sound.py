"""What a recording is while it is read: blocks of mono float32, or one clear line why there is none."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from dimts.errors import AudioError

BLOCK_SAMPLES = 1 << 20  # read at once for each channel: bounds the memory that many channels need

Samples = npt.NDArray[np.float32]


class UnreadableError(AudioError):
    """A file that gives no recording; `reason` is the short stable word for ledgers."""

    def __init__(self, path: Path, reason: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, eq=False)
class Stream:
    """A recording being read: float32 [n] blocks at `rate_hz`, channels averaged."""

    rate_hz: int
    blocks: Iterator[Samples]
    file: soundfile.SoundFile | None = None  # where it may be read at any place with the same result


def named(path: Path) -> Path | bytes:
    """Give a path as libsndfile takes it, also where its name is no UTF-8."""
    return os.fsencode(path) if os.name == "posix" else path


def whole(path: Path, blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Hand blocks on. UnreadableError at NaN, and where the recording ends without a sample."""
    block = None
    for block in blocks:
        refuse_non_finite(path, block)
        yield block
    if block is None:
        raise soundless(path)


def soundless(path: Path) -> UnreadableError:
    return UnreadableError(path, "empty", "the file holds no sound")


def refuse_non_finite(path: Path, samples: Samples) -> None:
    if not np.isfinite(samples).all():
        raise UnreadableError(path, "not finite", "some samples are NaN or infinite; export the recording again")
