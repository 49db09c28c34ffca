"""Files that are whole or not there: written beside their name, flushed, then renamed."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dimts.errors import TrainingError

BLOCK_BYTES = 1 << 20
UNFINISHED = re.compile(r"\.(?P<name>.+)\.\d+\.(?P<kind>part|old)")  # what is named beside a name, by process


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name to write to; it becomes `path` when the block ends well, and nothing is left when it does not."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        _flush(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill; it becomes `path` when the block ends well, else what was there stays."""
    beside, old = (path.with_name(f".{path.name}.{os.getpid()}.{word}") for word in ("part", "old"))
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(beside, ignore_errors=True)
    _put_back(old, path)  # a killed process may have had this one's number
    try:
        beside.mkdir()
        yield beside
        for inside in (*beside.rglob("*"), beside):
            _flush(inside)
        if path.exists():
            os.replace(path, old)
        os.replace(beside, path)
        _flush(path.parent)
    finally:
        _put_back(old, path)
        shutil.rmtree(beside, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Tidy up after killed processes: put back what was being replaced, remove what was half written.

    Only for who holds the folder against other processes.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = UNFINISHED.fullmatch(path.name)
        if match and match["kind"] == "old":
            _put_back(path, folder / match["name"])
        elif match:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say what the disk refuses in the block: TrainingError in one line instead of OSError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise TrainingError(f"{path}: cannot be written ({reason}); see to the disk and start again") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the hash of a file's content: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _put_back(old: Path, path: Path) -> None:
    """Give a folder that was set aside its name again, unless its successor has it: then remove it."""
    if old.exists() and not path.exists():
        os.replace(old, path)
    shutil.rmtree(old, ignore_errors=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
