"""Run files: YAML with `a.b=c` settings on top, all problems reported together with their paths."""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from dimts.config.hearing import Batch, Limits, Prompt
from dimts.config.run import RunConfig, disagreements
from dimts.errors import ConfigError


def read(path: Path, settings: Sequence[str] = ()) -> RunConfig:
    """Read a run file, with `a.b=c` settings on top. ConfigError lists every problem with its path in the YAML."""
    return build(load(path, settings), str(path))


def load(path: Path, settings: Sequence[str] = ()) -> dict[str, Any]:
    """Read the plain data of a run file, with `a.b=c` settings on top. ConfigError when it holds none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give a run file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: not a run file: it must hold `base:`, `data:` and `out:`")
    return override(content, settings)


def build(content: dict[str, Any], source: str) -> RunConfig:
    """Check plain data and make it a RunConfig. ConfigError lists every problem, each with its place."""
    try:
        return RunConfig.model_validate(content)
    except ValidationError as error:
        lines = [line for item in error.errors() for line in _lines(content, item)]
        raise ConfigError(*(f"{source}: {line}" for line in dict.fromkeys([*lines, *_apart(content)]))) from error


def sound(content: dict[str, Any]) -> tuple[RunConfig | None, set[str]]:
    """Return the run that is left when what is wrong is left out, None if that is too much, and what was left out."""
    left, out = deepcopy(content), set[str]()
    while True:
        try:
            return RunConfig.model_validate(left), out
        except ValidationError as error:
            found = {tuple(map(str, item["loc"][:2])) for item in error.errors()} - {()}
        wrong = sorted(found or {("limits",), ("prompt",), ("batch",)}, key=len, reverse=True)
        if not any([_drop(left, place) for place in wrong]):
            return None, out
        out |= {".".join(place) for place in wrong}


def write(run: RunConfig) -> str:
    """Return the YAML text of a run with every setting spelled out."""
    return yaml.safe_dump(json.loads(run.model_dump_json()), sort_keys=False, allow_unicode=True)


def override(content: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Return a copy of plain data with `a.b=c` settings applied; values are YAML. ConfigError lists every problem."""
    changed, problems = deepcopy(content), []
    for setting in settings:
        try:
            _set(changed, setting)
        except ValueError as error:
            problems.append(f"--set {setting}: {error}")
    if problems:
        raise ConfigError(*problems)
    return changed


def _drop(content: dict[str, Any], place: Sequence[str]) -> bool:
    """Remove a section, or a setting of one; say whether it was there."""
    *parents, last = place
    inside = content.get(parents[0]) if parents else content
    return isinstance(inside, dict) and inside.pop(last, content) is not content


def _set(content: dict[str, Any], setting: str) -> None:
    """Apply one `a.b=c`. ValueError says what is wrong with it."""
    name, equals, text = setting.partition("=")
    *parents, last = name.strip().split(".")
    if not equals or not all([*parents, last]):
        raise ValueError("write it as name.part=value")
    for parent in parents:
        if content.get(parent) is None:
            content[parent] = {}
        if not isinstance(content[parent], dict):
            raise ValueError(f"{parent} is a value, not a section")
        content = content[parent]
    try:
        content[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError("the value is not YAML") from error


def _apart(content: dict[str, Any]) -> list[str]:
    """Say how sections disagree, where these are sound: pydantic does not look once there is another problem."""
    try:
        limits = Limits.model_validate(content.get("limits"))
        prompt = Prompt.model_validate(content.get("prompt"))
        batch = Batch.model_validate(content.get("batch"))
    except ValidationError:
        return []
    return list(disagreements(limits, prompt, batch))


def _lines(content: Any, item: Any) -> list[str]:
    """Say one of pydantic's findings in the terms of the file; what our own validators say has its place in it."""
    said = {
        "extra_forbidden": "no such setting; check the spelling (`dimts plan` shows all)",
        "missing": "is missing",
        "model_type": "is a section: its settings go below it",
        "path_type": f"must be a path, not {item['input']!r}",
    }
    place = ".".join(_place(content, item))
    found = said.get(item["type"], item["msg"].removeprefix("Value error, ")).split("\n")
    return [line if not place or line.startswith(f"{place}.") else f"{place}: {line}" for line in found]


def _place(content: Any, item: Any) -> Iterator[str]:
    """Follow pydantic's path as far as the file goes: beyond, it names which of several kinds of value was tried."""
    for name in item["loc"]:
        inside = isinstance(content, dict) and name in content
        inside = inside or isinstance(content, list) and isinstance(name, int) and name < len(content)
        if not inside and item["type"] != "missing":
            return
        yield str(name)
        content = content[name] if inside else None
