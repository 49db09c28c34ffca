"""`dimts prepare`, `check` and `report`: every option acts, one screen tells all, programs get it as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dimts.app.cli import app
from dimts.text.base import vocabulary
from tests.unit.app.command import run
from tests.unit.data.cues import bursts, cued
from tests.unit.data.recordings import corpus, sentence, table, tone

SPANS = [(2.0 * n + 0.5, 2.0 * n + 2.0) for n in range(10)]


def dimts(*words: object) -> tuple[int, str]:
    """Run a command in this process; give its exit code and what it printed."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def prepared(tmp_path: Path, *words: object) -> dict[str, Any]:
    code, said = dimts("prepare", *words, "--out", tmp_path / "out", "--language", "en", "--workers", 1, "--json")
    assert code == 0
    facts: dict[str, Any] = json.loads(said)
    return facts


def lecture(folder: Path) -> Path:
    bursts(folder / "talk.wav", SPANS, 21.0)
    return cued(folder / "talk.srt", *((a + 0.1, b + 0.1, sentence(n)) for n, (a, b) in enumerate(SPANS)))


def test_one_screen(tmp_path: Path) -> None:
    source = lecture(tmp_path)
    tone(tmp_path / "short.wav", duration_s=0.1)
    rows = table(tmp_path, "short|hm")
    options = (
        "--language",
        "en",
        "--detector",
        "energy",
        "--workers",
        1,
        "--licence",
        "CC0-1.0",
        "--consent",
        "signed",
    )
    code, said = dimts("prepare", source, rows, "--out", tmp_path / "out", *options)
    assert code == 0 and len(said.splitlines()) < 24
    assert "2 clips accepted" in said and "held back for evaluation (by text)" in said
    assert f"{source}: 10 rows, 2 clips = 2 accepted + 0 turned away; 21.0 s = " in said and "not speech" in said
    assert "turned away: 1 x too short (0.1 s)" in said
    head = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert (head["licence"], head["consent"]) == ("CC0-1.0", "signed")
    dimts("prepare", source, rows, *options)
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["licence"] == "CC0-1.0"


def test_for_programs(tmp_path: Path) -> None:
    facts = prepared(tmp_path, lecture(tmp_path), "--detector", "energy", "--no-join", "--eval-share", 0.2)
    assert (facts["clips"], facts["eval_clips"], facts["group_by"]) == (10, 2, "text")
    (source,) = facts["sources"]
    assert source["rows"] == source["found"] == 10
    assert source["found_s"] == pytest.approx(source["accepted_s"] + source["not_speech_s"], abs=0.02)


def test_groups_limits_and_speakers(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 4)
    facts = prepared(tmp_path, source, "--group-by", "speaker", "--speaker", "Sara", "--limit", "min_duration_s=0.5")
    head = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert facts["group_by"] == "speaker" and head["speakers"] == ["Sara"]
    assert head["settings"]["limits"]["min_duration_s"] == 0.5


def test_repairs_and_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(vocabulary(), encoding="utf-8")
    source = corpus(tmp_path / "source", 2)
    with source.open("a") as file:
        file.write("odd|ሰላም and some words\n")
    tone(tmp_path / "source" / "wavs" / "odd.wav", hz=300)
    facts = prepared(tmp_path, source, "--base", tmp_path, "--repair", "loudness=-20", "--repair", "highpass")
    assert facts["rejected"] == {"unknown tokens": 1}
    clips = [json.loads(line) for line in (tmp_path / "out" / "clips.jsonl").read_text().splitlines()]
    assert [clip["loudness_lufs"] for clip in clips] == pytest.approx([-20, -20], abs=0.3)


def test_voices_are_told_apart_if_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = corpus(tmp_path / "source", 2)
    monkeypatch.setattr("dimts.audio.voiceprint.load", lambda: None)
    monkeypatch.setattr("dimts.data.measures._same_voice", lambda audio: 0.5)
    facts = prepared(tmp_path, source, "--voices", "--limit", "min_same_voice=0.4")
    assert facts["clips"] == 2 and facts["warnings"]["several speakers"] == 2
    facts = prepared(tmp_path, source)
    assert facts["clips"] == 2 and "several speakers" not in facts["warnings"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--group-by", "colour"), "--group-by colour: choose from auto, recording"),
        (("--detector", "ears"), "--detector ears: choose from silero, energy"),
        (("--repair", "reverb"), "--repair reverb: choose from loudness"),
        (("--repair", "denoise=3"), "--repair denoise=3"),
        (("--repair", "loudness=loud"), "'loud' is not a number"),
        (("--align", "ears"), "recogniser 'ears'"),
        (("--limit", "max_noise=1"), "there is no limit max_noise; choose from min_duration_s"),
        (("--limit", "noise"), "write it as name=value"),
        (("--base", "x", "--vocab", "y"), "give one of them"),
    ],
)
def test_options_that_there_are_not(
    tmp_path: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = corpus(tmp_path / "source", 1)
    done = run(capsys, "prepare", source, "--out", tmp_path / "out", *words)
    assert done.code == 1 and said in done.err and "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_decisions_without_a_source(tmp_path: Path) -> None:
    prepared(tmp_path, corpus(tmp_path / "source", 3))
    (tmp_path / "out" / "review.jsonl").write_text(
        '{"id": "clip001", "decision": "drop"}\n{"id": "clip9", "decision": "drop"}\n'
    )
    facts = prepared(tmp_path)
    assert facts["clips"] == 2 and facts["rejected"] == {"review": 1} and facts["unknown_decisions"] == ["clip9"]
    assert (
        "review.jsonl decides about 1 clips that there are not: clip9"
        in dimts("prepare", "--out", tmp_path / "out", "--language", "en")[1]
    )


def test_check_of_another_tools_folder(tmp_path: Path) -> None:
    corpus(tmp_path / "lj", 2)
    assert dimts("check", tmp_path / "lj", "--language", "en")[0] == 0
    code, said = dimts("check", tmp_path / "lj", "--language", "en", "--limit", "min_duration_s=2", "--json")
    assert code == 1 and "2 too short" in json.loads(said)["problems"][0]


def test_report_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared(tmp_path, corpus(tmp_path / "source", 3), "--licence", "CC0-1.0")
    page = tmp_path / "out" / "report.html"
    first = page.read_bytes()
    page.unlink()
    assert dimts("report", tmp_path / "out") == (0, f"the report is ready: {page}\n") and page.read_bytes() == first
    facts = json.loads(dimts("report", tmp_path / "out", "--json")[1])
    assert (facts["report"], facts["licence"], facts["train"]["clips"]) == (str(page), "CC0-1.0", 3)
    done = run(capsys, "report", tmp_path / "source")
    assert done.code == 1 and "is not a dataset" in done.err
