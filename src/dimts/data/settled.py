"""The files of a dataset folder that belong together, even if a writer was killed; what is wrong where none do."""

import json
from pathlib import Path
from typing import Any, cast

from dimts.data.records import Clip, Rejection, parse, sha256_of
from dimts.errors import DataError

HEAD, CLIPS, REJECTED = "dataset.json", "clips.jsonl", "rejected.jsonl"
FORMAT = 1  # of the folder; raise it when old readers would misread new folders


def settled(folder: Path) -> tuple[dict[str, Any], bytes, bytes]:
    """Give the head and the two lists that belong together, even if a writer was killed among its renames."""
    if not folder.is_dir():
        raise DataError(f"{folder}: {'is a file' if folder.exists() else 'no such folder'}; give a dataset folder")
    for head_name in (HEAD, f"{HEAD}.new"):
        head = head_of(folder / head_name)
        if head is None:
            continue
        clips, rejected = (_described(folder / name, head["sha256"][name]) for name in (CLIPS, REJECTED))
        if clips is not None and rejected is not None:
            return head, clips, rejected
    raise DataError(damage(folder))


def head_of(path: Path) -> dict[str, Any] | None:
    """Give the content of a `dataset.json`, None where it is missing or no such thing."""
    try:
        head = json.loads(path.read_bytes())
        newer = int(head["format"]) > FORMAT
        _ = head["language"], head["normaliser"], head["sha256"][CLIPS], head["sha256"][REJECTED]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if newer:
        raise DataError(f"{path}: was made by a newer dimts ({head.get('created_by')}); upgrade dimts")
    return cast(dict[str, Any], head)


def _described(path: Path, sha256: str) -> bytes | None:
    """Give the content of the file that has this hash: the one of this name or the one waiting to take it."""
    for candidate in (path, path.with_name(f"{path.name}.new")):
        if candidate.is_file() and sha256_of(content := candidate.read_bytes()) == sha256:
            return content
    return None


def damage(folder: Path) -> str:
    """Say in one line what is wrong with a folder that does not read."""
    mend = f"restore it, or delete {HEAD} and run `dimts prepare` with all sources"
    if not (folder / HEAD).exists():
        return f"{folder}: is not a dataset ({HEAD} is missing); make one with `dimts prepare`"
    if head_of(folder / HEAD) is None:
        return f"{folder / HEAD}: is damaged; {mend}"
    for path in (folder / CLIPS, folder / REJECTED):
        if not path.is_file():
            return f"{path}: is missing; {mend}"
        try:
            content = path.read_bytes()
            list(parse(content, Clip, path) if path.name == CLIPS else parse(content, Rejection, path))
        except DataError as error:
            return f"{error}; {mend}"
    return f"{folder}: {CLIPS} or {REJECTED} was changed since {HEAD} was written; {mend}"
