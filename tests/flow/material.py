"""What the tests of training share: a tiny random base, a dataset of ten short clips, runs of them and trainers."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import yaml
from rich.console import Console

from dimts import config, files, log
from dimts.audio import io
from dimts.audio.io import Audio
from dimts.checkpoint import grow, initial, official, store
from dimts.checkpoint.grow import Adapters
from dimts.checkpoint.official import Base
from dimts.config import Limits, RunConfig
from dimts.data import dataset, manifest, prepare
from dimts.data.dataset import Pair
from dimts.model.xtts import Xtts
from dimts.text import extend
from dimts.text.bpe import Tokenizer
from dimts.train import trainable
from dimts.train.display import Display
from dimts.train.dist import ALONE as ALONE
from dimts.train.dist import World
from dimts.train.trainer import Trainer

RATE_HZ = 22_050
TEXTS = (
    "ሰላም ለዓለም።",
    "እንደምን አደርክ?",
    "ዛሬ ዝናብ አለ።",
    "ድምፅ",
    "ውሃ ጠጣ።",
    "ቡና እንጠጣ፣ ከዚያም እንሂድ።",
    "ልጁ ወደ ትምህርት ቤት ሄደ።",
    "መልካም ቀን ይሁንልህ።",
    "አመሰግናለሁ።",
    "ይህ ከሁሉም የሚረዝመው ዓረፍተ ነገር ነው፣ አይደለም እንዴ?",
)
SHORTEST_S, STEP_S = 0.8, 0.17  # the clips are 0.8 to 2.3 s, no two alike: 18 to 51 codes
QUIET = Console(quiet=True)
SETTINGS: dict[str, Any] = {  # small and quick, yet with trailing groups: 7 clips, 4 an update, 2 a micro-batch
    "limits": {"text_tokens": 100},
    "prompt": {"min_samples": 8000, "max_samples": 16_000, "pad_prompts": False},
    "optimizer": {"lr": 1e-3, "new_rows_lr": 1e-2},
    "batch": {"clips": 2, "accumulation": 2},
    "train": {"epochs": 3, "trainable": "all"},
    "device": "cpu",
}


@dataclass(frozen=True)
class Material:
    """A base, a dataset with three of its clips held back, and a vocabulary that adds Amharic to the base's."""

    folder: Path

    @property
    def base(self) -> Path:
        return self.folder / "base"

    @property
    def dataset(self) -> Path:
        return self.folder / "dataset"

    @property
    def vocab(self) -> Path:
        return self.folder / "vocab.json"

    def content(self, out: Path, *settings: str) -> dict[str, Any]:
        """The content of a run file: the small settings, with `a.b=c` on top."""
        paths = {"base": str(self.base), "vocab": str(self.vocab), "out": str(out)}
        return config.override({**paths, "data": {"datasets": [str(self.dataset)]}, **SETTINGS}, settings)

    def run(self, out: Path, *settings: str) -> RunConfig:
        """A run."""
        return config.build(self.content(out, *settings), "run.yaml")

    def run_file(self, out: Path, *settings: str) -> Path:
        """A run file beside its run folder."""
        path = out.with_suffix(".yaml")
        path.write_text(yaml.safe_dump(self.content(out, *settings)), encoding="utf-8")
        return path

    def trainer(self, run: RunConfig, world: World = ALONE) -> Trainer:
        """A trainer as `recipe.prepare` makes it, of a copy of the network."""
        base, _, tokenizer = _network(self.base, run.vocab, run.limits.text_tokens)
        adapters = trainable.adapters(run, base.network.shape.gpt.layers)
        _, network, _ = _network(self.base, run.vocab, run.limits.text_tokens, adapters)
        pair = _pair(self.dataset, run.data.eval_split, run.limits, self.base, self.vocab)
        run.out.mkdir(parents=True, exist_ok=True)
        network = _with_own_gpt(network)
        if world.device.type != "cpu":
            network = copy.deepcopy(network).to(world.device)
        return Trainer(base, network, tokenizer, pair, run, world)


@cache
def make(folder: Path) -> Material:
    """Make base, dataset and vocabulary in a folder, once."""
    material = Material(folder / "material")
    initial.write(material.base, "tiny", 0)
    recordings(folder / "source")
    options = prepare.Options(eval_share=0.3, workers=1)
    made = prepare.prepare([folder / "source" / "metadata.csv"], material.dataset, "am", options)
    before = Tokenizer.read(material.base / "vocab.json")
    files.write_text(material.vocab, extend.extend(before, [clip.spoken for clip in made.clips], "am").to_json())
    return material


def recordings(folder: Path) -> None:
    """Write ten short clips of synthetic speech and their table."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        wave = initial.synthetic_speech(20).flatten().numpy()
    begin, lines = 0, []
    for number, text in enumerate(TEXTS):
        end = begin + int(RATE_HZ * (SHORTEST_S + STEP_S * number))
        io.write(folder / "wavs" / f"clip{number}.wav", Audio(wave[begin:end], RATE_HZ))
        lines.append(f"clip{number}|{text}\n")
        begin = end
    (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")


def quiet_display(trainer: Trainer) -> Display:
    """A display that shows nothing."""
    return Display(1, 0, trainer.total_updates, QUIET)


def left(out: Path) -> dict[str, Any]:
    """What a run leaves: the manifest of a checkpoint has a hash of each tensor file, and the facts."""
    last = store.newest(out)
    assert last is not None
    manifest = json.loads((last / store.MANIFEST).read_text())
    best = store.place(out, manifest["facts"]["best"]["update"])
    return {
        "last": manifest,
        "best": json.loads((best / store.MANIFEST).read_text()),
        "best.json": json.loads((out / "best.json").read_text()),
        "metrics": untimed(list(log.read(out))),
        "checkpoints": [path.name for path in store.all_of(out)],
    }


MEASURED = {"seconds", "clips_s", "peak_gb"}  # by clocks and by the system


def untimed(lines: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Metrics without what differs from run to run."""
    return [{key: value for key, value in line.items() if key not in MEASURED} for line in lines]


def _with_own_gpt(network: Xtts) -> Xtts:
    """Copy what learns; the vocoder, which takes long to copy, is shared."""
    copied = copy.copy(network)
    copied._modules = {**network._modules, "gpt": copy.deepcopy(network.gpt)}
    return copied


@cache
def _network(
    base: Path, vocab: Path | None, text_tokens: int, adapters: Adapters | None = None
) -> tuple[Base, Xtts, Tokenizer]:
    loaded = official.load(base)
    tokenizer = extend.read(vocab, loaded.tokenizer)
    return loaded, grow.to_fit(loaded, tokenizer, text_tokens, lora=adapters), tokenizer


@cache
def _pair(folder: Path, eval_split: str, limits: Limits, base: Path, vocab: Path) -> Pair:
    loaded, _, tokenizer = _network(base, vocab, limits.text_tokens)
    assert manifest.read(folder).clips
    data = config.Data.model_validate({"datasets": [folder], "eval_split": eval_split})
    return dataset.open_pair(data, limits, tokenizer, loaded)
