"""`dimts demo`: the main job on an embedded default, offline: corpus, base, vocabulary, training, spoken sentences.

Every step is what a user's own command would do. A demo that was stopped goes on where it was.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dimts.app.output import Json, show

LANGUAGE = "am"
SEED = 0
LEARNS = ["new_rows", "blocks.0-3"]  # above, states stay such as the vocoder knows; older rows keep their letters
NEW_TOKENS = 0  # letters without merges: an hour of speech holds too few of each
VOICES = ("am+m3", "am+f2")


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo makes.")] = Path("demo"),
    epochs: Annotated[int, typer.Option(min=1, help="How often every clip is heard.")] = 1,
    sentences: Annotated[int, typer.Option(min=20, help="How many sentences the corpus holds, 600 at most.")] = 600,
    as_json: Json = False,
) -> None:
    """Fine-tune a small base to Amharic, offline, in about seven minutes; hear and score it before and after."""
    from rich.console import Console

    from dimts.app.demo import corpus, judging, replay

    began, console = time.monotonic(), Console(stderr=True)
    console.print("[bold]1[/] speaking the corpus: our own Amharic sentences, two espeak-ng voices (synthetic speech)")
    texts = [*corpus.read_sentences(), *corpus.read_sentences("everyday.txt")][:sentences]
    table = corpus.build(out / "corpus", VOICES, texts)
    console.print("[bold]2[/] preparing the dataset")
    facts = _dataset(table, out / "dataset")
    facts["replayed_clips"] = replay.prepare(out / "replay", SEED)
    console.print("[bold]3[/] a small base that never met Amharic, its vocabulary extended with Ethiopic")
    facts |= _base_and_vocabulary(out)
    console.print("[bold]4[/] training")
    facts |= _train(out, epochs, console)
    console.print("[bold]5[/] speaking sentences that are not in the corpus, before and after")
    facts |= judging.judge(out, LANGUAGE, SEED, console)
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
        initial.write(out / "base", initial.TRAINED, SEED)
    base = Tokenizer.read(out / "base" / "vocab.json")
    spoken = [clip.spoken for clip in manifest.read(out / "dataset").clips]
    extended = extend.extend(base, spoken, LANGUAGE, NEW_TOKENS)
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
    """Return the run's settings: those of a small network with little time, not the recipe's for official weights."""
    from dimts.app.demo import replay

    return {
        "base": str(out / "base"),
        "vocab": str(out / "vocab.json"),
        "data": {
            "datasets": [str(out / "dataset")],
            "replay": replay.datasets(out / "replay"),
            "replay_share": replay.SHARE,
        },
        "out": str(out / "run"),
        "seed": SEED,
        "device": "cpu",
        "limits": {"text_tokens": 402},
        "prompt": {"source": "same_speaker", "min_samples": 66_150, "max_samples": 66_150, "pad_prompts": False},
        "optimizer": {"lr": 3e-4, "new_rows_lr": 1e-3},
        "schedule": {"kind": "cosine", "warmup_updates": 20},
        "batch": {"clips": 6, "accumulation": 1, "eval_clips": 6},
        "train": {"epochs": epochs, "trainable": LEARNS, "guided_attention": 1.0},
        "evaluate": {"every_updates": 100},
        "save": {"every_updates": 100},
    }


def _summary(facts: Mapping[str, Any]) -> list[str]:
    return [
        f"corpus      {facts['clips']} clips, {facts['minutes']} minutes, {facts['rejected']} turned away;"
        f" {facts['replayed_clips']} of other languages against forgetting",
        f"vocabulary  {facts['base_rows']} rows grew to {facts['rows']}",
        f"code loss   {facts['before']:.2f} before, {facts['after']:.2f} after (on sentences held back)",
        f"curve       {facts['picture']}",
        f"voice       {facts['voice']}",
        *_heard("Amharic", facts["scores"]),
        *_heard("others", facts["others"]),
        *(f"no {name}: {why}" for name, why in facts["unmeasured"].items()),
        f"listen      {facts['page']}",
        f"time        {facts['seconds']} s",
        "A network of this size, trained for minutes, speaks roughly. Official weights speak well: `dimts base fetch`,",
        "then the ten lines of the README.",
    ]


def _heard(language: str, scores: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Say what was measured; the right text is the nearest of twenty."""
    for name, title in (("nearest", "right text"), ("phone_error", "phone error"), ("mos", "naturalness")):
        if all(name in each for each in scores.values()):
            told = ", ".join(f"{each[name]:.2f} {who}" for who, each in scores.items())
            yield f"{language:11} {title} {told}"
