"""The layers of the house: a module imports only from the left, siblings never import each other."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "dimts"
LAYERS = [
    {"errors", "config", "files", "log"},
    {"audio", "text", "model"},
    {"checkpoint"},
    {"data", "infer"},
    {"evaluate"},
    {"train"},
    {"app"},
]
LEVEL = {part: level for level, layer in enumerate(LAYERS) for part in layer}
ONLY_APP = {"typer", "gradio", "fastapi"}
MODEL_KNOWS = {"torch", "math", "dataclasses", "collections", "functools", "itertools", "typing", "dimts", "__future__"}
HEAVY = {"torch", "numpy", "matplotlib", "transformers"}


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(dotted: str) -> str | None:
    pieces = dotted.split(".")
    return pieces[1] if pieces[0] == "dimts" and len(pieces) > 1 and pieces[1] in LEVEL else None


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda f: str(f.relative_to(SOURCE)))
def test_imports_point_left(file: Path) -> None:
    own = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    names = imported(ast.parse(file.read_text(encoding="utf-8")))
    if own == "__init__":
        return
    for part in filter(None, map(part_of, names)):
        in_core = LEVEL[own] == 0 == LEVEL[part]
        assert part == own or in_core or LEVEL[part] < LEVEL[own], f"{own} must not import {part}"
    assert own == "app" or not {n.split(".")[0] for n in names} & ONLY_APP
    if own == "model":
        allowed = {
            "torch",
            "math",
            "dataclasses",
            "collections",
            "functools",
            "itertools",
            "typing",
            "dimts",
            "__future__",
        }
        assert {n.split(".")[0] for n in names} <= allowed


def test_help_imports_nothing_heavy() -> None:
    tree = ast.parse((SOURCE / "app" / "cli.py").read_text(encoding="utf-8"))
    at_import = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not {name.split(".")[0] for node in at_import for name in imported(node)} & HEAVY
