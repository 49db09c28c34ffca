"""Checkpoints of a run: saved whole or not at all, verified when read, a bounded number kept.

`checkpoints/update-000123/` holds the weights that differ from the base, the optimizer's state, and a manifest with
hashes. A folder without a manifest that fits is not a checkpoint: a run resumes from the newest complete one.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dimts import files
from dimts.checkpoint import places, weights
from dimts.checkpoint.places import all_of as all_of
from dimts.checkpoint.places import place as place
from dimts.checkpoint.places import update_of as update_of
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError
from dimts.files import sha256, whole_folder, write_text

FOLDER = places.CHECKPOINTS
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Checkpoint:
    """One saved moment: tensors by file (weights, optimizer, ema) and plain facts."""

    update: int
    tensors: Mapping[str, State]
    facts: Mapping[str, Any]


def save(run: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint whole or not at all. CheckpointError when the disk is full; earlier ones stay as they are."""
    path = place(run, checkpoint.update)
    try:
        with whole_folder(path) as beside:
            for name, state in checkpoint.tensors.items():
                weights.write(state, beside / f"{name}.safetensors")
            hashes = {file.name: sha256(file) for file in sorted(beside.iterdir())}
            content = {"update": checkpoint.update, "files": hashes, "facts": dict(checkpoint.facts)}
            write_text(beside / MANIFEST, json.dumps({**content, "sha256": _seal(content)}, indent=2) + "\n")
    except (OSError, CheckpointError) as error:
        raise CheckpointError(
            f"{path}: cannot be saved ({_reason(error)}); earlier checkpoints are intact: free space and start again"
        ) from error
    return path


def newest(run: Path) -> Path | None:
    """Return the newest complete checkpoint of a run, or None."""
    return next((path for path in reversed(all_of(run)) if not problems(path)), None)


def latest(run: Path) -> tuple[Checkpoint | None, list[str]]:
    """Read the newest complete checkpoint, or None where there is none; say what is wrong with each newer one.

    CheckpointError when there are checkpoints and all are damaged: a run must not start over unasked.
    """
    found: list[str] = []
    for path in reversed(all_of(run)):
        if wrong := problems(path):
            found += wrong
        else:
            return _read(path), found
    if found:
        raise CheckpointError(*found, f"{run / FOLDER}: no checkpoint is complete; remove the folder to start over")
    return None, []


def problems(path: Path) -> list[str]:
    """Say what is wrong with a checkpoint folder, one line each; [] when every file has its hash."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        seal = manifest.pop("sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [f"{path}: no manifest: the checkpoint is incomplete"]
    if seal != _seal(manifest):
        return [f"{path / MANIFEST}: changed since it was saved"]
    return [
        f"{path / name}: missing or changed since it was saved"
        for name, expected in manifest["files"].items()
        if not (path / name).is_file() or sha256(path / name) != expected
    ]


def hashes(path: Path) -> dict[str, str]:
    """Return the hash of each file of a sound checkpoint, by tensor file's stem."""
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    return {Path(name).stem: digest for name, digest in manifest["files"].items()}


def load(path: Path) -> Checkpoint:
    """Read a checkpoint. CheckpointError when it is incomplete or changed."""
    if found := problems(path):
        raise CheckpointError(*found)
    return _read(path)


def rotate(run: Path, update: int, keep: int, protected: Collection[int]) -> None:
    """Delete all but the newest `keep` checkpoints up to `update`, the last one saved, and the protected updates.

    Later ones are damaged, else the run would have gone on from there.
    """
    paths = all_of(run)
    recent = [path for path in paths if update_of(path) <= update][-keep:]
    for path in paths:
        if path not in recent and update_of(path) not in protected:
            shutil.rmtree(path)


def sweep(run: Path) -> None:
    """Tidy up after a killed process; only for the process that holds the run."""
    for folder in (run, *(path for path in run.iterdir() if path.is_dir())):
        files.sweep(folder)


def _read(path: Path) -> Checkpoint:
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    tensors = {Path(name).stem: weights.read(path / name) for name in manifest["files"]}
    return Checkpoint(manifest["update"], tensors, manifest["facts"])


def _seal(content: Mapping[str, Any]) -> str:
    """Return the hash of a manifest's own facts, which no other file vouches for."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _reason(error: BaseException) -> str:
    while error.__cause__:
        error = error.__cause__
    said = re.search(r"I/O error: (.+) \(os error \d+\)", str(error))  # as safetensors words it
    return said.group(1) if said else getattr(error, "strerror", None) or str(error)
