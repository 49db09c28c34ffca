"""One process at a time works on a dataset folder: two would each miss what the other writes."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dimts.errors import DataError

NAME = ".lock"  # is there while a process holds the folder; one that was killed leaves it, which hinders nobody


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Make a dataset folder and hold it; folders made here that stay empty go again. DataError when it cannot be."""
    lock = FileLock(out / NAME)
    try:
        made = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DataError(
            f"{out}: another process is preparing into it; wait for it, or choose another folder"
        ) from error
    except FileExistsError as error:
        raise DataError(f"{out}: is a file; give a folder for the dataset") from error
    except OSError as error:
        raise DataError(f"{out}: cannot be written: {error.strerror}; choose another folder") from error
    try:
        yield
    finally:
        (out / NAME).unlink(missing_ok=True)
        lock.release()
        with contextlib.suppress(OSError):  # holds something now
            for folder in made:
                folder.rmdir()
