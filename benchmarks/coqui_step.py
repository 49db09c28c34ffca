"""Time training steps of coqui-tts's GPTTrainer: one process of `train_step.py`, run by that environment's python.

Arguments: WORK VOCAB STEPS. The same clips in the same batches as Dimts; audio in, weights updated. It is given both
cores (importing its dataset sets torch to one) and random weights of the same sizes.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from statistics import median

import soundfile
import torch
import torchaudio


def read(path: str, **_: object) -> tuple[torch.Tensor, int]:
    """Read audio without the codec library that torchaudio wants."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return torch.from_numpy(samples.T), rate_hz


torchaudio.load = read

from TTS.tts.layers.xtts.trainer.dataset import XTTSDataset  # noqa: E402
from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig  # noqa: E402
from TTS.tts.models.xtts import XttsAudioConfig  # noqa: E402


def main() -> None:
    """Build the trainer, do one step that is not measured, then some that are, and print medians as JSON."""
    work, vocab, steps = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))))
    batches = json.loads((work / "batches.json").read_text())
    trainer = GPTTrainer(configure(work, vocab))
    trainer.eval()
    trainer.xtts.gpt.train()
    optimizer = trainer.get_optimizer()
    dataset = XTTSDataset(trainer.config, [], trainer.xtts.tokenizer, 22050)
    measured = [step(trainer, optimizer, dataset, clips) for clips in batches[: steps + 1]][1:]
    result = {key: median(each[key] for each in measured) for key in measured[0]}
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps({**result, "peak_gb": peak_gb}))


def configure(work: Path, vocab: str) -> GPTTrainerConfig:
    """Return the official sizes and the recipe's settings."""
    arguments = GPTArgs(
        tokenizer_file=vocab,
        mel_norm_file=str(work / "base" / "mel_stats.pth"),
        dvae_checkpoint=str(work / "base" / "dvae.pth"),
        gpt_num_audio_tokens=1026,
        gpt_start_audio_token=1024,
        gpt_stop_audio_token=1025,
        gpt_use_masking_gt_prompt_approach=True,
        gpt_use_perceiver_resampler=True,
    )
    audio = XttsAudioConfig(sample_rate=22050, dvae_sample_rate=22050, output_sample_rate=24000)
    return GPTTrainerConfig(
        model_args=arguments, audio=audio, optimizer="AdamW", lr=5e-6, optimizer_wd_only_on_weights=True,
        optimizer_params={"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
    )  # fmt: skip


def step(trainer: GPTTrainer, optimizer: torch.optim.Optimizer, dataset: XTTSDataset, clips: list) -> dict[str, float]:
    """Do one update as its trainer does, with a clock between its parts."""
    samples = [{"text": text, "audio_file": path, "language": "en"} for text, path in clips]
    clock, cpu = [time.perf_counter()], time.process_time()
    batch = dataset.collate_fn([item(dataset, sample) for sample in samples])
    batch = trainer.format_batch_on_device(batch)
    clock.append(time.perf_counter())
    _, losses = trainer.train_step(batch, None)
    clock.append(time.perf_counter())
    losses["loss"].backward()
    clock.append(time.perf_counter())
    torch.nn.utils.clip_grad_norm_(trainer.xtts.gpt.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    clock.append(time.perf_counter())
    names = ("data_s", "forward_s", "backward_s", "optimizer_s")
    parts = {name: end - begin for name, begin, end in zip(names, clock, clock[1:], strict=False)}
    seconds = clock[-1] - clock[0]
    return {**parts, "step_s": seconds, "cpu_s": time.process_time() - cpu, "clips_s": len(clips) / seconds}


def on_gpu(work: Path, vocab: Path, number_format: str, size: int) -> dict[str, float]:
    """Time micro-batches of `size` clips on the GPU, one optimizer step in all; audio is collated beforehand."""
    clips = [clip for batch in json.loads((work / "batches.json").read_text()) for clip in batch]
    trainer = GPTTrainer(configure(work, str(vocab))).cuda()
    trainer.eval()
    trainer.xtts.gpt.train()
    optimizer = trainer.get_optimizer()
    dataset = XTTSDataset(trainer.config, [], trainer.xtts.tokenizer, 22050)
    batches = [[clips[(at * size + i) % len(clips)] for i in range(size)] for at in range(4)]
    collated = [
        dataset.collate_fn([item(dataset, {"text": t, "audio_file": p, "language": "en"}) for t, p in b])
        for b in batches
    ]
    steps = 128 // size
    for count in (4, steps):  # the first are not counted
        torch.cuda.synchronize()
        began = time.perf_counter()
        for number in range(count):
            micro_batch(trainer, dict(collated[number % len(collated)]), number_format)
        torch.nn.utils.clip_grad_norm_(trainer.xtts.gpt.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        torch.cuda.synchronize()
        seconds = time.perf_counter() - began
    return {"clips_s": round(size * steps / seconds, 1), "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2)}


def micro_batch(trainer: GPTTrainer, batch: dict, number_format: str) -> None:
    """Add the gradients of a collated batch."""
    batch = {key: value.cuda() if isinstance(value, torch.Tensor) else value for key, value in batch.items()}
    batch = trainer.format_batch_on_device(batch)
    dtype = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(number_format)
    with torch.autocast("cuda", dtype, dtype is not None):
        _, losses = trainer.train_step(batch, None)
    losses["loss"].backward()


def item(dataset: XTTSDataset, sample: dict[str, str]) -> dict[str, object]:
    """Let the dataset load one named clip, where it would itself draw one by chance."""
    dataset.samples = {"en": [sample]}
    return dataset[0]


if __name__ == "__main__":
    main()
