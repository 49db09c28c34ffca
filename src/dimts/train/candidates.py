"""What there is to judge: the kept checkpoints of a run beside their base, voice bundles, and what they have heard."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from rich.console import Console

from dimts import config
from dimts.checkpoint import export, store
from dimts.checkpoint.official import Base
from dimts.data import manifest
from dimts.data.manifest import Dataset
from dimts.errors import ConfigError
from dimts.evaluate import sentences, subject
from dimts.evaluate.cache import key_of
from dimts.evaluate.planning import Known
from dimts.evaluate.subject import Opened, Subject
from dimts.infer.device import choose
from dimts.infer.speak import Speaker
from dimts.text.bpe import Tokenizer
from dimts.train import dist, recipe
from dimts.train.trainer import Trainer

BASE = "base"  # as a subject: the network before the run


@dataclass(frozen=True)
class Candidates:
    """What is judged. The checkpoints of a run share one network: open one only when done with the other."""

    run: Path | None
    subjects: tuple[Subject, ...]
    known: Known
    damaged: tuple[str, ...] = ()  # checkpoints that cannot be read, a line each


@dataclass(frozen=True)
class _Ours:
    """What a run brings."""

    subjects: tuple[Subject, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    vocabularies: tuple[Path, ...] = ()
    damaged: tuple[str, ...] = field(default_factory=tuple)


def gather(
    sources: Sequence[Path], updates: Collection[int], datasets: Sequence[Path], device: str, console: Console
) -> Candidates:
    """Take one run, all its checkpoints or those of some updates, and any number of folders that speak.

    ConfigError for two runs, which would share one report, and where a checkpoint is asked for that is not there.
    """
    runs = [source for source in sources if (source / "run.yaml").is_file()]
    folders = [source for source in sources if source not in runs]
    if len(runs) > 1:
        raise ConfigError(f"{runs[1]}: is a second run; judge one run at a time, or the voices of both")
    if updates and not runs:
        raise ConfigError("--checkpoints: only a run has checkpoints; name its folder")
    chosen = choose(device)
    ours = _of_run(runs[0], updates, chosen, console) if runs else _Ours()
    subjects = (*ours.subjects, *(subject.of_folder(folder, str(chosen)) for folder in folders))
    heard = (*ours.datasets, *manifest.read_alike(datasets))
    return Candidates(runs[0] if runs else None, subjects, _known(heard, ours.vocabularies, folders), ours.damaged)


def _known(datasets: tuple[Dataset, ...], vocabularies: Sequence[Path], folders: Sequence[Path]) -> Known:
    """Tell what all of them speak; without anything trained, they are judged in every language with sentences."""
    trained = [each for folder in folders for each in export.read_description(folder).get("trained_languages", [])]
    places = [*vocabularies, *(folder / "vocab.json" for folder in folders)]
    spoken = tuple(dict.fromkeys(each for place in places for each in Tokenizer.read(place).languages))
    targets = tuple(dict.fromkeys([*(data.language for data in datasets), *trained]))
    built_in = tuple(each for each in spoken if each in sentences.built_in_languages())
    stored = [set(export.voice_names(folder)) for folder in folders]
    return Known(datasets, targets or built_in, spoken, tuple(sorted(set.intersection(*stored))) if stored else ())


def _of_run(folder: Path, updates: Collection[int], device: torch.device, console: Console) -> _Ours:
    known = {store.update_of(path): path for path in store.all_of(folder)}
    if missing := sorted(set(updates) - known.keys()):
        kept = ", ".join(map(str, known)) or "none"
        raise ConfigError(f"{folder}: keeps no checkpoint of update {missing[0]}; it has {kept}")
    asked = [path for update, path in known.items() if not updates or update in updates]
    problems = {path: store.problems(path) for path in asked}
    sound = [path for path in asked if not problems[path]]
    if not sound:
        raise ConfigError(f"{folder}: keeps no whole checkpoint; let `dimts train` run until it saves one")
    run = config.read(folder / "run.yaml").model_copy(update={"device": str(device)})
    if run.part != "gpt":
        raise ConfigError(f"{folder}: trained the {run.part}; judge {folder / 'voice'}")
    trainer, bundle = recipe.prepare(run, dist.World(0, 1, device), console)
    base = subject.of_folder(run.base, str(device), BASE)
    subjects = (base, *(_checkpoint(trainer, bundle.base, path) for path in sound))
    vocabulary = run.vocab or run.base / "vocab.json"
    return _Ours(subjects, trainer.pair.datasets, (vocabulary,), tuple(_damage(problems.values())))


def _damage(problems: Collection[Sequence[str]]) -> Iterator[str]:
    yield from (line for each in problems for line in each)


def _checkpoint(trainer: Trainer, base: Base, path: Path) -> Subject:
    update, pair = store.update_of(path), trainer.pair
    weights = {name: digest for name, digest in store.hashes(path).items() if name != "optimizer"}
    reading = [pair.front.identity, sorted(pair.fronts), pair.longest_text_tokens]
    identity = key_of(dict(trainer.state.identity), weights, reading)
    return Subject(f"update {update}", identity, partial(_open, trainer, base, path), update)


def _open(trainer: Trainer, base: Base, path: Path) -> Opened:
    trainer.state.show(store.load(path))
    trainer.network.eval()
    pair = trainer.pair
    speaker = Speaker(trainer.run.out, trainer.network, trainer.tokenizer, pair.longest_text_tokens, pair.fronts)
    return Opened(speaker, base.dvae)
