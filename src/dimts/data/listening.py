"""Clips as sound, several read at a time: reading, decoding and resampling leave Python, so threads do."""

# N samples

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from dimts.audio import io
from dimts.audio.resample import sinc
from dimts.data.manifest import Clip
from dimts.errors import DataError
from dimts.files import sha256

THREADS = 8
AHEAD = 4  # clips a thread: bounds what waits in memory


def hear(folder: Path, clip: Clip, rate_hz: int) -> Tensor:
    """Read a clip of a dataset: float32 [N] at a rate.

    DataError when its file is not the one that was accepted.
    """
    path = folder / clip.audio
    if not path.is_file() or sha256(path) != clip.sha256:
        raise DataError(f"{path}: missing or changed since it was prepared; run `dimts check {folder}`")
    audio = io.read(path)
    samples_N = torch.from_numpy(audio.samples).clone()  # aligned: sums must not depend on where numpy put them
    return sinc(samples_N, audio.rate_hz, rate_hz)


def hear_all(clips: Sequence[tuple[Path, Clip]], rate_hz: int) -> Iterator[Tensor]:
    """Read clips, each with its dataset's folder, in the order given."""
    count = min(THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(count) as pool:
        waiting: deque[Future[Tensor]] = deque()
        for folder, clip in clips:
            waiting.append(pool.submit(hear, folder, clip, rate_hz))
            if len(waiting) > AHEAD * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
