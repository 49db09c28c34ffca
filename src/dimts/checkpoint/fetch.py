"""The official base, downloaded whole: interrupted downloads go on, and what came is compared with the hub's hashes.

Until everything is there and right the folder is called DIR.part; then it becomes DIR in one step, with `origin.json`
beside the weights, by which `dimts base check` finds files that changed since.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dimts import files
from dimts.checkpoint import hub
from dimts.checkpoint.hub import REPO, Listing, Remote
from dimts.errors import CheckpointError

FILES = ("config.json", "vocab.json", "mel_stats.pth", "speakers_xtts.pth", "dvae.pth", "model.pth")
LICENCE_FILE = "LICENSE.txt"
ORIGIN = "origin.json"
PAGE = f"https://huggingface.co/{REPO}"
SPARE_BYTES = 100 << 20  # left free on the disk after the download
LICENCE = (
    "The weights of XTTS v2 are licensed by Coqui under the Coqui Public Model License 1.0.0 (CPML).",
    "It allows non-commercial use only: of the network, of what you train from it, and of the speech they make. No"
    " payment may come from any of them, directly or indirectly.",
    "Whoever gets the weights, a network trained from them or such speech from you must get the licence too, or its"
    " address. There is no warranty.",
    "Coqui has closed down; nobody is known to sell a commercial licence.",
    f"The licence itself counts, not this summary: https://coqui.ai/cpml, and {LICENCE_FILE} in {PAGE}",
)

Say = Callable[[str], None]


def fetch(folder: Path, revision: str = "main", say: Say = lambda line: None) -> dict[str, Any]:
    """Download the official base into a new folder, or go on with it; return what `origin.json` says.

    CheckpointError, in one line, when the hub, the disk or the folder is in the way; DIR.part keeps what came.
    """
    there = _refuse_other_content(folder)
    part = folder.with_name(f"{folder.name}.part")
    try:
        listed = _complete(hub.listing(revision, FILES, (LICENCE_FILE,)))
        if there:
            return _compare(folder, listed)
        with _held(part):
            _need_space(part, listed)
            for remote in listed.files:
                say(_get(remote, listed.commit, part))
            files.write_text(part / ORIGIN, json.dumps(_origin(listed), indent=2) + "\n")
        _rename(part, folder)
    except hub.Unreachable as error:
        raise CheckpointError(f"{error}; {_advice(folder, part)}") from error
    except OSError as error:
        raise CheckpointError(f"{error.filename or part}: cannot be written ({error.strerror or error})") from error
    return _origin(listed)


def by_hand(folder: Path) -> str:
    """Say how to get the base without this command."""
    return f"download {', '.join(FILES)} from {PAGE} into {folder} and run `dimts base check {folder}`"


def digest(path: Path, like: str) -> str:
    """Return the hash of a file in the form of another: sha256 (64 digits), or a git blob id (40 digits)."""
    if len(like) == 64:
        return files.sha256(path)
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def right(path: Path, size_bytes: int, like: str | None) -> bool:
    """Say whether a file is there with its size and hash; no hash is known of some cached files."""
    return path.is_file() and path.stat().st_size == size_bytes and (like is None or digest(path, like) == like)


def shown_bytes(count: int) -> str:
    """Return a size for people: 1.87 GB."""
    units = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
    return next((f"{count / size:.3g} {unit}" for unit, size in units if count >= size), f"{count} bytes")


def _advice(folder: Path, part: Path) -> str:
    kept = f"run the command again ({part} keeps what came)" if part.is_dir() else "run the command again"
    return f"{kept}, or {by_hand(folder)}"


def _refuse_other_content(folder: Path) -> bool:
    """Say whether the folder holds a base already. CheckpointError when it holds something else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"{folder}: is there already and lacks {', '.join(missing)}; choose a new folder")
    return True


def _complete(listed: Listing) -> Listing:
    missing = [name for name in FILES if name not in {remote.name for remote in listed.files}]
    if missing:
        raise hub.Unreachable(f"{REPO} at {listed.commit[:12]} lacks {', '.join(missing)}; leave --revision out")
    return listed


def _compare(folder: Path, listed: Listing) -> dict[str, Any]:
    """Check a folder that is there already against the hub."""
    changed = [r.name for r in listed.files if r.name in FILES and not right(folder / r.name, r.size_bytes, r.digest)]
    if changed:
        raise CheckpointError(
            f"{folder}: is there already, but not as {REPO} at {listed.commit[:12]}: {', '.join(changed)}; "
            "choose a new folder"
        )
    return {**_origin(listed), "already": True}


@contextmanager
def _held(part: Path) -> Iterator[None]:
    """Make the partial folder and keep other processes out of it."""
    part.mkdir(parents=True, exist_ok=True)
    path = part / ".lock"
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout as error:
        raise CheckpointError(f"{part}: another process is downloading into it; wait for it") from error
    path.unlink(missing_ok=True)


def _need_space(part: Path, listed: Listing) -> None:
    have = sum(path.stat().st_size for path in part.iterdir() if path.is_file())
    need = sum(remote.size_bytes for remote in listed.files) - have
    free = shutil.disk_usage(part).free
    if free < need + SPARE_BYTES:
        raise CheckpointError(
            f"{part}: {shown_bytes(need)} are still to come and {shown_bytes(free)} are free; "
            f"free {shown_bytes(need + SPARE_BYTES - free)} or choose a folder on another disk"
        )


def _get(remote: Remote, commit: str, part: Path) -> str:
    """Bring one file into the partial folder; return a line that says how it came and that it is right."""
    path, beside = part / remote.name, part / f"{remote.name}.incomplete"
    how = "was here"
    if not right(path, remote.size_bytes, remote.digest):
        how = _bring(remote, commit, beside)
        if not right(beside, remote.size_bytes, remote.digest):
            beside.unlink()
            raise hub.Unreachable(f"{path}: what came is not the file that the hub describes (size or hash); removed")
        os.replace(beside, path)
    checked = "size and hash are right" if remote.digest else "size is right, the cache knows no hash"
    return f"{remote.name:<18} {shown_bytes(remote.size_bytes):>9}  {how}, {checked}"


def _bring(remote: Remote, commit: str, beside: Path) -> str:
    if remote.cached:
        shutil.copyfile(remote.cached, beside)
        return "copied from the Hugging Face cache"
    if beside.is_file() and beside.stat().st_size > remote.size_bytes:
        beside.unlink()
    begun = beside.is_file() and beside.stat().st_size > 0
    hub.transfer(remote, commit, beside)
    return "went on" if begun else "downloaded"


def _origin(listed: Listing) -> dict[str, Any]:
    described = {remote.name: {"bytes": remote.size_bytes, "hash": remote.digest} for remote in listed.files}
    return {"repo": REPO, "commit": listed.commit, "licence": "CPML: https://coqui.ai/cpml", "files": described}


def _rename(part: Path, folder: Path) -> None:
    if folder.is_dir():
        folder.rmdir()  # empty, as was checked
    os.replace(part, folder)
