"""The read stage: each recording is decoded, measured and encoded once, in this process or in several.

Results come back in the order of the tasks, whatever finishes first: ids and manifests must not depend on timing.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from dimts.audio import io
from dimts.data.filters import Finding, Limits, Measures, judge, measure
from dimts.errors import DataError

MAX_HZ = 48_000  # stored at most: the vocoder works at 24,000
SPEECH_HZ = (4_000, 768_000)  # rates outside are damaged headers, not speech
DECODED_SHARE = 4  # times the longest clip allowed: what is longer by its header is not decoded
IN_PROCESS_FILES = 16  # so few are read sooner than worker processes start
AHEAD_FILES = 8  # for each worker: bounds what waits in memory
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Task:
    """One recording to read; what it says decides whether it is worth encoding."""

    path: Path
    spoken: str
    limits: Limits


@dataclass(frozen=True)
class Reading:
    """What a recording gave: measures and, if it passed, the file to store; or why it cannot be measured."""

    result: Measures | Finding
    flac: bytes = field(default=b"", repr=False)
    duration_s: float = 0.0  # of what cannot be measured, where the header tells


def read(task: Task) -> Reading:
    """Decode, measure, judge and encode one recording; runs in worker processes."""
    if unread := _hopelessly_long(task):
        return unread
    try:
        audio = io.read(task.path)
    except io.UnreadableError as error:
        return Reading(Finding(error.reason, error.detail, "a whole recording"))
    if not SPEECH_HZ[0] <= audio.rate_hz <= SPEECH_HZ[1]:
        return Reading(Finding("sample rate", audio.rate_hz, f"{SPEECH_HZ[0]}..{SPEECH_HZ[1]} Hz"))
    audio = _at_most(MAX_HZ, audio)
    measures = measure(audio)
    passed = judge(measures, task.spoken, task.limits) is None
    return Reading(measures, io.encode(audio, ".flac") if passed else b"")


def _hopelessly_long(task: Task) -> Reading | None:
    """Spare the memory for what is far too long by its header: hours of sound would not fit."""
    samples, rate_hz = io.length(task.path) or (0, 1)
    duration_s = samples / rate_hz
    if duration_s <= DECODED_SHARE * task.limits.max_duration_s:
        return None
    limit_s = round(task.limits.max_duration_s, 3)
    return Reading(Finding("too long", round(duration_s, 3), limit_s), duration_s=duration_s)


def in_order(tasks: Sequence[Task | None], workers: int) -> Iterator[Reading | None]:
    """Read every task, None for None, in the order given. DataError when a worker process dies."""
    needed = sum(task is not None for task in tasks)
    if workers <= 1 or needed <= IN_PROCESS_FILES:
        yield from (read(task) if task else None for task in tasks)
        return
    spawn = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    pool = ProcessPoolExecutor(min(workers, needed), mp_context=spawn)
    try:
        yield from _windowed(pool, tasks, AHEAD_FILES * workers)
    except BrokenProcessPool as error:
        raise DataError("a worker process died, perhaps for lack of memory; run again with fewer workers") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _windowed(pool: ProcessPoolExecutor, tasks: Sequence[Task | None], ahead: int) -> Iterator[Reading | None]:
    """Keep `ahead` tasks under way and hand their results out in order."""
    under_way: deque[Callable[[], Reading | None]] = deque()
    for task in tasks:
        under_way.append(pool.submit(read, task).result if task else lambda: None)
        if len(under_way) > ahead:
            yield under_way.popleft()()
    while under_way:
        yield under_way.popleft()()


def _at_most(rate_hz: int, audio: io.Audio) -> io.Audio:
    """Resample what was recorded at a higher rate."""
    if audio.rate_hz <= rate_hz:
        return audio
    import torch

    from dimts.audio.resample import sinc

    samples = sinc(torch.from_numpy(audio.samples), audio.rate_hz, rate_hz)
    return io.Audio(samples.numpy(), rate_hz)
