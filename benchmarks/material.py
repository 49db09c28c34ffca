"""What the training benchmark works on: a random base, eight recordings four times over, a thousand simulated clips."""

import csv
import json
import time
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import soundfile
from safetensors.torch import save_file
from torch import Tensor

from dimts import config
from dimts.checkpoint import initial, official
from dimts.checkpoint.official import Base
from dimts.config import RunConfig
from dimts.data import codes, manifest
from dimts.data.batching import Plan
from dimts.data.dataset import open_pair
from dimts.data.manifest import Clip, Dataset
from dimts.text.front import Front

COPIES = 4
SHARD_CLIPS = 256


@dataclass(frozen=True)
class Prepared:
    """What preparing cost."""

    audio_s: float
    cache_s: float


def prepare(work: Path, wavs: Path, vocab: Path, copies: int = COPIES) -> Prepared:
    """Write base, dataset and the order of clips; compute the code cache anew and time it."""
    if not (work / "base").is_dir():
        initial.write(work / "base", "full", 0, vocab)
    once = [read(wavs, row) for row in csv.reader((wavs / "metadata.csv").open(encoding="utf-8"), delimiter="|")]
    clips = tuple(replace(clip, id=f"{clip.id}-{copy}") for copy in range(copies) for clip in once)
    dataset = Dataset(work / "clips", "en", Front().identity, clips)
    manifest.write(dataset)
    for shard in dataset.folder.glob("cache/*/shard-*"):
        shard.unlink()
    base = official.load(work / "base")
    began = time.perf_counter()
    codes.ensure(dataset, base)
    cache_s = time.perf_counter() - began
    write_order(work, base)
    return Prepared(sum(clip.duration_s for clip in once), cache_s)


def write_order(work: Path, base: Base) -> None:
    """Write the texts and files of each micro-batch, so that the baseline takes the same."""
    settings = run(work, "clips", "fp32", "all")
    pair = open_pair(settings.data, settings.limits, base.tokenizer, base)
    plan = Plan(pair, settings, base.network.shape.gpt.latents)
    order = [
        [(pair.train[draw.index].clip.text, str(pair.train[draw.index].audio)) for draw in batch]
        for number in range(plan.updates_per_epoch)
        for batch in plan.update(number).micro_batches
    ]
    (work / "batches.json").write_text(json.dumps(order), encoding="utf-8")


def read(wavs: Path, row: list[str]) -> Clip:
    """Describe a recording where it lies."""
    path = (wavs / f"{row[0]}.wav").resolve()
    info, spoken = soundfile.info(path), Front().spoken(row[1], "en")
    digest = sha256(path.read_bytes()).hexdigest()
    return Clip(row[0], str(path), info.frames, info.samplerate, digest, row[1], spoken, "en", "lj", str(path), "train",
                row[0])  # fmt: skip


def many(work: Path, count: int) -> None:
    """Write a cached dataset of `count` different clips with the sounds of the small one."""
    small = manifest.read(work / "clips")
    (folder,) = (work / "clips" / codes.FOLDER).iterdir()
    cache = codes.ensure(small, official.load(work / "base"))
    clips = [replace(small.clips[i % len(small.clips)], id=f"{i}", sha256=sha256(f"{i}".encode()).hexdigest())
             for i in range(count)]  # fmt: skip
    target = work / "many" / codes.FOLDER / folder.name
    target.mkdir(parents=True, exist_ok=True)
    for first in range(0, count, SHARD_CLIPS):
        tensors: dict[str, Tensor] = {}
        index: dict[str, tuple[int, int]] = {}
        for i, clip in enumerate(clips[first : first + SHARD_CLIPS], first):
            like = small.clips[i % len(small.clips)]
            codes_A, mel_MF = cache.read(like)
            tensors |= {f"{clip.sha256}.codes": codes_A.short(), f"{clip.sha256}.mel": mel_MF.clone()}
            index[clip.sha256] = (len(codes_A), cache.entry(like).samples)
        save_file(tensors, target / f"shard-{first:016}.safetensors", metadata={"index": json.dumps(index)})
    manifest.write(Dataset(work / "many", small.language, small.normaliser, tuple(clips)))


def run(work: Path, dataset: str, precision: str, trainable: str) -> RunConfig:
    """Return a run on the CPU of batch four whose every micro-batch is an update."""
    settings = ["device=cpu", "batch.accumulation=1", f"train.precision={precision}", f"train.trainable={trainable}"]
    return config.build(config.override(content(work, dataset), settings), "benchmark")


def content(work: Path, dataset: str) -> dict[str, object]:
    """Return the content of a run file for everything that learns, four clips a micro-batch."""
    return {
        "base": str(work / "base"),
        "out": str(work / "run"),
        "data": {"datasets": [str(work / dataset)], "eval_split": "train"},
        "limits": {"text_tokens": 402},
        "batch": {"clips": 4},
        "train": {"trainable": "all"},
    }
