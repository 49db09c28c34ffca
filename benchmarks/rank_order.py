"""Does the rank find the better of two voices whose order is known? One trained for longer, one damaged, many seeds.

    python benchmarks/rank_order.py DEMO --work FOLDER [--seeds 20] [--sentences 10] [--early 40] [--noise 0.3]

DEMO is what `dimts demo --out DEMO` made. Its voice speaks against one of its run cut off early, and against itself
with noise on every matrix of the GPT. Each seed has its own sentences and draws; no code loss helps. JSON lines.
"""

import argparse
import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import torch
import yaml
from rich.console import Console
from safetensors import safe_open
from safetensors.torch import save_file

from dimts import config
from dimts.app.demo import corpus
from dimts.evaluate import evaluating, planning, select
from dimts.evaluate.sentences import built_in
from dimts.infer.decode import Sampling
from dimts.train import candidates, recipe

QUIET = Console(quiet=True)
SAMPLING = Sampling(temperature=0.5, repetition_penalty=1.0)  # as the demo's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sentences", type=int, default=10)
    parser.add_argument("--early", type=int, default=40, help="updates")
    parser.add_argument("--noise", type=float, default=0.3, help="of each matrix's own spread")
    options = parser.parse_args()
    demo, work = options.demo.resolve(), options.work.resolve()
    late = demo / "run" / "voice"
    voices = [late, early(demo, work / "early", options.early), damaged(late, work / "damaged", options.noise)]
    right = dict.fromkeys(("early", "damaged"), 0)
    for seed in range(options.seeds):
        values = judged(voices, work, seed, options.sentences)
        for name in right:
            right[name] += values["voice"] > values[name]
        print(json.dumps({"seed": seed, **values}), flush=True)
    print(json.dumps({"seeds": options.seeds, "found better than": right}))


def early(demo: Path, out: Path, updates: int) -> Path:
    """Train as the demo does, for so many updates of a run that would go on."""
    settings: dict[str, Any] = yaml.safe_load((demo / "run" / "run.yaml").read_text(encoding="utf-8"))
    schedule = {"kind": "constant", "warmup_updates": 20}
    changed = settings | {"out": str(out / "run"), "schedule": schedule}
    voice = recipe.finetune(
        config.build(changed | {"train": settings["train"] | {"max_updates": updates}}, "early"), QUIET
    )
    return placed(voice, out / "early")


def damaged(voice: Path, out: Path, noise: float) -> Path:
    """Copy a voice; add noise to the matrices of its GPT."""
    folder = placed(voice, out / "damaged")
    path, chance = folder / "model.safetensors", torch.Generator().manual_seed(0)
    with safe_open(path, "pt") as file:
        metadata, state = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, tensor in state.items():
        if name.startswith("gpt.") and tensor.dim() == 2:
            about = noise * tensor.float().std() * torch.randn(tensor.shape, generator=chance)
            state[name] = (tensor.float() + about).to(tensor.dtype)
    save_file(state, path, metadata)
    return folder


def placed(voice: Path, folder: Path) -> Path:
    """Copy a voice to where its folder names it."""
    return Path(shutil.copytree(voice, folder, dirs_exist_ok=True))


def judged(voices: list[Path], work: Path, seed: int, count: int) -> dict[str, float]:
    """Let all say sentences of this seed; return their ranks' values."""
    texts = [*corpus.read_sentences("held_out.txt"), *(each.text for each in built_in("am"))]
    file = work / f"texts-{seed}.txt"
    file.write_text("\n".join(Random(seed).sample(texts, count)) + "\n", encoding="utf-8")
    asked = planning.Asked(work / f"judged-{seed}", ("am",), file, others=0, sampling=SAMPLING, seed=seed)
    found = candidates.gather(voices, (), [], "cpu", QUIET)
    evaluation = evaluating.evaluate(planning.plan(asked, found.known), found.subjects)
    ranking = select.rank(evaluation)
    return {each.judged.name: round(each.value.mean - 100 * each.unfit, 3) for each in ranking.order}


if __name__ == "__main__":
    main()
