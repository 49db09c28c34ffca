"""One run of a variant with a seed: train it, let it speak, hear it; what was found is a dict for one JSON line."""

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from experiments import ALL_CLIPS, BATCH, Variant
from rich.console import Console

from dimts import config, log
from dimts.app.demo import corpus
from dimts.audio.io import Audio
from dimts.checkpoint import official
from dimts.config import RunConfig
from dimts.config.hearing import Data
from dimts.data import codes, manifest, prepare
from dimts.data.dataset import open_pair
from dimts.errors import TextError
from dimts.evaluate import intelligibility
from dimts.evaluate.intelligibility import Clip
from dimts.evaluate.sentences import built_in
from dimts.infer import speak
from dimts.infer.decode import Sampling
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from dimts.model.shapes import OUTPUT_RATE_HZ
from dimts.train import optim, recipe, validate

SENTENCES = 12  # of 30 that no corpus holds
ENGLISH = 6  # in a voice of the base, and as many in one of the corpus
SAMPLING = Sampling(temperature=0.5, repetition_penalty=1.0, max_codes=200)  # as the demo's
DECAYS = optim.decays
QUIET = Console(quiet=True)


def run(demo: Path, work: Path, out: Path, variant: Variant, seed: int) -> dict[str, Any]:
    """Train and judge; a run that was cut off goes on."""
    torch.set_num_threads(1)
    optim.decays = (lambda name, weights: True) if variant.decay_all else DECAYS
    settings = config.build(_settings(demo, work, out, variant, seed), out.name)
    began = time.monotonic()
    voice = recipe.finetune(settings, QUIET)
    trained_s = time.monotonic() - began
    evals = [line for line in log.read(out) if line["kind"] == "eval"]
    return {
        "curve": {line["update"]: round(line["code_loss"], 4) for line in evals},
        "common": code_loss(voice, demo, settings),
        "seconds": round(trained_s),
        **heard(voice, settings.base, seed),
    }


def _settings(demo: Path, work: Path, out: Path, variant: Variant, seed: int) -> dict[str, Any]:
    """Return the demo's settings with the variant's changes."""
    found: dict[str, Any] = yaml.safe_load((demo / "run" / "run.yaml").read_text(encoding="utf-8"))
    data = found["data"] | {"datasets": [str(dataset(demo, work, variant.clips))], "replay_share": 0.0}
    every = max(1, variant.updates // 5)
    found |= {"out": str(out), "seed": seed, "data": data, "evaluate": {"every_updates": every}}
    found |= {"train": found["train"] | {"epochs": 10_000, "max_updates": variant.updates}}
    found |= {"save": {"every_updates": variant.updates}, "batch": {**found["batch"], "clips": BATCH}}
    for section, values in variant.changes.items():
        found[section] = found.get(section, {}) | values
    if not found["data"]["replay_share"]:
        found["data"].pop("replay")
    return found


def short(key: str) -> str:
    """Give a name that a folder can have."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def dataset(demo: Path, work: Path, clips: int) -> Path:
    """Prepare so many of the demo's clips, the same sentences of both voices, and write down their codes."""
    folder, table = work / f"clips-{clips}", demo / "corpus" / f"first-{clips}.csv"
    if clips == ALL_CLIPS:
        return demo / "dataset"
    if not folder.is_dir():
        head, *rows = (demo / "corpus" / "metadata.csv").read_text(encoding="utf-8").splitlines()
        half = len(rows) // 2
        table.write_text(
            "\n".join([head, *rows[: clips // 2], *rows[half : half + clips // 2]]) + "\n", encoding="utf-8"
        )
        prepare.prepare([table], folder, "am", prepare.Options(seed=0))
        codes.ensure(manifest.read(folder), official.load(demo / "base"), None)
    return folder


def code_loss(voice: Path, demo: Path, settings: RunConfig) -> float:
    """Return masked code loss of what the whole demo dataset holds back: one measure for datasets of any size."""
    bundle, base = speak.load(voice), official.load(settings.base)
    held_back = open_pair(Data(datasets=[demo / "dataset"]), settings.limits, bundle.tokenizer, base).eval
    measured = validate.EvalSet(held_back, settings.prompt, bundle.tokenizer, 6)
    return round(validate.evaluate(bundle.network.gpt, measured, bundle.network.mel_stats).code_loss, 4)


def heard(voice: Path, base: Path, seed: int) -> dict[str, list[float]]:
    """Let it speak; say of each sentence whether its own text is the nearest of twenty, and how far its phones are."""
    speaker, before = speak.load(voice), speak.load(base)
    new = [speaker.stored_voice(name) for name in speaker.stored_voices()]
    old = [before.stored_voice(name) for name in before.stored_voices()[:2]]
    amharic, english = corpus.read_sentences("held_out.txt"), [each.text for each in built_in("en")]
    found: dict[str, list[float]] = {}
    for name, language, texts, count, voices in (
        ("amharic", "am", amharic, SENTENCES, new),
        ("english", "en", english, ENGLISH, old),
        ("english in new voices", "en", english, ENGLISH, new),
    ):
        clips = [said(speaker, text, voices[at % len(voices)], language, 1000 * seed + at)
                 for at, text in enumerate(texts[:count])]  # fmt: skip
        scores = intelligibility.score(clips, [(text, language) for text in texts]).clips
        found[name] = [round(one.nearest, 3) for one in scores]
        found[f"{name}, distance"] = [round(one.distance, 3) for one in scores]
    return found


def said(speaker: Speaker, text: str, voice: Voice, language: str, seed: int) -> Clip:
    """Speak a sentence; nothing said is silence."""
    try:
        audio = speaker.speak(text, voice, language, seed, SAMPLING)
    except TextError:
        audio = Audio(np.zeros(OUTPUT_RATE_HZ, np.float32), OUTPUT_RATE_HZ)
    return Clip(audio, text, language)
