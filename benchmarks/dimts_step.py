"""Time training steps of Dimts: one process of `train_step.py`. Arguments: WORK DATASET PRECISION PARTS STEPS."""

import json
import resource
import sys
import time
from pathlib import Path
from statistics import median

import material
import torch
from rich.console import Console

from dimts.data.batching import collate
from dimts.train import dist, loss, precision, recipe
from dimts.train.trainer import Trainer


def main() -> None:
    """Prepare as a run does, do one step that is not measured, then some that are, and print medians as JSON."""
    work, dataset, number_format, trainable, steps = sys.argv[1:]
    run = material.run(Path(work), dataset, number_format, trainable)
    trainer, _ = recipe.prepare(run, dist.join("cpu"), Console(quiet=True))
    trainer.gpt.train()
    (draws,) = trainer.plan.update(0).micro_batches
    collate(trainer.pair.train, draws, run.prompt, trainer.stats, trainer.tokenizer.stop_id)
    ready_at = time.time()
    measured = [step(trainer, number) for number in range(int(steps) + 1)][1:] if int(steps) else []
    result = {key: median(each[key] for each in measured) for key in (measured[0] if measured else [])}
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps({**result, "peak_gb": peak_gb, "ready_at": ready_at}))


def step(trainer: Trainer, number: int) -> dict[str, float]:
    """Do one update of four clips as the trainer does, with a clock between its parts."""
    update, settings = trainer.plan.update(number), trainer.run.train
    (draws,) = update.micro_batches
    trainer.state.optimizer.zero_grad()
    clock, cpu = [time.perf_counter()], time.process_time()
    batch = collate(trainer.pair.train, draws, trainer.run.prompt, trainer.stats, trainer.tokenizer.stop_id)
    clock.append(time.perf_counter())
    dtype = precision.AUTOCAST.get(settings.precision)
    with torch.autocast("cpu", dtype, dtype is not None):
        scores = loss.score(trainer.gpt, batch, trainer.tokenizer.start_id, padded=False)
    share = loss.sums(scores, batch).loss(update.text_targets, update.code_targets, settings.text_weight)
    clock.append(time.perf_counter())
    torch.autograd.backward(share)
    clock.append(time.perf_counter())
    trainer.state.optimizer.attach()
    trainer.state.optimizer.clip()
    trainer.state.optimizer.set_rates(1.0)
    trainer.state.optimizer.adamw.step()
    clock.append(time.perf_counter())
    names = ("data_s", "forward_s", "backward_s", "optimizer_s")
    parts = {name: end - begin for name, begin, end in zip(names, clock, clock[1:], strict=False)}
    seconds = clock[-1] - clock[0]
    return {**parts, "step_s": seconds, "cpu_s": time.process_time() - cpu, "clips_s": len(draws) / seconds}


if __name__ == "__main__":
    main()
