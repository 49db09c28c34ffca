"""What of a project may be deleted without losing anything that cannot be made again, and never more than that.

Checkpoints go but for the newest and the best; what jobs said and evaluations spoke can be made again. A run that is
being trained, evaluated or exported keeps everything.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from dimts.app import jobs
from dimts.app.projects import Project
from dimts.checkpoint import places
from dimts.errors import ConfigError

KINDS = {
    "checkpoints": "earlier checkpoints",
    "takes": "what evaluations spoke",
    "samples": "samples of earlier updates",
    "jobs": "logs of ended jobs",
    "downloads": "what was brought from pages and the hub",
    "archives": "archives of voices",
}


def of(project: Project) -> dict[str, list[Path]]:
    """Return what may go, by kind."""
    runs = [project.run(name) for name in project.runs()]
    ended = [job.folder for job in jobs.all_of(project.folder) if not job.is_active]
    downloads = project.folder / "dataset-downloads"
    return {
        "checkpoints": [path for run in runs for path in _earlier(run)],
        "takes": [run / "evaluation" / "takes" for run in runs if (run / "evaluation" / "takes").is_dir()],
        "samples": [path for run in runs for path in _old_samples(run)],
        "jobs": ended,
        "downloads": [downloads] if downloads.is_dir() else [],
        "archives": sorted(project.voices.glob("*.zip")),
    }


def remove(project: Project, kinds: Sequence[str]) -> int:
    """Delete some kinds; return the bytes that are free now. ConfigError while something runs that may need them."""
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ConfigError(f"{unknown[0]!r}: choose from {', '.join(KINDS)}")
    running = [job for job in jobs.all_of(project.folder) if job.is_active]
    if running:
        raise ConfigError(f"{running[0].kind} is running in this project; wait for its end, or stop it first")
    freed = 0
    for path in [path for kind, paths in of(project).items() if kind in kinds for path in paths]:
        if not path.resolve().is_relative_to(project.folder.resolve()):
            raise ConfigError(f"{path}: leads out of the project; nothing of it is deleted")
        freed += bytes_of(path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return freed


def bytes_of(path: Path) -> int:
    """Add up the files below a path; links are not followed."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size if path.exists() else 0
    sizes = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                sizes += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:  # a job removed it meanwhile
                continue
    return sizes


def _earlier(run: Path) -> list[Path]:
    """Return the checkpoints but for the newest two, one of which may be damaged, and the best."""
    found = places.all_of(run)
    return [path for path in found[:-2] if places.update_of(path) not in _best(run)]


def _best(run: Path) -> set[int]:
    """Return the updates that are the best by choice, or by training as its newest two checkpoints knew it."""
    named = set()
    for path in (run / "best.json", *(folder / "manifest.json" for folder in places.all_of(run)[-2:])):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        best = content if path.name == "best.json" else content.get("facts", {}).get("best")
        if isinstance(best, dict) and isinstance(best.get("update"), int):
            named.add(best["update"])
    return named


def _old_samples(run: Path) -> list[Path]:
    """Return the samples of all updates but the last."""
    found = sorted((run / "samples").glob("update-*.wav"))
    last = found[-1].name.rpartition("-")[0] if found else ""
    return [path for path in found if path.name.rpartition("-")[0] != last]
