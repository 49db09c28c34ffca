"""The read stage: each recording is decoded and measured once, in any process, and the journal remembers it.

The journal (`read.jsonl` in the dataset folder) is a cache keyed by the hash of the source file: deleting it costs time and
nothing else. It is appended to while the stage runs, so that a killed run goes on where it stopped.
"""

import hashlib
import json
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dimts.audio import io
from dimts.data import filters
from dimts.data.filters import Limits, Measures
from dimts.errors import DataError

JOURNAL = "read.jsonl"
MAX_HZ = 48_000  # stored at most: the vocoder works at 24,000
IN_PROCESS_FILES = 16  # so few are read sooner than worker processes start
AHEAD_FILES = 8  # for each worker: bounds what waits in memory


@dataclass(frozen=True)
class Task:
    """One recording to read: what it says decides whether it is worth encoding."""

    path: Path
    spoken: str
    limits: Limits


@dataclass(frozen=True)
class Reading:
    """What a recording gave: measures, or the problem; `flac` is there when the clip passed and was just decoded."""

    measures: Measures | None
    problem: str = ""  # stable word
    detail: str = ""
    flac: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Entry:
    """A line of the journal: what the source file of this hash gave, and the stored file if there is one."""

    origin: str  # sha256 of the source file
    reading: Reading
    audio: str = ""  # relative to the dataset folder
    size: int = 0  # bytes of it
    sha256: str = ""


def read(task: Task) -> Reading:
    """Decode, measure and encode one recording; runs in worker processes."""
    try:
        audio = io.read(task.path)
    except io.UnreadableError as error:
        return Reading(None, error.reason, error.detail)
    audio = _at_most(audio, MAX_HZ)
    measures = filters.measure(audio)
    passed = filters.judge(measures, task.spoken, task.limits) is None
    return Reading(measures, flac=io.encode(audio, ".flac") if passed else b"")


def file_sha256(path: Path) -> str:
    """Hash a file without holding it in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def in_order(tasks: Sequence[Task | None], workers: int) -> Iterator[Reading | None]:
    """Read every task, None for None, in the order given. DataError when a worker process dies."""
    needed = sum(task is not None for task in tasks)
    if workers <= 1 or needed <= IN_PROCESS_FILES:
        yield from (read(task) if task else None for task in tasks)
        return
    spawn = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    try:
        with ProcessPoolExecutor(min(workers, needed), mp_context=spawn) as pool:
            yield from _windowed(pool, tasks, AHEAD_FILES * workers)
    except BrokenProcessPool as error:
        raise DataError("a worker process died, perhaps for lack of memory; run again with fewer workers") from error


def _windowed(pool: ProcessPoolExecutor, tasks: Sequence[Task | None], ahead: int) -> Iterator[Reading | None]:
    """Keep `ahead` tasks under way, hand results out in order."""
    under_way: deque[Callable[[], Reading | None]] = deque()
    try:
        for task in tasks:
            under_way.append(pool.submit(read, task).result if task else lambda: None)
            if len(under_way) > ahead:
                yield under_way.popleft()()
        while under_way:
            yield under_way.popleft()()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _at_most(audio: io.Audio, rate_hz: int) -> io.Audio:
    if audio.rate_hz <= rate_hz:
        return audio
    import torch

    from dimts.audio.resample import sinc

    return io.Audio(sinc(torch.from_numpy(audio.samples), audio.rate_hz, rate_hz).numpy(), rate_hz)


class Journal:
    """What earlier runs read, kept in `read.jsonl`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        self.owner: dict[str, str] = {}  # stored file -> content in it
        for line in self.path.read_bytes().split(b"\n") if self.path.is_file() else []:
            self._learn(line)

    def stored(self, entry: Entry) -> bool:
        """Whether the stored file of an entry is still there and still its own."""
        if not entry.audio or entry.reading.measures is None:
            return False
        path = self.folder / entry.audio
        own = self.owner.get(entry.audio) == entry.reading.measures.content
        return own and path.is_file() and path.stat().st_size == entry.size

    def add(self, entry: Entry) -> None:
        """Remember an entry, at once on disk. DataError when the disk is full."""
        if self.entries.get(entry.origin) == entry:
            return
        line = json.dumps(asdict(entry) | {"reading": _plain(entry.reading)}, ensure_ascii=False)
        try:
            with self.path.open("ab") as file:
                file.write(f"{line}\n".encode())
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror}; free space, then run again") from error
        self._keep(entry)

    def _learn(self, line: bytes) -> None:
        """Take a line in; one that was cut off by a kill or written by another version is read again from its source."""
        try:
            values = json.loads(line)
            reading = values.pop("reading")
            measures = Measures(**reading.pop("measures")) if reading["measures"] else None
            self._keep(Entry(**values, reading=Reading(**reading | {"measures": measures})))
        except (ValueError, TypeError, KeyError, AttributeError):
            return

    def _keep(self, entry: Entry) -> None:
        self.entries[entry.origin] = entry
        if entry.audio and entry.reading.measures:
            self.owner[entry.audio] = entry.reading.measures.content


def _plain(reading: Reading) -> dict[str, object]:
    measures = asdict(reading.measures) if reading.measures else None
    return {"measures": measures, "problem": reading.problem, "detail": reading.detail}
