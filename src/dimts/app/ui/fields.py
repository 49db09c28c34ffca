"""Every setting of a run file as a field of the page: its kind from its type, its help from its docstring.

What a person writes is YAML, as in the run file itself; what equals the default is left out of the file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

import dimts
from dimts.config import RunConfig
from dimts.config.section import Section

OURS = {"base", "vocab", "out", "data.datasets"}  # which other parts of the page say
SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d*)?e[-+]?\d+")  # 5e-6, which YAML takes for text
Kind = Literal["flag", "choice", "several", "lines", "value"]


@dataclass(frozen=True)
class Setting:
    """One setting: `name` is its place in the run file."""

    name: str
    kind: Kind
    choices: tuple[str, ...]
    default: Any  # as plain data
    help: str

    @property
    def section(self) -> str:
        return self.name.rpartition(".")[0] or "run"

    def written(self, plain: Any) -> Any:
        """Turn plain data into what the field shows."""
        if self.kind == "lines":
            return "\n".join(map(str, plain or []))
        if self.kind != "value":
            return plain
        if plain is None:
            return ""
        if isinstance(plain, float):
            return f"{plain:g}"
        flow = yaml.safe_dump(plain, default_flow_style=True).partition("\n...")[0].strip()
        return plain if isinstance(plain, str) else flow

    def read(self, shown: Any) -> Any:
        """Turn what the field shows into plain data; an empty field is the default, YAML that is none stays text."""
        if self.kind == "lines":
            return [line.strip() for line in (shown or "").splitlines() if line.strip()]
        if self.kind != "value":
            return self.default if shown is None else shown
        if not str(shown or "").strip():
            return self.default
        try:
            value = yaml.safe_load(str(shown))
        except yaml.YAMLError:
            return str(shown)
        return float(value) if isinstance(value, str) and SCIENTIFIC.fullmatch(value) else value


@cache
def settings() -> tuple[Setting, ...]:
    """Return all settings in the order of the run file."""
    return tuple(each for each in _walk(RunConfig, "") if each.name not in OURS)


def content(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Build the plain data of a run file of what fields show: what is not as by default."""
    found: dict[str, Any] = {}
    for setting in settings():
        value = setting.read(shown[setting.name])
        if value != setting.default:
            *parents, last = setting.name.split(".")
            place = found
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = value
    return found


def shown(run_file: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each field shows of a run file's plain data."""
    return {setting.name: setting.written(_value(run_file, setting)) for setting in settings()}


def _value(run_file: Mapping[str, Any], setting: Setting) -> Any:
    found: Any = run_file
    for part in setting.name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return setting.default
        found = found[part]
    return found


def _walk(section: type[Section], prefix: str) -> Iterator[Setting]:
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from _walk(inner, f"{prefix}{name}.")
        elif f"{prefix}{name}" not in OURS:
            kind, choices = _kind(inner)
            words = " ".join((field.description or "").split())
            yield Setting(f"{prefix}{name}", kind, choices, _plain(field), words)


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    if annotation is bool:
        return "flag", ()
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation)
    if get_origin(annotation) is list:
        inner = get_args(annotation)[0]
        if get_origin(inner) is Literal:
            return "several", get_args(inner)
        if inner is str or "Path" in str(inner):
            return "lines", ()
    return "value", ()


def _plain(field: FieldInfo) -> Any:
    """Return a default as it would be written in a run file."""
    value = field.get_default(call_default_factory=True)
    return list(value) if isinstance(value, tuple) else value


def presets() -> dict[str, Path]:
    """Return the recipes that come with Dimts, by name: of the package, or of the checkout that it runs from."""
    package = Path(dimts.__file__).parent
    folders = (package / "recipes", package.parents[1] / "recipes")
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}
