"""Projects: folders that keep what was said about them, under names that lead nowhere else."""

from pathlib import Path

import pytest

from dimts.app import projects
from dimts.errors import ConfigError


def test_a_project_is_created_found_and_listed(tmp_path: Path) -> None:
    project = projects.create(tmp_path, "  የእኔ   ድምፅ ")
    assert project.folder == tmp_path / "የእኔ ድምፅ" and projects.find(tmp_path, "የእኔ ድምፅ") == project
    projects.create(tmp_path, "second")
    assert set(projects.all_of(tmp_path)) == {"የእኔ ድምፅ", "second"}
    with pytest.raises(ConfigError, match="is there already"):
        projects.create(tmp_path, "second")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "x" * 61, "a\0b", "bases", "-rf", "a\n/b"]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "settings.json").write_text("{}")
    for act in (projects.create, projects.find):
        with pytest.raises(ConfigError):
            act(tmp_path, name)


def test_a_link_is_no_project(tmp_path: Path) -> None:
    elsewhere = projects.create(tmp_path, "real")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(elsewhere.folder)
    with pytest.raises(ConfigError, match="no such project"):
        projects.find(tmp_path / "inside", "link")


def test_settings_are_remembered_side_by_side(tmp_path: Path) -> None:
    project = projects.create(tmp_path, "one")
    project.remember("data", {"language": "am"})
    project.remember("speak", {"text": "ሰላም"})
    assert project.settings("data") == {"language": "am"} and project.settings("speak") == {"text": "ሰላም"}
    (project.folder / projects.SETTINGS).write_text("[torn")
    assert project.settings("data") == {}


def test_runs_are_named(tmp_path: Path) -> None:
    project = projects.create(tmp_path, "one")
    project.run_file("run-2").write_text("base: x\n")
    assert project.runs() == ["run-2"] and project.run() == project.folder / "run"
    for name in ("dataset", "../run", "jobs", ""):
        with pytest.raises(ConfigError, match="name of a run"):
            project.run(name)
