"""What the hub knows of the official base, and the transfer of one file; used by `fetch` alone.

The surprise: `huggingface_hub` transfers, but not through `hf_hub_download`, which since 1.31 throws the bytes of an
interrupted file away; model.pth is 1.9 GB. Every failure becomes one `Unreachable` line.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers, httpx, tqdm  # type: ignore[attr-defined]

from dimts.errors import CheckpointError

REPO = "coqui/XTTS-v2"
TIMEOUT_S = 30.0
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Unreachable(CheckpointError):
    """The hub did not give what was asked for."""


class PassingBar(tqdm):
    """A progress bar on terminals that leaves no trace: a line of our own follows it."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **{**named, "leave": False})  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Remote:
    """A file of the hub, or its copy in the Hugging Face cache."""

    name: str
    size_bytes: int
    digest: str | None  # sha256 (64 digits) of large files, git blob id (40) of small ones; None: the cache lost it
    cached: Path | None


@dataclass(frozen=True)
class Listing:
    """Files of one commit, those that the hub has of the names asked for."""

    commit: str
    files: tuple[Remote, ...]


def listing(revision: str, needed: tuple[str, ...], also: tuple[str, ...] = ()) -> Listing:
    """Ask the hub for sizes and hashes; without a connection, look into the Hugging Face cache.

    Unreachable where the hub refuses, or cannot be reached and the cache lacks a needed file.
    """
    try:
        with one_line(revision):
            return _ask(revision, (*needed, *also))
    except Unreachable as error:
        found = _cached(revision, (*needed, *also))
        if isinstance(error.__cause__, HfHubHTTPError) or not {*needed} <= {remote.name for remote in found.files}:
            raise
        return found


def transfer(remote: Remote, commit: str, path: Path) -> None:
    """Append to `path` what it lacks of a file of the hub. Unreachable leaves what came."""
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    url = hf_hub_url(REPO, remote.name, revision=commit)
    with one_line(remote.name), path.open("ab") as file:
        http_get(
            url,
            file,
            resume_size=file.tell(),
            headers=headers,
            expected_size=remote.size_bytes,
            displayed_filename=remote.name,
            tqdm_class=PassingBar,
        )


def _ask(revision: str, names: tuple[str, ...]) -> Listing:
    info = HfApi().model_info(REPO, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
    commit = info.sha or revision
    files = []
    for sibling in info.siblings or []:
        digest, size = sibling.blob_id, sibling.size
        if sibling.lfs is not None:
            digest, size = sibling.lfs.sha256, sibling.lfs.size
        if sibling.rfilename in names:
            if not digest or not DIGEST.fullmatch(digest) or size is None:
                raise Unreachable(
                    f"{constants.ENDPOINT} gives no size and hash of {sibling.rfilename}: it could not be checked; "
                    "unset HF_ENDPOINT to ask the hub itself"
                )
            files.append(Remote(sibling.rfilename, size, digest, _in_cache(sibling.rfilename, commit)))
    return Listing(commit, tuple(sorted(files, key=lambda remote: remote.size_bytes)))


def _cached(revision: str, names: tuple[str, ...]) -> Listing:
    """List what the Hugging Face cache holds of a revision; its blobs are named by their hashes."""
    found = [(name, path) for name in names if (path := _in_cache(name, revision))]
    files = []
    for name, path in found:
        blob = path.resolve().name
        files.append(Remote(name, path.stat().st_size, blob if DIGEST.fullmatch(blob) else None, path))
    commit = found[0][1].parent.name if found else revision
    return Listing(commit, tuple(sorted(files, key=lambda remote: remote.size_bytes)))


def _in_cache(name: str, revision: str) -> Path | None:
    path = try_to_load_from_cache(REPO, name, revision=revision)
    return Path(path) if isinstance(path, str) else None


@contextmanager
def one_line(asked: str) -> Iterator[None]:
    """Say in one line what goes wrong in the block: Unreachable."""
    try:
        yield
    except Unreachable:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise Unreachable(_reason(error, asked)) from error


def _reason(error: Exception, asked: str) -> str:
    """Say in plain words what the network or the hub answered."""
    where = constants.ENDPOINT
    if isinstance(error, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set, and {constants.HF_HUB_CACHE} holds no complete {REPO}; unset it to go online"
    if isinstance(error, RevisionNotFoundError):
        return f"{where} has no revision {asked!r} of {REPO}; leave --revision out"
    if isinstance(error, RemoteEntryNotFoundError):
        return f"{where} has no file {asked} in {REPO} any more"
    if isinstance(error, GatedRepoError):
        return f"{where} wants to know who you are: accept the terms on its page of {REPO}, then run `hf auth login`"
    if isinstance(error, RepositoryNotFoundError):
        return f"{where} has no {REPO}, or shows it to nobody without a token (`hf auth login`)"
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        token = " (it wants another token: `hf auth login`)" if status in (401, 403) else ""
        return f"{where} answered {status}{token} when asked for {asked}"
    if isinstance(error, httpx.TimeoutException):
        return f"{where} does not answer (time out); check the connection, HF_ENDPOINT and proxies"
    if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
        return f"{asked} cannot be written ({os.strerror(error.errno)}); free space on the disk"
    if isinstance(error, ValueError):
        return f"{where} answered something that is no list of files ({_words(error)}); check HF_ENDPOINT"
    return f"{where} cannot be reached ({_words(error)}); check the connection, HF_ENDPOINT and proxies"


def _words(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120].rstrip(".")
