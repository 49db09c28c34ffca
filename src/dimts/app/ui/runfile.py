"""The run file of a project's run: written from the form, checked as a whole, read back into the form."""

import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dimts import config, files
from dimts.app.projects import Project
from dimts.app.ui import bases, fields
from dimts.app.ui.commands import lines_of
from dimts.app.ui.shell import Place
from dimts.config import RunConfig
from dimts.errors import ConfigError, DimtsError

HEAD = "# Written by `dimts ui`: what differs from the defaults. `dimts train` takes it as it is.\n"
NVIDIA = Path("/dev/nvidia0")


def write(place: Place, project: Project, run: str, base: str | None, more: str, shown: Mapping[str, Any]) -> RunConfig:
    """Write the run file of what the form shows; ConfigError lists everything that is wrong, and nothing is written."""
    plain = fields.content(shown)
    datasets = [str(project.dataset), *(str(place.roots.inside(line)) for line in lines_of(more))]
    vocab = {"vocab": str(project.vocab)} if project.vocab.is_file() and plain.get("part", "gpt") == "gpt" else {}
    content = {"base": str(bases.of(place, base)), **vocab, "out": str(project.run(run)), **plain}
    content["data"] = {"datasets": datasets, **plain.get("data", {})}
    checked = config.build(content, f"{run}.yaml")
    for path in checked.data.replay:
        place.roots.inside(path)
    if not (project.dataset / "dataset.json").is_file():
        raise ConfigError("there is no dataset yet: prepare recordings in the tab Data first")
    path = project.run_file(run)
    with files.writing(path):
        files.write_text(path, HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return checked


def read(project: Project, run: str) -> dict[str, Any]:
    """Return the plain data of a run file, {} where none reads."""
    try:
        return config.load(project.run_file(run))
    except DimtsError:
        return {}


def more_datasets(project: Project, content: Mapping[str, Any]) -> str:
    """Return the datasets of a run file beside the project's own, one a line."""
    data = content.get("data")
    named = data.get("datasets", []) if isinstance(data, Mapping) else []
    return "\n".join(str(path) for path in named if str(path) != str(project.dataset))


def device_of(run: RunConfig) -> str:
    """Name what a run computes on, for the queue; `auto` is told from outside, as torch is not loaded here."""
    if run.device != "auto":
        return "cuda:0" if run.device == "cuda" else run.device
    if NVIDIA.exists() or shutil.which("nvidia-smi"):
        return "cuda:0"
    return "mps" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else "cpu"
