"""Checkpoints of a run: saved whole or not at all, verified when read, a bounded number kept.

`checkpoints/update-000123/` holds the weights that differ from the base, the optimizer's state, and a manifest with
hashes. A folder without a manifest that fits is not a checkpoint: a run resumes from the newest complete one.
"""

import json
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dimts.checkpoint import weights
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError
from dimts.files import sha256, whole_folder, write_text

FOLDER = "checkpoints"
MANIFEST = "manifest.json"
NAME = re.compile(r"update-(\d{6,})")


@dataclass(frozen=True)
class Checkpoint:
    """One saved moment: tensors by file (weights, optimizer, ema) and plain facts."""

    update: int
    tensors: Mapping[str, State]
    facts: Mapping[str, Any]


def save(run: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint whole or not at all. CheckpointError when the disk is full; earlier ones stay as they are."""
    path = run / FOLDER / f"update-{checkpoint.update:06d}"
    try:
        with whole_folder(path) as beside:
            for name, state in checkpoint.tensors.items():
                weights.write(state, beside / f"{name}.safetensors")
            hashes = {file.name: sha256(file) for file in sorted(beside.iterdir())}
            facts = {"update": checkpoint.update, "files": hashes, "facts": dict(checkpoint.facts)}
            write_text(beside / MANIFEST, json.dumps(facts, indent=2) + "\n")
    except (OSError, CheckpointError) as error:
        raise CheckpointError(
            f"{path}: cannot be saved ({_reason(error)}); earlier checkpoints are intact: free space and start again"
        ) from error
    return path


def newest(run: Path) -> Path | None:
    """Return the newest complete checkpoint of a run, or None."""
    return next((path for path in reversed(all_of(run)) if not problems(path)), None)


def all_of(run: Path) -> list[Path]:
    """Return the checkpoint folders of a run, oldest first, complete or not."""
    folder = run / FOLDER
    named = [path for path in folder.iterdir() if NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(named, key=update_of)


def update_of(path: Path) -> int:
    """Return the update that a checkpoint folder's name tells."""
    match = NAME.fullmatch(path.name)
    assert match, path
    return int(match.group(1))


def problems(path: Path) -> list[str]:
    """Say what is wrong with a checkpoint folder, one line each; [] when every file has its hash."""
    try:
        hashes = json.loads((path / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return [f"{path}: no manifest: the checkpoint is incomplete"]
    return [
        f"{path / name}: missing or changed since it was saved"
        for name, expected in hashes.items()
        if not (path / name).is_file() or sha256(path / name) != expected
    ]


def load(path: Path) -> Checkpoint:
    """Read a checkpoint. CheckpointError when it is incomplete or changed."""
    if found := problems(path):
        raise CheckpointError(*found)
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    tensors = {Path(name).stem: weights.read(path / name) for name in manifest["files"]}
    return Checkpoint(manifest["update"], tensors, manifest["facts"])


def rotate(run: Path, keep: int, protected: Collection[int]) -> None:
    """Delete all but the newest `keep` checkpoints and the protected updates."""
    paths = all_of(run)
    for path in paths[: max(0, len(paths) - keep)]:
        if update_of(path) not in protected:
            shutil.rmtree(path)


def sweep(run: Path) -> None:
    """Remove what a killed process left half written; only for the process that holds the run."""
    for folder in (run, run / FOLDER):
        for path in folder.glob(".*.part") if folder.is_dir() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in folder.glob(".*.old") if folder.is_dir() else ():
            shutil.rmtree(path)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
