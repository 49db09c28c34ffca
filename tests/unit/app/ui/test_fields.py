"""Every setting of a run file has a field, with its docstring as help; what fields show becomes the run file."""

import json
from pathlib import Path

import pytest
import yaml

from dimts import config
from dimts.app import projects
from dimts.app.ui import fields
from dimts.config import RunConfig
from dimts.train.recipe import flatten

ROOT = Path(__file__).parents[4]


def test_every_setting_is_there_with_help() -> None:
    run = config.build({"base": "b", "data": {"datasets": ["d"]}, "out": "o"}, "x")
    names = {setting.name for setting in fields.settings()}
    assert names | fields.OURS == set(flatten(json.loads(run.model_dump_json()))) and len(names) > 60
    assert all(setting.help for setting in fields.settings())


@pytest.mark.parametrize("name", sorted(fields.presets()))
def test_recipes_come_back_as_they_are(name: str) -> None:
    plain = config.load(fields.presets()[name])
    run = config.build(plain, name)
    paths = {"base": plain["base"], "out": plain["out"], "vocab": plain.get("vocab")}
    content = {**paths, **fields.content(fields.shown(plain))}
    content["data"] = {**content.get("data", {}), "datasets": plain["data"]["datasets"]}
    assert config.build(yaml.safe_load(yaml.safe_dump(content)), name) == run
    assert (ROOT / "recipes" / f"{name}.yaml").is_file()


@pytest.mark.parametrize(
    ("name", "shown", "plain"),
    [
        ("optimizer.lr", "5e-6", None),  # the default
        ("optimizer.lr", "1e-5", 1e-5),
        ("optimizer.lr", "", None),
        ("optimizer.lr", "fast", "fast"),  # refused by config, with its place
        ("optimizer.new_rows_lr", "same", "same"),
        ("batch.tokens", "4000", 4000),
        ("schedule.milestones", "[1, 2]", [1, 2]),
        ("samples.texts", " ሰላም።\n\nቡና: እንጠጣ\n", ["ሰላም።", "ቡና: እንጠጣ"]),
        ("train.tf32", True, True),
        ("train.lora.targets", ["attn.c_attn"], ["attn.c_attn"]),
        ("track.to", [], None),
        ("train.trainable", "[text_head, last-2", "[text_head, last-2"),
    ],
)
def test_what_is_written_is_read(name: str, shown: object, plain: object) -> None:
    everything = fields.shown({}) | {name: shown}
    content = flatten(fields.content(everything)) if fields.content(everything) else {}
    assert content == ({} if plain is None else {name: plain})


def test_the_run_file_is_refused_as_a_whole(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="the extra ui is not installed")
    from dimts.app.ui import runfile
    from dimts.app.ui.safety import Roots
    from dimts.app.ui.shell import Place
    from dimts.errors import ConfigError

    place, project = Place(tmp_path, Roots.of([tmp_path])), projects.create(tmp_path, "one")
    (tmp_path / "bases" / "b").mkdir(parents=True)
    (tmp_path / "bases" / "b" / "config.json").write_text("{}")
    base, shown = str(tmp_path / "bases" / "b"), fields.shown({})
    for change, why in (
        ({"optimizer.lr": "fast", "batch.clips": "0"}, "optimizer.lr.*\n.*batch.clips"),
        ({"data.replay": "/etc", "data.replay_share": "0.1"}, "outside the folders"),
        ({}, "no dataset yet"),
    ):
        with pytest.raises(ConfigError, match=why):
            runfile.write(place, project, "run", base, "", shown | change)
    for wrong in ("/etc", "", str(tmp_path)):
        with pytest.raises(ConfigError):
            runfile.write(place, project, "run", wrong, "", shown)
    assert not project.run_file().exists()
    project.dataset.mkdir()
    (project.dataset / "dataset.json").write_text("{}")
    run = runfile.write(place, project, "run", base, "", shown | {"train.epochs": "7"})
    assert config.read(project.run_file()) == run and run.train.epochs == 7 and run.vocab is None
    assert isinstance(run, RunConfig) and fields.shown(runfile.read(project, "run"))["train.epochs"] == "7"
    assert runfile.device_of(run.model_copy(update={"device": "cuda"})) == "cuda:0"
