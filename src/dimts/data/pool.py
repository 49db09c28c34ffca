"""Work over files, in this process or in several; results come back in the order asked, whatever finishes first.

Ids and manifests must not depend on timing.
"""

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from dimts.errors import DataError

IN_PROCESS_S = 60.0  # so much sound is worked on sooner than worker processes start
AHEAD = 8  # tasks for each worker: bounds what waits in memory

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Task], Result], tasks: Sequence[Task | None], workers: int, sound_s: float
) -> Iterator[Result | None]:
    """Do every task, None for None, in the order given; `sound_s` is about how much sound they hold in all.

    DataError when a worker process dies.
    """
    needed = sum(task is not None for task in tasks)
    if workers <= 1 or needed <= 1 or sound_s <= IN_PROCESS_S:
        yield from (None if task is None else work(task) for task in tasks)
        return
    spawn = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    pool = ProcessPoolExecutor(min(workers, needed), spawn, _start_with_one_thread)
    try:
        yield from _windowed(pool, work, tasks, AHEAD * workers)
    except BrokenProcessPool as error:
        raise DataError("a worker process died, perhaps for lack of memory; run again with fewer workers") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_with_one_thread() -> None:
    """Leave the other cores to the other processes, whichever library computes."""
    os.environ["OMP_NUM_THREADS"] = "1"  # is read when a library is loaded
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


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
