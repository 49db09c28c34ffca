"""Full-size training on one NVIDIA GPU: clips a second, memory against its forecast, share of peak FLOP/s.

    python benchmarks/gpu.py --wavs WAVS --vocab vocab.json [--coqui] [--only NAME]

Each configuration does whole updates of 512 clips (the recipe's) as `dimts train` does them: clips from the cache, all
micro-batches, clipping, AdamW. The first update is not counted. Weights are random; speed does not depend on them.
`--coqui` measures coqui-tts's GPTTrainer on the same recordings, audio in, where it is installed.
"""

import argparse
import gc
import json
import re
import time
from pathlib import Path

import material
import torch
from rich.console import Console
from torch.utils.flop_counter import FlopCounterMode

from dimts import config
from dimts.config import RunConfig
from dimts.train import dist, forecast, precision, recipe
from dimts.train.display import Display
from dimts.train.engine import Tally
from dimts.train.interrupt import Stop

PEAK_TFLOPS = 989.0  # H100 and H200 SXM, bf16 without sparsity, by the data sheet
QUIET = Console(quiet=True)
BF16, TOKENS = "train.precision=bf16", "batch.by=tokens"
CONFIGURATIONS = {
    "fp32, 4 clips": [],
    "tf32, 4 clips": ["train.tf32=true"],
    "bf16, 4 clips": [BF16],
    "bf16, 4,096 rows": [BF16, TOKENS, "batch.tokens=4096"],
    "bf16, 16,384 rows": [BF16, TOKENS, "batch.tokens=16384"],
    "bf16, 16,384 rows, padded": [BF16, TOKENS, "batch.tokens=16384", "batch.layout=padded"],
    "bf16, 32,768 rows": [BF16, TOKENS, "batch.tokens=32768"],
    "bf16, auto": [BF16, "batch.by=auto"],
    "tf32, 16,384 rows": ["train.tf32=true", TOKENS, "batch.tokens=16384"],
    "fp32, 16,384 rows": [TOKENS, "batch.tokens=16384"],
    "bf16, 4 clips, last-2": [BF16, "train.trainable=last-2"],
    "bf16, 4 clips, lora": [BF16, "train.trainable=lora"],
    "bf16, 16,384 rows, checkpointing": [BF16, TOKENS, "batch.tokens=16384", "train.checkpointing=true"],
    "bf16, 4 clips, 8bit": [BF16, "optimizer.state=8bit"],
    "bf16, 4 clips, averages on cpu": [BF16, "optimizer.place=cpu"],
    "bf16, 4 clips, compiled": [BF16, "train.compile=true"],
    "bf16, 16,384 rows, compiled": [BF16, TOKENS, "batch.tokens=16384", "train.compile=true"],
    "bf16, 32,768 rows, compiled": [BF16, TOKENS, "batch.tokens=32768", "train.compile=true"],
}


def main() -> None:
    """Prepare, measure one configuration after the other, print a line each and all as JSON at the end."""
    options = parse()
    print(torch.cuda.get_device_name(), torch.__version__, flush=True)
    began = time.perf_counter()
    material.prepare(options.work, options.wavs, options.vocab, copies=64)
    print(f"prepared in {time.perf_counter() - began:.0f} s", flush=True)
    total = operations(options.work) if any(re.search(options.only, name) for name in CONFIGURATIONS) else 0.0
    results = {}
    for name, settings in CONFIGURATIONS.items():
        if re.search(options.only, name) and time.perf_counter() - began < options.limit_s:
            results[name] = attempt(name, lambda settings=settings: measure(options.work, settings, total))
    if options.coqui:
        import coqui_step

        for number_format, clips in (("fp32", 4), ("fp16", 4), ("bf16", 4), ("bf16", 32), ("fp32", 32)):
            name = f"coqui-tts {number_format}, {clips} clips"
            if re.search(options.only, name):
                results[name] = attempt(
                    name, lambda f=number_format, c=clips: coqui_step.on_gpu(options.work, options.vocab, f, c)
                )
    if options.out:
        options.out.write_text(json.dumps(results, indent=1))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wavs", type=Path, required=True)
    parser.add_argument("--vocab", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("/tmp/dimts-gpu"))
    parser.add_argument("--only", default="", help="measure what this regular expression finds")
    parser.add_argument("--coqui", action="store_true")
    parser.add_argument("--limit-s", type=float, default=1e9, help="start no configuration after so many seconds")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def attempt(name: str, measurement) -> dict[str, object]:  # noqa: ANN001
    """Measure, print, and go on when one configuration fails."""
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    try:
        found = measurement()
    except Exception as error:  # noqa: BLE001  (a table with a hole beats no table)
        found = {"failed": f"{type(error).__name__}: {str(error)[:300]}"}
    print(f"{name:34}", json.dumps(found), flush=True)
    return found


def measure(work: Path, settings: list[str], total: float) -> dict[str, object]:
    """Do two updates, and say what the second took."""
    run = settled(work, settings)
    trainer, _ = recipe.prepare(run, dist.join("cuda"), QUIET)
    engine, display = trainer.engine, Display(1, 0, 1, QUIET)
    with precision.tf32(run.train.tf32):
        expected = forecast.of(trainer)
        if run.batch.by == "auto":
            trainer.state.budget = forecast.largest_micro_batch(engine, trainer.plan.update(0))
        trainer.gpt.train()
        torch.cuda.reset_peak_memory_stats()
        first = timed(lambda: engine.do(trainer.plan.update(0), 1.0, Stop(), display))
        update = trainer.plan.update(1)
        seconds = timed(lambda: engine.do(update, 1.0, Stop(), display))
        peak = torch.cuda.max_memory_allocated() / 1e9
        laid = update.within(trainer.state.budget) if trainer.state.budget else update
    return {
        "clips_s": round(len(update.draws) / seconds, 1), "update_s": round(seconds, 3), "first_s": round(first, 2),
        "peak_gb": round(peak, 2), "forecast_gb": round(expected.memory.total / 1e9, 2),
        "forecast_s": expected.update_s and round(expected.update_s, 2), "tflops": round(total / seconds / 1e12, 1),
        "share_of_peak": round(total / seconds / 1e12 / PEAK_TFLOPS, 3), "micro_batches": len(laid.micro_batches),
        "budget": trainer.state.budget,
    }  # fmt: skip


def timed(work) -> float:  # noqa: ANN001
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def settled(work: Path, settings: list[str]) -> RunConfig:
    """Return a run of the recipe's 512 clips an update."""
    usual = ["device=cuda", "batch.accumulation=128"]
    return config.build(config.override(material.content(work, "clips"), [*usual, *settings]), "gpu")


def operations(work: Path) -> float:
    """Count the products of the measured update with everything learning, forward and back; what is padded counts."""
    trainer, _ = recipe.prepare(settled(work, [BF16]), dist.join("cuda"), QUIET)
    update = trainer.plan.update(1)
    trainer.gpt.train()
    with FlopCounterMode(display=False) as counter:
        trainer.engine.micro_batch(update, 0, update.micro_batches[0], Tally())
    rows = sum(update.rows_of([draw]) for draw in update.micro_batches[0])
    return counter.get_total_flops() * sum(update.rows) / rows


if __name__ == "__main__":
    main()
