"""The main job for a part around the GPT: train it, and return a voice that has it."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from dimts import files
from dimts.checkpoint import export, official, weights
from dimts.checkpoint.export import Bundle
from dimts.checkpoint.official import Base
from dimts.config import RunConfig
from dimts.data import dataset, manifest
from dimts.data.manifest import Dataset
from dimts.infer.device import choose
from dimts.text.front import Front
from dimts.train import interrupt, precision, schedule
from dimts.train.display import Display, say
from dimts.train.parts.decoder import DecoderPart
from dimts.train.parts.dvae import DvaePart
from dimts.train.parts.loop import Loop
from dimts.train.parts.part import Part

PLACES: Any = {"base": True, "out": True, "data": {"datasets"}}


def finetune(run: RunConfig, console: Console) -> Path:
    """Train the run's part; return the voice bundle. The run's folder is held by the caller."""
    base, datasets, loop = prepare(run, console)
    news = loop.resume()
    _write_plan(loop)
    for line in [*lines(loop), *news]:
        say(console, line)
    clips = loop.part.clips_per_update
    with console.status("hearing clips"):
        heard = loop.part.listen()
    for line in heard:
        say(console, line)
    with (
        interrupt.deferred() as stop,
        precision.tf32(run.train.tf32),
        Display(clips * loop.total_updates, clips * loop.now.update, loop.total_updates, console) as display,
    ):
        loop.fit(stop, display)
    best = asdict(loop.best())
    voice = export.write(loop.part.joined(bundle(run, base, datasets, best)), run.out / "voice")
    if loop.part.scratch:
        shutil.rmtree(loop.part.scratch, ignore_errors=True)
    return voice


def prepare(run: RunConfig, console: Console) -> tuple[Base, tuple[Dataset, ...], Loop]:
    """Load what a run needs, and begin its loop."""
    base, datasets = opened(run)
    with console.status("reading clips"):
        part = make(base, datasets, run)
    return base, datasets, Loop(part, run, base.network.mel_stats.device, identity(base, datasets))


def opened(run: RunConfig) -> tuple[Base, tuple[Dataset, ...]]:
    """Read base and datasets."""
    base = official.load(run.base, choose(run.device))
    base.need_dvae()
    datasets = manifest.read_alike(run.data.datasets)
    return base, datasets


def make(base: Base, datasets: tuple[Dataset, ...], run: RunConfig) -> Part:
    """Make the part that a run names."""
    if run.part == "dvae":
        return DvaePart(base, datasets, run)
    return DecoderPart(base, dataset.open_pair(run.data, run.limits, base.tokenizer, base), run)


def identity(base: Base, datasets: tuple[Dataset, ...]) -> dict[str, str]:
    """Return hashes of what a run begins with."""
    data = hashlib.sha256(" ".join(each.sha256 for each in datasets).encode()).hexdigest()
    return {"base": base.sha256, "dataset": data}


def lines(loop: Loop) -> list[str]:
    """Say what a run will do."""
    part = loop.part
    rates = schedule.in_words(loop.run.schedule, loop.total_updates, part.lr)
    counts = f"{part.clips_per_update:,} crops an update, {part.updates_per_epoch:,} updates an epoch"
    return [*part.lines(), f"{counts}; {rates}", "memory and time of a part are not forecast"]


def facts(loop: Loop) -> dict[str, Any]:
    """Return the arithmetic of a run; plan.json holds it."""
    part = loop.part
    return {
        "part": loop.run.part,
        "clips_per_update": part.clips_per_update,
        "updates_per_epoch": part.updates_per_epoch,
        "total_updates": loop.total_updates,
        "learning_parameters": {name: sum(p.numel() for p in each.parameters()) for name, each in part.modules.items()},
        "device": str(loop.device),
    }


def bundle(run: RunConfig, base: Base, datasets: tuple[Dataset, ...], best: dict[str, Any]) -> Bundle:
    """Return the base as a voice, with what is known of it and of this run; its own voices stay."""
    before = export.read_description(run.base, any_normaliser=True)
    known = export.facts_of(before) or {"languages": list(base.tokenizer.languages), "trained_languages": []}
    trained_on = [{"name": each.folder.name, "language": each.language, "sha256": each.sha256} for each in datasets]
    told = {"datasets": trained_on, "recipe": json.loads(run.model_dump_json(exclude=PLACES)), "best": best}
    voices = {name: weights.read(export.voice_file(run.base, name)) for name in export.voice_names(run.base)}
    front = Front.like(before["normaliser"], run.base) if before else Front()
    known = {**known, "parts": {**known.get("parts", {}), run.part: told}}
    return Bundle(base, base.network, base.tokenizer, voices, known, front)


def _write_plan(loop: Loop) -> None:
    with files.writing(loop.run.out):
        files.write_text(loop.run.out / "plan.json", json.dumps(facts(loop), indent=2) + "\n")
