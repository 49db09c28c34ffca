"""Projects: one folder a voice, with everything from recordings to the voice in it, so that a copy of it is a backup.

    NAME/recordings/  dataset/  vocab.json  run.yaml  run/  voices/  speech/  jobs/  settings.json

A run of another name has NAME.yaml and NAME/ in the same way. Bases lie beside the projects, in `bases/`, for all.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from dimts import files
from dimts.errors import ConfigError

SETTINGS, BASES = "settings.json", "bases"
NAME = re.compile(r"\w(?:[\w .-]{0,58}\w)?")  # letters and digits of any script
PARTS = {"recordings", "dataset", "dataset-downloads", "voices", "speech", "jobs", BASES}


@dataclass(frozen=True)
class Project:
    """A project's folder and what lies where in it."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def dataset(self) -> Path:
        return self.folder / "dataset"

    @property
    def vocab(self) -> Path:
        return self.folder / "vocab.json"

    @property
    def voices(self) -> Path:
        return self.folder / "voices"

    @property
    def speech(self) -> Path:
        return self.folder / "speech"

    def run(self, name: str = "run") -> Path:
        """Return the folder of a run. ConfigError for a name that cannot be one."""
        if not NAME.fullmatch(name) or name in PARTS:
            raise ConfigError(f"{name!r}: cannot be the name of a run; take letters and digits, such as run-2")
        return self.folder / name

    def run_file(self, name: str = "run") -> Path:
        """Return the run file of a run."""
        return self.run(name).with_name(f"{name}.yaml")

    def runs(self) -> list[str]:
        """Name the runs that have a run file, newest first."""
        found = [path for path in self.folder.glob("*.yaml") if NAME.fullmatch(path.stem)]
        return [path.stem for path in sorted(found, key=lambda path: -path.stat().st_mtime)]

    def settings(self, section: str) -> dict[str, Any]:
        """Return what was remembered under a name, {} where nothing reads."""
        found = self._all().get(section, {})
        return found if isinstance(found, dict) else {}

    def remember(self, section: str, values: Mapping[str, Any]) -> None:
        """Keep values under a name, beside those of other names. TrainingError when the disk refuses."""
        with files.writing(self.folder / SETTINGS), FileLock(self.folder / f".{SETTINGS}.lock"):
            content = {**self._all(), section: dict(values)}
            files.write_text(self.folder / SETTINGS, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    def _all(self) -> dict[str, Any]:
        try:
            content = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def create(place: Path, name: str) -> Project:
    """Make a project in a folder of projects. ConfigError for a name that cannot be, or is there."""
    project = _named(place, name)
    try:
        project.folder.mkdir()
    except FileExistsError:
        raise ConfigError(f"{project.name}: is there already; open it, or take another name") from None
    except OSError as error:
        raise ConfigError(f"{place}: cannot be written ({error.strerror}); choose another folder") from error
    project.remember("project", {"name": project.name})
    return project


def find(place: Path, name: str | None) -> Project:
    """Open a project. ConfigError where there is none of that name."""
    if not name:
        raise ConfigError("no project is open; create one above, or choose one")
    project = _named(place, name)
    if not (project.folder / SETTINGS).is_file() or project.folder.is_symlink():
        raise ConfigError(f"{name[:60]}: there is no such project; create it, or choose another")
    return project


def all_of(place: Path) -> list[str]:
    """Name the projects of a folder, last used first."""
    found = [path for path in place.glob(f"*/{SETTINGS}") if NAME.fullmatch(path.parent.name)]
    return [path.parent.name for path in sorted(found, key=lambda path: (-path.stat().st_mtime, path.parent.name))]


def _named(place: Path, name: str) -> Project:
    name = " ".join(name.split())
    if not NAME.fullmatch(name) or name == BASES:
        raise ConfigError(
            f"{name[:60]!r}: cannot be the name of a project; take letters, digits, spaces, up to 60 signs"
        )
    return Project(place / name)
