"""The main job around the loop: who may use a run folder, which settings may change, what is left at the end."""

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from dimts import config, log
from dimts.checkpoint import export, store
from dimts.config import RunConfig
from dimts.data import manifest
from dimts.errors import ConfigError, DataError, TrainingError
from dimts.infer import speak
from dimts.train import dist, recipe
from tests.flow.material import QUIET, Material

ONE = ("train.max_updates=1", "evaluate.at_start=false")


def finetune(run: RunConfig) -> str:
    """Run the main job, and return what the console says."""
    written = io.StringIO()
    recipe.finetune(run, Console(file=written, width=200))
    return written.getvalue()


def test_what_a_run_leaves(material: Material, tmp_path: Path) -> None:
    run = material.run(tmp_path / "deep" / "out", "train.max_updates=2", "limits.rejected_share=0")
    said = finetune(run)
    out = run.out
    assert config.read(out / "run.yaml") == run
    plan = json.loads((out / "plan.json").read_text())
    assert (plan["train_clips"], plan["eval_clips"], plan["clips_per_update"], plan["total_updates"]) == (7, 3, 4, 2)
    assert (out / "rejected.jsonl").read_text() == ""
    assert [line["kind"] for line in log.read(out)] == ["eval", "update", "update", "eval"]
    assert json.loads((out / "best.json").read_text())["update"] == 2
    bundle = export.read_description(out / "voice")
    assert bundle["best"]["update"] == 2 and bundle["recipe"]["optimizer"]["lr"] == 1e-3
    assert speak.load(out / "voice").stored_voices() == ["speaker"]
    assert not [path for path in out.rglob("*") if path.name.endswith((".part", ".old", ".tmp"))]
    assert "7 training clips" in said and "update 2/2" in said and "going on" not in said


def test_a_finished_run_goes_on_to_nothing_and_exports_again(material: Material, tmp_path: Path) -> None:
    run = material.run(tmp_path, *ONE)
    finetune(run)
    before = (tmp_path / "metrics.jsonl").read_bytes(), (tmp_path / "voice/model.safetensors").read_bytes()
    assert "going on after update 1\n" in finetune(run)
    assert before == ((tmp_path / "metrics.jsonl").read_bytes(), (tmp_path / "voice/model.safetensors").read_bytes())


def test_a_run_cut_short_exports_what_there_is(material: Material, tmp_path: Path) -> None:
    """Three updates of many were done, none evaluated; told to stop at one, the run evaluates and exports."""
    run = material.run(tmp_path, "evaluate.at_start=false", "evaluate.every_updates=99", "save.every_updates=3")
    trainer, _ = recipe.prepare(run, dist.join("cpu"), QUIET)
    trainer.state.update = 3
    trainer.state.save(tmp_path, 1, dist.ALONE)
    finetune(material.run(tmp_path, *ONE, "save.every_updates=3"))
    assert json.loads((tmp_path / "best.json").read_text())["update"] == 3 and (tmp_path / "voice").is_dir()


def test_changed_settings_are_refused_each_in_a_line(material: Material, tmp_path: Path) -> None:
    (tmp_path / "checkpoints/update-000001").mkdir(parents=True)
    recipe.keep_settings(material.run(tmp_path), leads=True)
    before = (tmp_path / "run.yaml").read_bytes()
    changed = material.run(
        tmp_path, "optimizer.lr=1e-4", "seed=1", "batch.clips=3", "save.keep=9", "prompt.masking=false"
    )
    with pytest.raises(ConfigError) as raised:
        recipe.keep_settings(changed, leads=True)
    advice = "change it back, or choose another out"
    assert [line.removeprefix(f"{tmp_path / 'run.yaml'}: ") for line in raised.value.problems] == [
        f"batch.clips was 2, now 3; {advice}",
        f"optimizer.lr was 0.001, now 0.0001; {advice}",
        f"prompt.masking was True, now False; {advice}",
        f"seed was 0, now 1; {advice}",
    ]
    assert (tmp_path / "run.yaml").read_bytes() == before


def test_changed_settings_are_told_with_all_that_is_wrong(material: Material, tmp_path: Path) -> None:
    (tmp_path / "checkpoints/update-000001").mkdir(parents=True)
    recipe.keep_settings(material.run(tmp_path), leads=True)
    with pytest.raises(ConfigError) as raised:
        finetune(material.run(tmp_path, "seed=1", "device=cuda:99", "train.trainable=[nothing]"))
    assert raised.value.problems[0].startswith(f"{tmp_path / 'run.yaml'}: seed was 0, now 1")
    said = " ".join(raised.value.problems)
    assert "train.trainable" in said and "cuda:99" in said


def test_nothing_binds_before_something_is_learned(material: Material, tmp_path: Path) -> None:
    """The first start failed; its advice is to change a setting, which must then be possible."""
    with pytest.raises(DataError, match=r"or raise limits.rejected_share \(0.05\)"):
        finetune(material.run(tmp_path, *ONE, "limits.clip_samples=45000"))
    assert (tmp_path / "run.yaml").is_file()
    finetune(material.run(tmp_path, *ONE, "limits.clip_samples=45000", "limits.rejected_share=0.5"))
    assert config.read(tmp_path / "run.yaml").limits.rejected_share == 0.5


def test_free_settings_go_on_and_are_kept(material: Material, tmp_path: Path) -> None:
    (tmp_path / "checkpoints/update-000001").mkdir(parents=True)
    recipe.keep_settings(material.run(tmp_path), leads=True)
    free = ("train.epochs=9", "train.max_updates=5", "device=auto", "save.keep=5", "save.every_updates=7",
            "evaluate.every_updates=3", "evaluate.at_start=false", "samples.texts=[ሰላም]", "samples.seed=3")  # fmt: skip
    changed = material.run(tmp_path, *free)
    recipe.keep_settings(changed, leads=True)
    assert config.read(tmp_path / "run.yaml") == changed


def test_every_other_setting_is_kept() -> None:
    run = config.build({"base": "b", "data": {"datasets": ["d"]}, "out": "o"}, "run.yaml")
    names = recipe.flatten(json.loads(run.model_dump_json()))
    free = {name for name in names if recipe.free(name)}
    assert free == {
        "train.epochs", "train.max_updates", "train.max_minutes", "device", "save.every_updates", "save.keep",
        "evaluate.every_updates",
        "evaluate.at_start", "evaluate.metric", "evaluate.sentences", "evaluate.patience", "evaluate.min_delta",
        "samples.texts", "samples.language", "samples.seed", "samples.max_codes",
        "track.to", "track.project", "track.name", "batch.by", "batch.tokens",
        "train.checkpointing", "train.compile", "optimizer.place", "optimizer.shard",
    }  # fmt: skip


def test_a_damaged_run_file_in_the_run_folder(material: Material, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("")
    (tmp_path / "checkpoints/update-000001").mkdir(parents=True)
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path / 'run.yaml'}: not a run file")):
        recipe.keep_settings(material.run(tmp_path), leads=True)


def test_one_process_holds_a_run_folder(tmp_path: Path) -> None:
    with recipe.hold(tmp_path, leads=True):
        with pytest.raises(ConfigError) as raised, recipe.hold(tmp_path, leads=True):
            pass
        told = f"{tmp_path}: another process is training here; wait for it or choose another out"
        assert raised.value.problems == (told,)
        with recipe.hold(tmp_path, leads=False):  # the others of one run are no rivals
            pass
    with pytest.raises(KeyError), recipe.hold(tmp_path, leads=True):
        raise KeyError
    with recipe.hold(tmp_path, leads=True):
        pass


def test_holding_sweeps(tmp_path: Path) -> None:
    (tmp_path / "checkpoints/.update-000004.99.part").mkdir(parents=True)
    (tmp_path / ".voice.99.part").mkdir()
    with recipe.hold(tmp_path, leads=True):
        assert sorted(path.name for path in tmp_path.rglob("*")) == [".lock", "checkpoints"]


def test_an_out_that_is_a_file(material: Material, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for out in (tmp_path / "out", tmp_path / "out/below"):
        with pytest.raises(ConfigError) as raised:
            recipe.finetune(material.run(out), QUIET)
        (line,) = raised.value.problems
        assert line.startswith(f"{out}: cannot be a run folder (") and line.endswith("); choose another out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_disk_that_refuses_the_small_files(material: Material, tmp_path: Path) -> None:
    for name in ("run.yaml", "plan.json", "best.json"):
        out = tmp_path / name.removesuffix(".json")
        (out / name / "in the way").mkdir(parents=True)
        if name == "run.yaml":
            with pytest.raises(TrainingError, match="run.yaml: cannot be written"):
                recipe.keep_settings(material.run(out), leads=True)
            continue
        with pytest.raises(TrainingError, match=r"cannot be written .*; see to the disk and start again") as raised:
            recipe.finetune(material.run(out, *ONE), QUIET)
        assert len(raised.value.problems) == 1


def test_limits_are_live(material: Material, tmp_path: Path) -> None:
    """A run turns away what is beyond its limits, writes why, and refuses when that is too much."""
    samples = sorted(clip.samples for clip in manifest.read(material.dataset).clips)
    limits = (f"limits.clip_samples={samples[-2]}", "limits.rejected_share=0.1")
    said = finetune(material.run(tmp_path / "fewer", *ONE, *limits))
    (rejected,) = [json.loads(line) for line in (tmp_path / "fewer/rejected.jsonl").read_text().splitlines()]
    assert rejected["reason"] == "clip too long" and rejected["measured"] == samples[-1] and "1 turned away" in said
    for limit in ("limits.rejected_share=0.05", "limits.text_tokens=5"):
        with pytest.raises(DataError, match="of 10 clips do not fit this run"):
            finetune(material.run(tmp_path / "none", *limits, limit))
    grown = material.run(tmp_path / "grown", "limits.text_tokens=500")
    trainer, _ = recipe.prepare(grown, dist.join("cpu"), QUIET)
    assert trainer.gpt.shape.text_positions == 502
    assert store.all_of(tmp_path / "none") == []


@pytest.mark.parametrize("setting", ["train.checkpointing=true", "optimizer.place=cpu", "batch.by=auto"])
def test_what_spares_memory_may_change_when_a_run_goes_on(material: Material, tmp_path: Path, setting: str) -> None:
    """Who ran out of memory sets one of these and goes on."""
    finetune(material.run(tmp_path, *ONE))
    assert "going on after update 1\n" in finetune(material.run(tmp_path, "train.max_updates=2", setting))
