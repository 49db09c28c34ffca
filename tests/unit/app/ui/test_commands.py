"""Forms become argument lists in which nothing that a person wrote is an option."""

from dataclasses import asdict
from pathlib import Path

import pytest

from dimts.app import projects
from dimts.app.projects import Project
from dimts.app.ui import commands
from dimts.app.ui.safety import Roots
from dimts.data.filters import Limits
from dimts.data.manifest import Dataset
from dimts.errors import ConfigError


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "talk.srt").write_text("1")
    return projects.create(tmp_path, "selam")


def test_prepare(project: Project, tmp_path: Path) -> None:
    project.recordings.mkdir()
    (project.recordings / "a.wav").touch()
    form = {"sources": f"\n {tmp_path}/talk.srt\nhttps://example.org/x\n", "language": "am", "speaker": "--out=/etc",
            "eval_share": 0.1, "repairs": ["loudness"], "music": True, "limits": "min_snr_db=5\n", "mode": "bpe",
            "transcribe": ""}  # fmt: skip
    words = commands.prepare(project, Roots.of([tmp_path]), form)
    assert words[:10] == [
        "prepare", f"--out={project.dataset}", "--language=am", "--mode=bpe", "--speaker=--out=/etc",
        "--eval-share=0.1", "--repair=loudness", "--limit=min_snr_db=5", "--music", f"--inside={project.folder}",
    ]  # fmt: skip
    assert words[10:] == [
        f"--inside={tmp_path}", "--json", "--", str(project.recordings), f"{tmp_path}/talk.srt", "https://example.org/x"
    ]  # fmt: skip


@pytest.mark.parametrize("form", [{}, {"sources": "/etc/passwd"}, {"sources": "--help"}, {"cookies": "/etc/passwd"}])
def test_nothing_is_prepared_from_nowhere_or_elsewhere(project: Project, tmp_path: Path, form: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        commands.prepare(project, Roots.of([tmp_path]), {"sources": f"{tmp_path}/talk.srt"} | form if form else form)


def test_decisions_are_applied_as_the_dataset_was_prepared(tmp_path: Path) -> None:
    limits = asdict(Limits(min_snr_db=7.0))
    data = Dataset(
        tmp_path, "am", "dimts-1", (), settings={"eval_share": 0.3, "seed": 4, "group_by": "text", "limits": limits}
    )
    assert commands.apply_decisions(data) == [
        "prepare", f"--out={tmp_path}", "--language=am", "--eval-share=0.3", "--seed=4", "--group-by=text",
        "--limit=min_snr_db=7.0", "--json",
    ]  # fmt: skip
