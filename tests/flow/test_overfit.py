"""The main job on real recorded speech: a small network learns eight LJ Speech clips by heart."""

import json
from pathlib import Path

import pytest
import torch
from rich.console import Console

import dimts
from dimts import config, log
from dimts.checkpoint import initial, official
from dimts.data import dataset, prepare
from dimts.train import recipe, validate
from tests.parity.reference import ORACLE

LEARNED = 0.5  # nats a code; an untrained network has ln(1026) = 6.9


@pytest.mark.slow
@pytest.mark.skipif(not ORACLE.is_dir(), reason="the recordings are not here (../shared/oracle/wavs)")
def test_eight_clips_are_learned_by_heart(tmp_path: Path) -> None:
    prepare.prepare([ORACLE / "wavs"], tmp_path / "data", "en", prepare.Options(eval_share=0, workers=1))
    initial.write(tmp_path / "base", "small", seed=1)
    settings = {
        "base": str(tmp_path / "base"),
        "data": {"datasets": [str(tmp_path / "data")], "eval_split": "train"},
        "out": str(tmp_path / "run"),
        "limits": {"text_tokens": 402},
        "prompt": {"masking": False, "pad_prompts": False},
        "optimizer": {"lr": 1e-3, "weight_decay": 0.0},
        "schedule": {"kind": "constant", "warmup_updates": 20},
        "batch": {"clips": 2, "accumulation": 2, "eval_clips": 4},
        "train": {"epochs": 100, "trainable": "all", "dropout": 0.0, "max_updates": 60},
        "evaluate": {"every_updates": 20},
    }
    console = Console(file=(tmp_path / "console.txt").open("w"))
    recipe.finetune(config.build(settings, "test"), console)
    settings["train"] = {**settings["train"], "max_updates": 120}  # type: ignore[dict-item]
    voice = recipe.finetune(config.build(settings, "test"), console)  # goes on where it stopped
    losses = {
        line["update"]: line["code_loss_unmasked"] for line in log.read(tmp_path / "run") if line["kind"] == "eval"
    }
    assert losses[0] > 6.5
    assert losses[120] < LEARNED, losses
    check_bundle(voice, config.build(settings, "test"))


def check_bundle(voice: Path, run: config.RunConfig) -> None:
    """The exported bundle, read anew, predicts the clips' codes and speaks."""
    bundle = official.load(voice)
    pair = dataset.open_pair(run.data, run.limits, bundle.tokenizer, bundle)
    held = validate.EvalSet(pair.eval, run.prompt, bundle.tokenizer, 2)
    scores = validate.evaluate(bundle.network.gpt, held, bundle.network.mel_stats)
    assert scores.code_accuracy > 0.9, scores
    speaker = dimts.load(voice)
    audio = speaker.speak("in being comparatively modern.", speaker.stored_voice(), "en")
    assert 0.2 < audio.duration_s < 30
    assert torch.from_numpy(audio.samples).isfinite().all()
    assert json.loads((voice / "bundle.json").read_text())["best"]["update"] > 60
