"""Work over files, in this process or in several; results come back in the order asked, whatever finishes first.

Ids and manifests must not depend on timing. The processes start when there is enough to do, and stay for all stages.
"""

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TypeVar

from dimts.errors import DataError

START_S = 6.0  # of work in this process: as long as processes take to start
AHEAD = 8  # tasks for each worker: bounds what waits in memory

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(AbstractContextManager["Workers"]):
    """So many processes, for the length of a `with` block."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPoolExecutor | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def in_order(
        self, work: Callable[[Task], Result], tasks: Sequence[Task | None], about_s: float
    ) -> Iterator[Result | None]:
        """Do every task, None for None, in the order given; all together would take this process `about_s` seconds.

        DataError when a worker process dies.
        """
        needed = sum(task is not None for task in tasks)
        if self.count <= 1 or needed <= 1 or about_s <= START_S and self._pool is None:
            yield from (None if task is None else work(task) for task in tasks)
            return
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
            self._pool = ProcessPoolExecutor(self.count, spawn, _start)
        try:
            yield from _windowed(self._pool, work, tasks, AHEAD * self.count)
        except BrokenProcessPool as error:
            words = "a worker process died, perhaps for lack of memory; run again with fewer workers"
            raise DataError(words) from error


def _windowed(
    pool: ProcessPoolExecutor, work: Callable[[Task], Result], tasks: Sequence[Task | None], ahead: int
) -> Iterator[Result | None]:
    """Keep `ahead` tasks under way and hand their results out in order."""
    under_way: deque[Callable[[], Result | None]] = deque()
    for task in tasks:
        under_way.append(pool.submit(work, task).result if task is not None else lambda: None)
        if len(under_way) > ahead:
            yield under_way.popleft()()
    while under_way:
        yield under_way.popleft()()


def _start() -> None:
    """Leave the other cores to the other processes, and end when the one that asked is killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"  # is read when a library is loaded
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)
