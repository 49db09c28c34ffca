"""`dimts demo`: the main job on an embedded default, offline: corpus, base, vocabulary, training, a spoken sentence.

Every step is what a user's own command would do. A demo that was stopped goes on where it was.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dimts.app.output import Json, show

LANGUAGE = "am"
SEED = 0


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo makes.")] = Path("demo"),
    epochs: Annotated[int, typer.Option(min=1, help="How often every clip is heard.")] = 4,
    as_json: Json = False,
) -> None:
    """Fine-tune a small random base to Amharic, offline, in under five minutes; write a sentence and a loss curve."""
    from rich.console import Console

    from dimts.app.demo import corpus

    began, console = time.monotonic(), Console(stderr=True)
    console.print(
        "[bold]1[/] speaking the corpus: our own Amharic sentences, three espeak-ng voices (synthetic speech)"
    )
    table = corpus.build(out / "corpus")
    console.print("[bold]2[/] preparing the dataset")
    facts = _dataset(table, out / "dataset")
    console.print("[bold]3[/] a small random base, its vocabulary extended with Ethiopic")
    facts |= _base_and_vocabulary(out)
    console.print("[bold]4[/] training")
    facts |= _train(out, epochs, console)
    console.print("[bold]5[/] speaking a sentence that is not in the corpus")
    facts |= _speak(out, corpus.read_sentences("held_out.txt")[0])
    facts["seconds"] = round(time.monotonic() - began, 1)
    show(facts, as_json, *_summary(facts))


def _dataset(table: Path, folder: Path) -> dict[str, Any]:
    from dimts.data import prepare

    dataset = prepare.prepare([table], folder, LANGUAGE, prepare.Options(seed=SEED))
    minutes = sum(clip.duration_s for clip in dataset.clips) / 60
    return {"clips": len(dataset.clips), "rejected": len(dataset.rejected), "minutes": round(minutes, 2)}


def _base_and_vocabulary(out: Path) -> dict[str, Any]:
    from dimts import files
    from dimts.checkpoint import initial
    from dimts.data import manifest
    from dimts.text import extend
    from dimts.text.bpe import Tokenizer

    if not (out / "base").is_dir():
        initial.write(out / "base", "small", SEED)
    base = Tokenizer.read(out / "base" / "vocab.json")
    spoken = [clip.spoken for clip in manifest.read(out / "dataset").clips]
    extended = extend.extend(base, spoken, LANGUAGE)
    files.write_text(out / "vocab.json", extended.to_json())
    return {"base_rows": base.rows, "rows": extended.rows}


def _train(out: Path, epochs: int, console: Any) -> dict[str, Any]:
    from dimts import config, log
    from dimts.errors import MissingExtra
    from dimts.evaluate.curves import loss_curve
    from dimts.train import recipe

    run = config.build(_settings(out, epochs), "the demo's settings")
    voice = recipe.finetune(run, console)
    evaluations = [line for line in log.read(run.out) if line["kind"] == "eval"]
    facts = {"voice": str(voice), "before": evaluations[0]["code_loss"], "after": evaluations[-1]["code_loss"]}
    try:
        return facts | {"picture": str(loss_curve(out / "run" / log.METRICS, out / "loss.png", "Dimts demo"))}
    except MissingExtra as missing:
        return facts | {"picture": f"not drawn: {missing}"}


def _settings(out: Path, epochs: int) -> dict[str, Any]:
    """Return the run's settings: those of a network that learns from nothing, not the recipe's for official weights."""
    return {
        "base": str(out / "base"),
        "vocab": str(out / "vocab.json"),
        "data": {"datasets": [str(out / "dataset")]},
        "out": str(out / "run"),
        "seed": SEED,
        "device": "cpu",
        "limits": {"text_tokens": 402},
        "prompt": {"pad_prompts": False},
        "optimizer": {"lr": 1e-3, "new_rows_lr": "same"},
        "schedule": {"kind": "cosine", "warmup_updates": 20},
        "batch": {"clips": 6, "accumulation": 1, "eval_clips": 6},
        "train": {"epochs": epochs, "trainable": "all"},
        "evaluate": {"every_updates": 100},
        "save": {"every_updates": 100},
    }


def _speak(out: Path, sentence: str) -> dict[str, Any]:
    from dimts.audio import io
    from dimts.infer.decode import Sampling
    from dimts.infer.speak import load

    speaker = load(out / "run" / "voice")
    audio = speaker.speak(sentence, speaker.stored_voice(), LANGUAGE, SEED, Sampling(max_codes=150))
    io.write(out / "spoken.wav", audio)
    return {"sentence": sentence, "audio": str(out / "spoken.wav"), "audio_s": round(audio.duration_s, 2)}


def _summary(facts: Mapping[str, Any]) -> list[str]:
    return [
        f"corpus      {facts['clips']} clips, {facts['minutes']} minutes, {facts['rejected']} turned away",
        f"vocabulary  {facts['base_rows']} rows grew to {facts['rows']}",
        f"code loss   {facts['before']:.2f} before, {facts['after']:.2f} after (on sentences held back)",
        f"curve       {facts['picture']}",
        f"voice       {facts['voice']}",
        f"listen      {facts['audio']} ({facts['audio_s']} s): {facts['sentence']}",
        f"time        {facts['seconds']} s",
        "This base is random, so the sentence is not yet speech: the network learned to order its sound codes, but its",
        "vocoder knows no voice. Official weights speak: `dimts base fetch`, then the ten lines of the README.",
    ]
