"""The main job: fine-tune XTTS on prepared datasets and export the best checkpoint as a voice bundle."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from dimts import config, files
from dimts.checkpoint import export, grow, official, store
from dimts.checkpoint.export import Bundle
from dimts.config import RunConfig
from dimts.data import dataset
from dimts.data.manifest import Dataset
from dimts.errors import ConfigError
from dimts.infer.device import choose
from dimts.text import extend
from dimts.train import choosing, dist, interrupt, outcome, plan, precision, preflight, trainable
from dimts.train.display import Display, say
from dimts.train.outcome import Form
from dimts.train.parts import run as parts
from dimts.train.trainer import Trainer

FREE_TO_CHANGE = {
    "train.epochs",
    "train.max_updates",
    "train.max_minutes",
    "device",
}  # when a run goes on; also these sections:
FREE_TO_CHANGE |= {"optimizer.place", "optimizer.shard", "batch.by", "batch.tokens"}  # what memory asks for
FREE_TO_CHANGE |= {"train.checkpointing", "train.compile"}
PLACES: Any = {"base": True, "vocab": True, "out": True, "data": {"datasets", "replay"}}  # no part of a recipe
FREE_SECTIONS = ("save.", "evaluate.", "samples.", "track.")


def finetune(run: RunConfig, console: Console) -> Path:
    """Fine-tune XTTS on prepared datasets; return the voice bundle."""
    preflight.check(run, changed(run))
    if run.part != "gpt":
        return _finetune_part(run, console)
    world = dist.join(run.device)
    console = console if world.leads else Console(quiet=True)
    with hold(run.out, world.leads):
        keep_settings(run, world.leads)
        trainer, bundle = prepare(run, world, console)
        news = trainer.resume(run.out)
        if world.leads:
            bundle = replace(bundle, front=bundle.front.store(run.out))  # the dataset may change meanwhile
        announce(run, plan.of(trainer, bundle.base.tokenizer.rows), trainer, news, console)
        clips = trainer.plan.sampler.draws_per_epoch * trainer.total_updates / trainer.plan.updates_per_epoch
        done = clips * trainer.state.update / trainer.total_updates
        with (
            interrupt.deferred() as stop,
            precision.tf32(run.train.tf32),
            Display(round(clips), round(done), trainer.total_updates, console) as display,
        ):
            trainer.fit(stop, display)
        if world.leads:
            outcome.export_best(trainer, bundle, run.out / "voice")
        world.leave()
    return run.out / "voice"


def _finetune_part(run: RunConfig, console: Console) -> Path:
    """Train a part around the GPT."""
    with hold(run.out, leads=True):
        keep_settings(run, leads=True)
        return parts.finetune(run, console)


def prepare(run: RunConfig, world: dist.World, console: Console) -> tuple[Trainer, Bundle]:
    """Load and join what a run needs: base, vocabulary, grown network, data."""
    base = official.load(run.base, world.device)
    base.need_dvae()
    tokenizer = extend.read(run.vocab, base.tokenizer)
    adapters = trainable.adapters(run, base.network.shape.gpt.layers)
    network = grow.to_fit(base, tokenizer, run.limits.text_tokens, run.train.new_rows_start, adapters)
    before = export.read_description(run.base, any_normaliser=True)
    with console.status("computing codes and prompt mels (once for each clip and base)"):
        pair = dataset.open_pair(run.data, run.limits, tokenizer, base)
    preflight.refuse_other_mode(run.base, before, pair.front)
    preflight.refuse_other_replay(run.base, before, pair.replay_datasets)
    trainer = Trainer(base, network, tokenizer, pair, run, world)
    trained = {*before.get("trained_languages", []), *(data.language for data in pair.datasets)}
    facts = {
        "languages": list(tokenizer.languages),
        "trained_languages": sorted(trained),
        "longest_text_tokens": pair.longest_text_tokens,
        "datasets": [describe(data) for data in pair.datasets],
        "replay": [describe(data) for data in pair.replay_datasets],
        "recipe": json.loads(run.model_dump_json(exclude=PLACES)),
    }
    return trainer, Bundle(base, network, tokenizer, {}, facts, pair.front)


def describe(data: Dataset) -> dict[str, str]:
    """Say what a bundle was trained on."""
    return {"name": data.folder.name, "language": data.language, "sha256": data.sha256}


@contextmanager
def hold(out: Path, leads: bool) -> Iterator[None]:
    """Make the run folder and hold it against other processes. ConfigError when it cannot be or is held."""
    if not leads:
        yield
        return
    lock = FileLock(out / ".lock")
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"{out}: another process is training here; wait for it or choose another out") from error
    except OSError as error:
        raise ConfigError(f"{out}: cannot be a run folder ({error.strerror}); choose another out") from error
    try:
        store.sweep(out)
        yield
    finally:
        lock.release()


def keep_settings(run: RunConfig, leads: bool) -> None:
    """Write run.yaml. ConfigError when something was learned here with other settings that shape what is learned."""
    if problems := changed(run):
        raise ConfigError(*problems)
    path = run.out / "run.yaml"
    if leads:
        with files.writing(path):
            files.write_text(path, config.write(run))


def changed(run: RunConfig) -> list[str]:
    """Return a line for each setting that shapes what is learned and was another when something was learned here."""
    path = run.out / "run.yaml"
    if not path.is_file() or not store.all_of(run.out):
        return []
    before = flatten(json.loads(config.read(path).model_dump_json()))
    now = flatten(json.loads(run.model_dump_json()))
    names = sorted(name for name in now if now[name] != before.get(name) and not free(name))
    advice = "change it back, or choose another out"
    return [f"{path}: {name} was {before.get(name)}, now {now[name]}; {advice}" for name in names]


def flatten(content: object, prefix: str = "") -> dict[str, object]:
    """Return nested settings as one level of dotted names."""
    if not isinstance(content, dict):
        return {prefix: content}
    flat: dict[str, object] = {}
    for name, value in content.items():
        flat |= flatten(value, f"{prefix}.{name}" if prefix else name)
    return flat


def free(name: str) -> bool:
    """Say whether a setting may change when a run goes on."""
    return name in FREE_TO_CHANGE or name.startswith(FREE_SECTIONS)


def announce(run: RunConfig, planned: plan.RunPlan, trainer: Trainer, news: list[str], console: Console) -> None:
    """Say what will happen; write plan.json and the ledger of clips that do not fit."""
    if not trainer.world.leads:
        return
    ledger = "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in trainer.pair.rejected)
    with files.writing(run.out):
        files.write_text(run.out / "plan.json", json.dumps(planned.facts(), indent=2) + "\n")
        files.write_text(run.out / "rejected.jsonl", ledger)
    for line in [*planned.lines(), *news]:
        say(console, line)


def export_run(folder: Path, out: Path, form: Form, console: Console) -> Path:
    """Export a run's best checkpoint again, to another place. ConfigError when there is nothing to export."""
    if (folder / official.ADAPTERS).is_file():
        raise ConfigError(f"{folder}: holds adapters alone; give their --base")
    if not (folder / "run.yaml").is_file():
        raise ConfigError(f"{folder}: no run.yaml: not a run folder; give the `out` of a run")
    run = config.read(folder / "run.yaml")
    if run.part != "gpt":
        raise ConfigError(f"{folder}: trained the {run.part}; {folder / 'voice'} is the voice with its best checkpoint")
    outcome.refuse(run, folder, form)
    trainer, bundle = prepare(run, dist.World(0, 1, choose(run.device)), console)
    if not trainer.resume(folder) or not trainer.state.best:
        raise ConfigError(f"{folder}: no evaluated checkpoint yet; let `dimts train` run until its first evaluation")
    if best := choosing.chosen(folder):
        if wrong := store.problems(store.place(folder, best.update)):
            raise ConfigError(f"{wrong[0]}, and best.json names it; `dimts evaluate {folder}` chooses again")
        trainer.state.best = best
        say(console, f"update {best.update:,}, chosen by rank: {best.why}")
    return outcome.export_best(trainer, bundle, out, form)
