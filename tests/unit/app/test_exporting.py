"""`dimts export`: which form is written follows from the options, and what does not go together is refused."""

import json
from pathlib import Path

import pytest
import torch
from huggingface_hub import RepoUrl

from dimts.checkpoint import weights
from dimts.train import recipe
from tests.flow.conftest import material, one_thread
from tests.flow.material import QUIET, Material
from tests.unit.app.command import run

__all__ = ["material", "one_thread"]
pytestmark = pytest.mark.usefixtures("one_thread")
LORA = ("train.trainable=lora", "train.ema=0.5", "train.max_updates=1", "evaluate.at_start=false")


@pytest.fixture(scope="module")
def ran(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ድምፅ export") / "run"
    recipe.finetune(material.run(out, *LORA), QUIET)
    return out


def test_a_voice_raw_and_mixed(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "export", ran, "--out", tmp_path / "voice", "--raw", "--base-share", "0.25", "--json")
    assert done.code == 0 and json.loads(done.out) == {"voice": str(tmp_path / "voice")}
    facts = json.loads((tmp_path / "voice/bundle.json").read_text())
    assert (facts["averaged"], facts["base_share"]) == (False, 0.25)


def test_adapters_then_their_voice(
    material: Material, ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slim = tmp_path / "slim"
    done = run(capsys, "export", ran, "--out", slim, "--adapters")
    told = f"the adapters are ready: {slim}; `dimts export {slim} --base BASE --out VOICE` makes a voice of them\n"
    assert (done.code, done.out) == (0, told)
    done = run(capsys, "export", slim, "--base", material.base, "--out", tmp_path / "voice")
    assert (done.code, done.out) == (0, f"the voice is ready: {tmp_path / 'voice'}\n")
    ours, theirs = (weights.read(folder / "model.safetensors") for folder in (tmp_path / "voice", ran / "voice"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    done = run(capsys, "export", slim, "--out", tmp_path / "other")
    assert (done.code, done.err) == (1, f"dimts: {slim}: holds adapters alone; give their --base\n")


@pytest.mark.parametrize("option", [("--raw",), ("--adapters",), ("--base-share", "0.1")])
def test_a_base_goes_with_adapters_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, ...]
) -> None:
    done = run(capsys, "export", tmp_path, "--base", tmp_path, "--out", tmp_path / "out", *option)
    told = "dimts: --base: joins adapters that are exported; --raw, --adapters, --base-share go with a run\n"
    assert (done.code, done.err) == (1, told) and not (tmp_path / "out").exists()


@pytest.mark.parametrize("share", ["-0.1", "1.1", "half"])
def test_shares_are_between_0_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str], share: str) -> None:
    assert run(capsys, "export", tmp_path, "--out", tmp_path / "out", "--base-share", share).code == 2


def test_a_voice_is_pushed_and_what_is_none_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, object]]] = []

    class Hub:
        def create_repo(self, name: str, **how: object) -> object:
            asked.append((name, how))
            return RepoUrl(f"https://huggingface.co/{name}")

        def upload_folder(self, **how: object) -> None:
            asked.append(("upload", how))

    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    done = run(capsys, "push", tmp_path, "me/voice")
    assert done.code == 1 and "is no voice bundle" in done.err and not asked
    (tmp_path / "bundle.json").write_text("{}")
    done = run(capsys, "push", tmp_path, "me/voice", "--json")
    assert json.loads(done.out) == {"address": "https://huggingface.co/me/voice"}
    assert asked[0] == ("me/voice", {"private": True, "exist_ok": True})
    assert asked[1][1]["folder_path"] == tmp_path and asked[1][1]["repo_id"] == "me/voice"

    def refuse(self: Hub, name: str, **how: object) -> object:
        raise OSError("no route")

    monkeypatch.setattr(Hub, "create_repo", refuse)
    done = run(capsys, "push", tmp_path, "me/voice")
    assert done.code == 1 and done.err.startswith("dimts: me/voice: cannot be pushed: ")
