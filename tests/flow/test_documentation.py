"""Every `dimts` line in the README and the guides is a command that exists, with options that exist."""

import json
from pathlib import Path

import pytest
import yaml

from dimts import config
from dimts.train.recipe import flatten
from tests.flow import guides

ROOT = Path(__file__).parents[2]
OTHERS = [path for path in sorted((ROOT / "recipes").glob("*.yaml")) if path.name != "amharic-bpe.yaml"]


@pytest.mark.parametrize("page", guides.PAGES)
def test_commands_parse(page: str) -> None:
    for line in guides.lines(guides.PAGES[page]):
        if line.ours:
            guides.parse(line)  # raises when an option does not exist


def test_readme_has_ten_lines() -> None:
    assert sum(line.ours for line in guides.lines(guides.PAGES["README.md"])) >= 8


def test_the_recipe_spells_out_every_default() -> None:
    recipe = ROOT / "recipes/amharic-bpe.yaml"
    run = config.read(recipe)
    spelled_out = recipe.read_text(encoding="utf-8")
    assert all(f"  {name}:" in spelled_out for name in config.Optimizer.model_fields)
    assert run == _defaults(run)


@pytest.mark.parametrize("recipe", OTHERS, ids=lambda path: path.name)
def test_other_recipes_are_valid_and_say_only_what_is_not_default(recipe: Path) -> None:
    run = config.read(recipe)
    said = flatten(yaml.safe_load(recipe.read_text(encoding="utf-8")))
    own, usual = (flatten(json.loads(each.model_dump_json())) for each in (run, _defaults(run)))
    paths = {"base", "vocab", "data.datasets", "out"}
    assert {name for name in own if own[name] != usual[name]} == said.keys() - paths


def _defaults(run: config.RunConfig) -> config.RunConfig:
    return config.build({"base": run.base, "data": run.data, "out": run.out, "vocab": run.vocab}, "defaults")
