"""What each clip costs as datasets grow: opening one, and laying out its updates, from 1,000 to 100,000 clips.

Clips, texts and an (all but empty) code cache are made up; no audio is there and nothing is trained. Every size is a
process of its own. Times are of the processor: the wall clock of a shared machine says little.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import torch
from safetensors.torch import save_file

from dimts import config
from dimts.checkpoint import initial, official
from dimts.checkpoint.official import Base
from dimts.data import codes, dataset, manifest
from dimts.data.batching import Plan
from dimts.data.manifest import Clip, Dataset
from dimts.text.front import Front

WORDS = ("the", "river", "ran", "quietly", "past", "seven", "old", "stone", "houses", "while", "nobody", "watched")
SPEAKERS = 50
UPDATES = 40
SETTINGS = {
    "data": {"sampling": "balanced", "balance_by": "speaker", "short_share": 0.3, "short_s": 3.0},
    "prompt": {"source": "same_speaker", "speed": 0.1, "pitch": 1.0, "noise_snr_db": 15},
    "batch": {"by": "tokens", "tokens": 4000},
}


def main() -> None:
    """Measure every size in a process of its own, or one size where one is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("many-clips"), help="folder for what is made up")
    parser.add_argument("--clips", type=int, nargs="+", default=[1000, 10_000, 100_000])
    options = parser.parse_args()
    if len(options.clips) == 1:
        print(json.dumps(measure(options.work, options.clips[0])))
        return
    for count in options.clips:
        command = [sys.executable, __file__, "--work", str(options.work), "--clips", str(count)]
        print(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip(), flush=True)


def measure(work: Path, count: int) -> dict[str, float]:
    """Open a made-up dataset and lay out updates of the recipe's size, everything on and everything off."""
    if not (work / "base").is_dir():
        initial.write(work / "base", "tiny", 0)
    base = official.load(work / "base")
    folder = work / f"dataset-{count}"
    if not folder.is_dir():
        write(folder, count, base)
    paths = {"base": work / "base", "out": work / "run", "data": {"datasets": [folder]}}
    plain = config.build(paths, "run")
    full = config.build({**paths, **SETTINGS, "data": {**paths["data"], **SETTINGS["data"]}}, "run")
    began_mb, began_s = memory_mb(), time.process_time()
    pair = dataset.open_pair(plain.data, plain.limits, base.tokenizer, base)
    opened = {"open_s": time.process_time() - began_s, "open_mb": memory_mb() - began_mb}
    found = {"clips": count, **opened}
    for name, run in (("plain", plain), ("full", full)):
        found |= {f"{name}_{key}": value for key, value in lay_out(Plan(pair, run, 32)).items()}
    return {key: round(value, 3) for key, value in found.items()}


def lay_out(plan: Plan) -> dict[str, float]:
    """Return milliseconds to begin an epoch, and for an update of 512 clips as a median."""
    began = time.process_time()
    plan.sampler.epoch(0)
    epoch_ms, times = 1000 * (time.process_time() - began), []
    for number in range(UPDATES):
        if number % plan.updates_per_epoch:  # the first of an epoch begins it
            began = time.process_time()
            size = len(plan.update(number).draws)
            times += [1000 * (time.process_time() - began) * 512 / size]
    return {"epoch_ms": epoch_ms, "update_ms": median(times)}


def write(folder: Path, count: int, base: Base) -> None:
    """Make up a dataset of clips of 2 to 11 s, and their cache."""
    chance = random.Random(count)
    clips = [clip(number, chance) for number in range(count)]
    manifest.write(Dataset(folder, "en", Front().identity, tuple(clips)))
    dvae, stats = base.need_dvae(), base.network.mel_stats
    identity = codes.fingerprint(stats, dvae.codebook.embed, *dvae.encoder.state_dict().values())
    cache = folder / codes.FOLDER / f"{codes.FORMAT}-{identity[:16]}"
    cache.mkdir(parents=True)
    for first in range(0, count, codes.SHARD_CLIPS):
        shard = clips[first : first + codes.SHARD_CLIPS]
        index = {each.sha256: (-(-each.samples // 1024), each.samples) for each in shard}
        tensors = {f"{name}.{kind}": torch.zeros(1) for name in index for kind in ("codes", "mel")}
        save_file(tensors, cache / f"shard-{first:06}.safetensors", metadata={"index": json.dumps(index)})


def clip(number: int, chance: random.Random) -> Clip:
    """Make up a clip."""
    text, samples = " ".join(chance.choices(WORDS, k=12)), chance.randint(44_100, 242_550)
    speaker, side = f"speaker {number % SPEAKERS}", "train" if number % 50 else "eval"
    return Clip(
        f"clip{number:06}", f"audio/{number:06}.flac", samples, 22_050, f"{number:064x}", text, text, "en", speaker,
        f"table:{number}", side, f"group {number}",
    )  # fmt: skip


def memory_mb() -> float:
    """Return the memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


if __name__ == "__main__":
    main()
