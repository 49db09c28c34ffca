"""`dimts evaluate` on a run: a table, a choice that `dimts export` takes, and nothing done twice."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from dimts.checkpoint import store
from dimts.train import recipe
from tests.flow.material import QUIET, Material
from tests.unit.app.command import run

pytestmark = pytest.mark.usefixtures("one_thread")
QUICK = ("--sentences", "3", "--others", "0", "--voices", "2", "--json")


@pytest.fixture(scope="module")
def ran(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six updates that keeps three checkpoints."""
    out = tmp_path_factory.mktemp("judged") / "run"
    recipe.finetune(material.run(out, "save.every_updates=2", "save.keep=9", "evaluate.every_updates=2"), QUIET)
    return out


def test_a_run_is_judged_and_the_choice_is_exported(
    ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = "code_accuracy=0.001,code_loss=1"  # the highest loss: not what training chose
    done = run(capsys, "evaluate", ran, *QUICK, "--rank", weights)
    assert done.code == 0, done.err
    facts = json.loads(done.out)
    names = [each["name"] for each in facts["subjects"]]
    assert names == ["recordings", "base", "update 2", "update 4", "update 6"]
    assert facts["languages"] == ["am"] and facts["sentences"] == 3
    assert facts["absent"]["cer"].startswith("no --recogniser")
    losses = {each["name"]: each["scores"]["code_loss"]["mean"] for each in facts["subjects"][2:]}
    assert losses["update 6"] < losses["update 2"]
    assert facts["chosen"]["update"] == 2 and "highest rank" in facts["chosen"]["why"]
    assert json.loads((ran / "best.json").read_text()) == facts["chosen"]
    assert facts["subjects"][1]["verdicts"] == ["silent"]  # the base knows no Amharic letter

    takes = [json.loads(line) for line in (ran / "evaluation" / "takes.jsonl").read_text().splitlines()]
    assert len(takes) == 5 * 3
    spoken = [take for take in takes if take["subject"].startswith("update")]
    assert all((ran / "evaluation" / take["audio"]).is_file() for take in spoken)

    done = run(capsys, "export", ran, "--out", tmp_path / "voice")
    assert done.code == 0 and "update 2, chosen by rank" in done.err
    assert json.loads((tmp_path / "voice" / "bundle.json").read_text())["best"]["update"] == 2


def test_a_second_time_only_what_is_new_is_done(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = json.loads(run(capsys, "evaluate", ran, *QUICK, "--no-choice").out)
    files = {path: path.stat().st_mtime_ns for path in (ran / "evaluation" / "takes").rglob("*.*")}
    before = (ran / "best.json").read_bytes()
    again = json.loads(run(capsys, "evaluate", ran, *QUICK, "--no-choice", "--checkpoints", "4").out)
    assert {path: path.stat().st_mtime_ns for path in (ran / "evaluation" / "takes").rglob("*.*")} == files
    assert (ran / "best.json").read_bytes() == before and again["chosen"] is None
    assert [each["name"] for each in again["subjects"]] == ["recordings", "base", "update 4"]
    assert again["subjects"][2]["scores"] == first["subjects"][3]["scores"]


def test_a_damaged_checkpoint_is_left_out_and_said(
    ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(ran, copied, ignore=shutil.ignore_patterns("evaluation"))
    (store.place(copied, 2) / "weights.safetensors").write_bytes(b"half")
    done = run(capsys, "evaluate", copied, *QUICK, "--checkpoints", "2,6")
    assert done.code == 0 and "left out: " in done.err and "changed since it was saved" in done.err
    assert json.loads(done.out)["chosen"]["update"] == 6
    shutil.rmtree(store.place(copied, 6))
    done = run(capsys, "export", copied, "--out", tmp_path / "voice")
    assert done.code == 1 and "best.json names it; `dimts evaluate" in done.err


def test_a_voice_is_judged_with_its_own_voices(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "evaluate", ran / "voice", "--out", tmp_path, *QUICK)
    assert done.code == 0, done.err
    facts = json.loads(done.out)
    assert [each["name"] for each in facts["subjects"]] == ["voice"]
    assert facts["languages"] == ["am"] and facts["voices"] == ["speaker"] and facts["chosen"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["RUN", "--checkpoints", "3"], "keeps no checkpoint of update 3; it has 2, 4, 6"),
        (["RUN", "--checkpoints", "last"], "'last' is no update"),
        (["RUN", "RUN"], "is a second run"),
        (["RUN/voice", "--checkpoints", "2"], "only a run has checkpoints"),
        (["RUN/checkpoints"], "is no run, voice or base"),
        (["RUN", "--rank", "beauty=1"], "there is no column 'beauty'"),
        (["RUN", "--language", "sw"], "language sw: no sentences for it"),
        (["RUN", "--reference", "none.wav"], "--reference none.wav: there is no such file"),
        (["RUN", "--texts", "none.txt"], "none.txt: cannot be read"),
    ],
)
def test_what_cannot_be_judged_is_one_line(
    ran: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(capsys, "evaluate", *(word.replace("RUN", str(ran)) for word in words), *QUICK)
    assert done.code == 1 and told in done.err and "Traceback" not in done.err
    assert len([line for line in done.err.splitlines() if line.startswith("dimts:")]) == 1


def test_a_person_marks_the_best(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "evaluate", ran, "--mark", 4)
    assert (done.code, done.out) == (0, "best.json: update 4, marked by hand; dimts export takes it\n")
    done = run(capsys, "export", ran, "--out", tmp_path / "voice", "--zip", "--json")
    assert done.code == 0 and "update 4, chosen" in done.err
    with zipfile.ZipFile(json.loads(done.out)["zip"]) as packed:
        names = {name.removeprefix("voice/") for name in packed.namelist()}
        assert names == {str(path.relative_to(tmp_path / "voice")) for path in (tmp_path / "voice").rglob("*.*")}
        assert packed.read("voice/bundle.json") == (tmp_path / "voice" / "bundle.json").read_bytes()
    done = run(capsys, "evaluate", ran, "--mark", 5)
    assert (done.code, done.err) == (1, f"dimts: {ran}: keeps no checkpoint of update 5; it keeps 2, 4, 6\n")
    assert run(capsys, "evaluate", tmp_path / "voice", "--mark", 4).code == 1
