"""Clean-up takes what can be made again and nothing else."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dimts.app import jobs, projects, spare
from dimts.app.jobs import Job
from dimts.app.projects import Project
from dimts.errors import ConfigError


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = projects.create(tmp_path, "selam")
    run = project.run()
    project.run_file().write_text("base: x\n")
    for update in (100, 200, 300, 400, 500):
        folder = run / "checkpoints" / f"update-{update:06d}"
        folder.mkdir(parents=True)
        (folder / "weights.safetensors").write_bytes(b"1" * 1000)
        best = {"update": 200 if update == 500 else update}  # each was the best in its time
        (folder / "manifest.json").write_text(json.dumps({"facts": {"best": best}}))
        (run / "samples").mkdir(exist_ok=True)
        (run / "samples" / f"update-{update:06d}-1.wav").write_bytes(b"1")
    (run / "best.json").write_text('{"update": 100, "metric": "rank"}')
    (run / "evaluation" / "takes" / "ab").mkdir(parents=True)
    (project.dataset / "audio").mkdir(parents=True)
    (project.dataset / "audio" / "a.flac").write_bytes(b"1" * 50)
    job = Job(project.folder / "jobs" / "20260101-120000-plan", "plan", (), time.time(), state="done")
    job.folder.mkdir(parents=True)
    jobs.write(job)
    project.voices.mkdir()
    (project.voices / "voice.zip").write_bytes(b"PK")
    return project


def test_what_is_best_or_newest_stays(project: Project) -> None:
    freed = spare.remove(project, ["checkpoints", "samples"])
    kept = sorted(path.name for path in (project.run() / "checkpoints").iterdir())
    assert kept == [f"update-{update:06d}" for update in (100, 200, 400, 500)] and freed > 1000
    assert [path.name for path in (project.run() / "samples").iterdir()] == ["update-000500-1.wav"]


def test_everything_else_of_the_project_stays(project: Project) -> None:
    spare.remove(project, list(spare.KINDS))
    left = sorted(str(path.relative_to(project.folder)) for path in project.folder.rglob("*") if path.is_file())
    assert "dataset/audio/a.flac" in left and "run.yaml" in left and "run/best.json" in left
    assert not any("takes" in name or name.startswith("jobs/2") or name.endswith(".zip") for name in left)


def test_nothing_is_removed_while_something_runs(project: Project) -> None:
    job = jobs.all_of(project.folder)[0]
    jobs.write(replace(job, state="waiting", created=time.time()))
    with pytest.raises(ConfigError, match="is running in this project"):
        spare.remove(project, ["checkpoints"])
    with pytest.raises(ConfigError, match="choose from"):
        spare.remove(project, ["dataset"])


def test_links_that_lead_out_are_not_followed(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious.txt").write_text("x")
    (project.folder / "dataset-downloads").symlink_to(elsewhere)
    assert spare.bytes_of(project.folder / "dataset-downloads") < 100
    with pytest.raises(ConfigError, match="leads out"):
        spare.remove(project, ["downloads"])
    assert (elsewhere / "precious.txt").exists()
