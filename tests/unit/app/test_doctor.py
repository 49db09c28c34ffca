"""`dimts doctor`: what is here, what is absent, and what breaks the core."""

import importlib
import importlib.metadata
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from dimts.app import inspection
from dimts.app.inspection import Requirement
from tests.unit.app.command import run

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def test_sections_and_exit_code(capsys: Capture) -> None:
    done = run(capsys, "doctor")
    assert done.code == 0 and "The core works." in done.out
    for word in ("dimts", "core", "devices", "extras", "weights", "programs", "disk", "hub"):
        assert f"\n{word} " in f"\n{done.out}"
    assert f"torch {torch.__version__}" in " ".join(done.out.split())


def test_json(capsys: Capture) -> None:
    report = json.loads(run(capsys, "doctor", "--json").out)
    assert report["ok"] is True
    core = next(line for line in report["lines"] if line["section"] == "core")
    assert core["packages"]["numpy"] == importlib.metadata.version("numpy")
    assert {line["verdict"] for line in report["lines"]} <= {"ok", "absent", "note"}


def test_broken_core_package(capsys: Capture, monkeypatch: Patch) -> None:
    works = importlib.import_module

    def broken(name: str, package: str | None = None) -> Any:
        if name == "soundfile":
            raise OSError("sndfile library not found")
        return works(name, package)

    monkeypatch.setattr(importlib, "import_module", broken)
    done = run(capsys, "doctor")
    assert done.code == 1 and "PROBLEM" in done.out and "The core is broken" in done.out
    assert "soundfile: cannot be imported (sndfile library not found); pip install 'soundfile" in " ".join(
        done.out.split()
    )


def test_missing_and_old_packages() -> None:
    assert inspection.trouble(Requirement("no-such-package-of-dimts", "", "")) == "is not installed"
    assert "needed is >=99" in (inspection.trouble(Requirement("numpy", ">=99", "")) or "")
    assert inspection.trouble(Requirement("PyYAML", ">=6", "")) is None


@pytest.mark.parametrize(
    ("version", "limits", "right"),
    [
        ("2.13.0+cpu", ">=2.6", True),
        ("2.5.1", ">=2.6", False),
        ("0.24", ">=0.21,<0.24", False),
        ("0.23.9", ">=0.21,<0.24", True),
        ("3.0.0", "<3", False),
        ("3.0", ">=3.0.0", True),
        ("6.0.3", "", True),
    ],
)
def test_versions(version: str, limits: str, right: bool) -> None:
    assert inspection.fits(version, limits) is right


def test_extras_with_their_line(monkeypatch: Patch) -> None:
    texts = [
        "numpy>=1.26",
        "numpy>=1; extra == 'here'",
        "nope-at-all>=3; extra == 'asr-hf'",
        "numpy; extra == 'asr-hf'",
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: texts)
    packages = [*inspection.requirements()]
    assert packages[0] == Requirement("numpy", ">=1.26", "")
    found = {line.facts["name"]: line for line in inspection.extras([one for one in packages if one.extra])}
    assert found["here"].verdict == "ok" and found["asr-hf"].verdict == "absent"
    assert "lacks nope-at-all; pip install 'dimts[asr-hf]'" in found["asr-hf"].text


def test_every_extra_of_the_project_is_explained() -> None:
    extras = {one.extra for one in inspection.requirements() if one.extra}
    assert extras and extras <= inspection.SERVES.keys()


def test_packages_that_are_there_for_their_weights(monkeypatch: Patch) -> None:
    def version(name: str) -> str:
        if name == "distillmos":
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.1.4"

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = {line.facts["name"]: line for line in inspection.weights()}
    assert found["resemblyzer"].verdict == "ok" and found["resemblyzer"].text.endswith("; 0.1.4")
    assert found["distillmos"].verdict == "absent"
    assert found["distillmos"].text.endswith("; pip install --no-deps distillmos")


def test_programs(monkeypatch: Patch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert {line.facts["name"]: line.facts["path"] for line in inspection.programs()}["ffmpeg"] == "/usr/bin/ffmpeg"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    ffmpeg = next(iter(inspection.programs()))
    assert ffmpeg.verdict == "absent" and ffmpeg.facts["install"] in ffmpeg.text


def test_gpus(monkeypatch: Patch) -> None:
    class Card:
        name, total_memory, major, minor = "Big Card", 80 * 10**9, 9, 0

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: Card)
    texts = [line.text for line in inspection.devices()]
    assert "cuda:1: Big Card, 80 GB, capability 9.0" in texts and not any("no GPU" in text for text in texts)


def test_little_disk_is_a_note(monkeypatch: Patch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**8))
    line = next(line for line in inspection.places() if line.section == "disk")
    assert line.verdict == "note" and line.text.startswith("100 MB free here")


def test_base_folder(capsys: Capture, tmp_path: Path) -> None:
    done = run(capsys, "doctor", tmp_path / "nowhere")
    assert done.code == 0 and "no such folder" in done.out
    for name in ("config.json", "vocab.json", "mel_stats.pth", "speakers_xtts.pth", "model.safetensors"):
        (tmp_path / name).touch()
    assert inspection.base_folder(tmp_path).facts["missing"] == ["dvae.pth"]
    (tmp_path / "dvae.pth").touch()
    assert inspection.base_folder(tmp_path).verdict == "ok"
