"""`dimts base show` and `dimts base check` on a tiny random base, whole and damaged."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from dimts.audio import io
from dimts.checkpoint import initial
from tests.unit.app.command import Done, run

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "tiny"
    initial.write(folder, "tiny", 0)
    return folder


@pytest.fixture
def base(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(whole, tmp_path / "tiny"))


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "speech.wav"
    torch.manual_seed(1)
    io.write(path, io.Audio(initial.synthetic_speech(10)[0].numpy()[: 4 * 22_050], 22_050))
    return path


def check(capsys: Capture, *words: object, code: int = 0) -> dict[str, dict[str, Any]]:
    """Run `base check --json`; return its findings by step, the first of each that is no ok."""
    done = run(capsys, "base", "check", *words, "--device", "cpu", "--json")
    assert done.code == code, done
    steps: dict[str, dict[str, Any]] = {}
    for finding in json.loads(done.out)["findings"]:
        if finding["step"] not in steps or steps[finding["step"]]["verdict"] == "ok":
            steps[finding["step"]] = finding
    return steps


def refused(done: Done) -> str:
    """The one line of an error."""
    assert done.code == 1 and not done.out and done.err.count("\n") == 1 and done.err.startswith("dimts: ")
    return done.err


def change(path: Path, name: str, edit: Callable[[torch.Tensor], torch.Tensor]) -> None:
    state = load_file(path)
    state[name] = edit(state[name]).contiguous()
    save_file(state, path)


def test_show(capsys: Capture, whole: Path) -> None:
    facts = json.loads(run(capsys, "base", "show", whole, "--json").out)
    sizes = {"kind": "random", "layers": 2, "width": 64, "heads": 4, "text_rows": 550, "code_positions": 608}
    assert facts.items() >= sizes.items()
    assert facts["files"]["model.safetensors"] == (whole / "model.safetensors").stat().st_size
    assert len(facts["languages"]) == 17 and facts["dvae"]["widths"] == [32, 64]
    lines = run(capsys, "base", "show", whole).out
    assert "random weights" in lines and facts["fingerprint"] in lines and "2 layers, width 64, 4 heads" in lines


def test_fingerprint_is_of_the_weights(capsys: Capture, base: Path) -> None:
    before = json.loads(run(capsys, "base", "show", base, "--json").out)["fingerprint"]
    change(base / "model.safetensors", "gpt.mel_head.bias", lambda bias: bias + 1)
    assert json.loads(run(capsys, "base", "show", base, "--json").out)["fingerprint"] != before


def test_show_says_what_is_missing(capsys: Capture, base: Path, tmp_path: Path) -> None:
    assert "no such folder" in refused(run(capsys, "base", "show", tmp_path / "nowhere"))
    (base / "config.json").unlink()
    assert "config.json: no such file" in refused(run(capsys, "base", "show", base))


def test_random_base_passes_and_is_called_random(capsys: Capture, base: Path) -> None:
    done = run(capsys, "base", "check", base, "--device", "cpu")
    assert done.code == 0 and "random weights" in done.out and "0 problems" in done.out
    assert "synthetic signal" in done.out and "no --reference-text" in done.out
    sound = io.read(Path("out.wav"))
    assert sound.rate_hz == 24_000 and sound.duration_s > 0.5


def test_recording_with_its_text_is_scored(capsys: Capture, base: Path, recording: Path) -> None:
    words = ("--reference", recording, "--reference-text", "This was said.", "--out", "said.flac")
    steps = check(capsys, base, *words)
    assert not [step for step in steps.values() if step["verdict"] == "PROBLEM"]
    assert steps["DVAE"]["codes"] == 87 and "4.0 s of the recording" in steps["DVAE"]["text"]  # 88,200 samples / 1024
    assert "the recording: code loss" in steps["score"]["text"] and abs(steps["score"]["code_loss"] - 6.93) < 0.5
    assert steps["score"]["targets"] == 87 + 4 - 43  # half of the recording is the prompt
    assert steps["speech"]["seconds"] > 0 and steps["speech"]["text_tokens"] > 10
    assert io.read(Path("said.flac")).duration_s == pytest.approx(steps["speech"]["seconds"])


def test_stored_voice_speaks(capsys: Capture, base: Path) -> None:
    entry = {"gpt_cond_latent": torch.randn(1, 32, 64), "speaker_embedding": torch.randn(1, 512, 1)}
    torch.save({"Ana": entry, "Ben": entry}, base / "speakers_xtts.pth")
    steps = check(capsys, base, "--text", "Short.")
    assert "2 stored, the first is Ana" in steps["voices"]["text"] and steps["voice"]["text"] == "of Ana"
    torch.save({"Ana": {**entry, "gpt_cond_latent": torch.zeros(1, 32, 1024)}}, base / "speakers_xtts.pth")
    steps = check(capsys, base, "--text", "Short.", code=1)
    assert steps["voices"]["verdict"] == "PROBLEM" and "(1, 32, 1024)" in steps["voices"]["text"]


def test_missing_and_truncated_weights(capsys: Capture, base: Path) -> None:
    (base / "dvae.pth").unlink()
    content = (base / "model.safetensors").read_bytes()
    (base / "model.safetensors").write_bytes(content[: len(content) // 2])
    steps = check(capsys, base, code=1)
    assert "lacks dvae" in steps["files"]["text"] and "speakers_xtts.pth" in steps["files"]["text"]
    assert steps["shapes"]["verdict"] == "PROBLEM" and "cut off" in steps["shapes"]["text"]
    assert not Path("out.wav").exists()


def test_without_dvae_it_still_speaks(capsys: Capture, base: Path) -> None:
    (base / "dvae.pth").unlink()
    steps = check(capsys, base, "--text", "Short.", code=1)
    assert steps["files"]["verdict"] == "PROBLEM" and steps["speech"]["seconds"] > 0 and "score" not in steps


def test_foreign_vocabulary(capsys: Capture, base: Path) -> None:
    vocab = json.loads((base / "vocab.json").read_text())
    vocab["model"]["vocab"]["new"] = 550
    (base / "vocab.json").write_text(json.dumps(vocab))
    assert "551 rows" in check(capsys, base, code=1)["shapes"]["text"]


def test_start_token_that_config_contradicts(capsys: Capture, base: Path) -> None:
    config = json.loads((base / "config.json").read_text())
    config["model_args"]["gpt_start_text_token"] = 255
    (base / "config.json").write_text(json.dumps(config))
    found = check(capsys, base, "--text", "Short.", code=1)["vocabulary"]
    assert "gpt_start_text_token 255, found 261" in found["text"]


def test_nan_stops_before_speaking(capsys: Capture, base: Path) -> None:
    name = "gpt.gpt.h.1.mlp.c_fc.weight"
    change(base / "model.safetensors", name, lambda weight: weight.index_fill(0, torch.tensor([3]), float("nan")))
    steps = check(capsys, base, code=1)
    assert name in steps["weights"]["text"] and steps["weights"]["part"] == "blocks"
    assert "not tried" in steps["speech"]["text"] and not Path("out.wav").exists()


def test_weights_never_filled_in(capsys: Capture, base: Path) -> None:
    for name in ("gpt.mel_embedding.weight", "gpt.mel_pos_embedding.emb.weight"):
        change(base / "model.safetensors", name, torch.zeros_like)
    assert "all alike" in check(capsys, base, code=1)["weights"]["text"]


@pytest.mark.parametrize(("stats", "says"), [(1.0, "never filled in"), (-4.0, "implausible"), (5.0, "differs")])
def test_mel_stats(capsys: Capture, base: Path, stats: float, says: str) -> None:
    change(base / "model.safetensors", "mel_stats", lambda old: torch.full_like(old, stats))
    assert says in check(capsys, base, "--text", "Short.", code=1)["mel stats"]["text"]


def test_collapsed_codebook(capsys: Capture, base: Path) -> None:
    state = torch.load(base / "dvae.pth", weights_only=True)
    state["codebook.embed"][:, 1:] = 1e3
    torch.save(state, base / "dvae.pth")
    found = check(capsys, base, "--text", "Short.", code=1)["DVAE"]
    assert "collapsed" in found["text"] and found["entropy"] == 0


def test_files_that_changed_since_they_were_fetched(capsys: Capture, base: Path) -> None:
    from dimts.files import sha256

    described = {p.name: {"bytes": p.stat().st_size, "hash": sha256(p)} for p in base.iterdir()}
    (base / "origin.json").write_text(json.dumps({"repo": "coqui/XTTS-v2", "commit": "c" * 40, "files": described}))
    assert "unchanged since" in check(capsys, base, "--text", "Short.")["origin"]["text"]
    config = (base / "config.json").read_text()
    (base / "config.json").write_text(config.replace("xtts", "XTTS"))
    assert "config.json changed since" in check(capsys, base, "--text", "Short.", code=1)["origin"]["text"]


def test_wrong_requests_are_one_line(capsys: Capture, base: Path, recording: Path) -> None:
    asked = ("base", "check", base, "--device", "cpu")
    assert "no such folder" in refused(run(capsys, "base", "check", base / "nowhere"))
    assert "no such file" in refused(run(capsys, *asked, "--reference", "nothing.wav"))
    assert "--reference" in refused(run(capsys, *asked, "--reference-text", "words"))
    assert "--language am: give --text" in refused(run(capsys, *asked, "--language", "am"))
    assert "--text: is empty" in refused(run(capsys, *asked, "--text", " "))
    short = recording.with_name("short.wav")
    io.write(short, io.Audio(np.full(2_000, 0.5, np.float32), 22_050))
    assert "too short" in refused(run(capsys, *asked, "--reference", short))


def test_licence_first(capsys: Capture, tmp_path: Path) -> None:
    done = run(capsys, "base", "fetch", tmp_path / "xtts")
    assert done.code == 1 and "non-commercial" in done.err and not done.out
    assert done.err.splitlines()[-1].startswith("dimts: nothing was downloaded; to accept: dimts base fetch ")


def test_init_stays_as_it_was(capsys: Capture, tmp_path: Path) -> None:
    assert run(capsys, "base", "init", tmp_path / "b", "--size", "tiny").code == 0
    assert "is there already" in refused(run(capsys, "base", "init", tmp_path / "b", "--size", "tiny"))
