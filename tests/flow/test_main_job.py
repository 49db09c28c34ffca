"""The whole way through the command line, small: recordings, dataset, vocabulary, plan, training, export, speech."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch

from dimts.app.demo import corpus


def dimts(*arguments: object) -> dict[str, Any]:
    """Run a command with --json and return what it says."""
    command = [sys.executable, "-m", "dimts.app.cli", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "2"})
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path with a space and Ethiopic letters, as people have them."""
    return tmp_path_factory.mktemp("ድምፅ run")


def test_from_recordings_to_a_voice(folder: Path) -> None:
    table = corpus.build(folder / "recordings", ("am+m3", "am+f2"), corpus.read_sentences()[:15])
    prepared = dimts("prepare", table, "--out", folder / "dataset", "--eval-share", "0.2")
    assert prepared["clips"] == 30
    assert prepared["eval_clips"] % 2 == 0 and prepared["eval_clips"] > 0  # both readings of a sentence on one side
    dimts("base", "init", folder / "base", "--size", "tiny")
    vocabulary = dimts("vocab", folder / "dataset", "--base", folder / "base", "--out", folder / "vocab.json")
    run = folder / "run.yaml"
    settings = {
        "base": str(folder / "base"),
        "vocab": str(folder / "vocab.json"),
        "data": {"datasets": [str(folder / "dataset")]},
        "out": str(folder / "run"),
        "optimizer": {"lr": 3e-3},
        "schedule": {"kind": "constant"},
        "batch": {"clips": 4, "accumulation": 2},
        "train": {"epochs": 4, "trainable": "all"},
        "prompt": {"pad_prompts": False},
        "samples": {"texts": ["ሰላም።"], "max_codes": 20},
    }
    run.write_text(json.dumps(settings))  # JSON is YAML
    planned = dimts("plan", run)
    assert planned["total_updates"] == 4 * planned["updates_per_epoch"]
    assert planned["new_rows"] == vocabulary["rows"] - vocabulary["rows_before"] > 100
    voice = Path(dimts("train", run)["voice"])
    losses = [line["code_loss"] for line in read_metrics(folder / "run") if line["kind"] == "eval"]
    assert losses[-1] < losses[0] - 0.3, losses
    assert len(list((folder / "run" / "samples").glob("*.wav"))) == len(losses)
    again = Path(dimts("export", folder / "run", "--out", folder / "again")["voice"])
    first, second = (torch.load(path / "model.pth", weights_only=True)["model"] for path in (voice, again))
    assert all(torch.equal(first[name], second[name]) for name in first)
    spoken = dimts("speak", voice, "ሰላም ለዓለም። ደህና ናችሁ?", "--out", folder / "hello.wav", "--max-codes", 20)
    assert soundfile.info(folder / "hello.wav").duration == pytest.approx(spoken["seconds"], abs=0.01)


def read_metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
