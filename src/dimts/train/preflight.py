"""What can be known to be wrong with a run before a weight is read: all of it at once, each line with its place.

Only heads are read: config.json, vocab.json and the shapes of a base's weights, dataset.json of the datasets. What
needs the clips themselves, such as letters that the vocabulary lacks, shows when they are opened.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dimts import config
from dimts.checkpoint import describe, export, official
from dimts.checkpoint.official import Base
from dimts.config import RunConfig
from dimts.data import dataset, manifest
from dimts.data.manifest import Dataset
from dimts.errors import ConfigError, DataError, DimtsError
from dimts.infer.device import choose
from dimts.infer.speak import Speaker
from dimts.text import extend
from dimts.text.bpe import Tokenizer
from dimts.text.front import Front
from dimts.text.languages import primary_of
from dimts.train import choosing, dist, spoken, trackers, trainable

LAYERS = 30  # of XTTS v2: what names of blocks are held against where the base cannot be read


def read(path: Path, settings: Sequence[str] = ()) -> RunConfig:
    """Read a run file. Where it is wrong by itself, ConfigError tells of what else is wrong too."""
    content = config.load(path, settings)
    try:
        return config.build(content, str(path))
    except ConfigError as error:
        run, left_out = config.sound(content)
        more = [line for line in problems(run) if not _is_of(line, left_out)] if run else []
        raise ConfigError(*error.problems, *(f"{path}: {line}" for line in more)) from error


def check(run: RunConfig, changed: Sequence[str] = ()) -> None:
    """ConfigError with every problem of a run, each with its place in the run file, behind what was `changed` in it."""
    if found := [*changed, *problems(run)]:
        raise ConfigError(*found)


def problems(run: RunConfig) -> list[str]:
    """Return what is wrong with a run, a line each."""
    found = _Findings()
    with found.of("device"):
        device = choose(run.device, dist.local_rank())
        if run.train.compile and device.type != "cuda":
            found.append(f"train.compile: is for NVIDIA GPUs, this is {device}; set it to false")
    for name in run.track.to:
        with found.of("track.to"):
            trackers.require([name])
    if run.evaluate.metric == choosing.RANK and run.part == "gpt":
        with found.of("evaluate.metric"):
            spoken.require()
    base = _survey(run, found)
    tokenizer = None if run.part == "dvae" else _vocabulary(run, base, found)  # which hears no text
    if run.part != "gpt" and dist.ranks() > 1:
        found.append(f"part: {run.part} trains in one process; start it without torchrun")
    learned, clips = _glance("data.datasets", run.data.datasets, tokenizer, found)
    replayed, _ = _glance("data.replay", run.data.replay, tokenizer, found)
    with found.of("data.replay"):
        dataset.refuse_both_ways(learned, replayed)
    if len(learned) == len(run.data.datasets):
        _count(run, clips, found)
        _samples(run, base, tokenizer, learned, found)
        with found.of("base"):
            description = export.read_description(run.base, any_normaliser=True)
            refuse_other_mode(run.base, description, learned[0].front)
            refuse_other_replay(run.base, description, replayed)
    if base and run.dvae.stats == "data" and (describe.kind(base) != "random" or (run.base / "bundle.json").is_file()):
        found.append(f"dvae.stats: data is for a random base; {run.base} hears prompts by its own: set it to base")
    layers = base.network.shape.gpt.layers if base else LAYERS
    with found.of("train.trainable"):
        new_rows = tokenizer.rows - base.tokenizer.rows if base and tokenizer else 1
        trainable.parts(run.train.trainable, clips["train"], layers, new_rows)
    with found.of("train.lora"):
        trainable.adapters(run, layers)
    return list(dict.fromkeys(found))


def refuse_other_mode(base: Path, description: Mapping[str, Any], front: Front) -> None:
    """ConfigError when a bundle is to learn on from texts in IPA and learned from letters, or the other way round."""
    own = Front.like(description["normaliser"], base) if description else front
    if own.backend != front.backend:
        learned, given = (f"IPA by {each.backend}" if each.backend else "letters" for each in (own, front))
        raise ConfigError(f"{base}: learned from {learned}, the datasets hold {given}; prepare them with its --mode")


def refuse_other_replay(base: Path, description: Mapping[str, Any], replayed: Sequence[Dataset]) -> None:
    """ConfigError when replay is not read as the base reads its language: it would teach what the base never heard."""
    known = export.fronts(base, description) if description else {}
    for data in replayed:
        own = known.get(primary_of(data.language), Front())
        if own.backend != data.front.backend:
            said, given = (f"IPA by {each.backend}" if each.backend else "letters" for each in (own, data.front))
            raise ConfigError(f"data.replay: {base} reads {data.language} from {said}, {data.folder} holds {given}")


class _Findings(list[str]):
    """Lines; what goes wrong in a block becomes some."""

    @contextmanager
    def of(self, place: str) -> Iterator[None]:
        """Note errors of the block, under the place unless they name one in its section."""
        try:
            yield
        except DimtsError as error:
            self += [line if _is_of(line, [place.split(".")[0]]) else f"{place}: {line}" for line in error.problems]


def _is_of(line: str, places: Iterable[str]) -> bool:
    """Say whether a line begins with one of the places, or one below it."""
    return any(line.startswith(place) and line[len(place) : len(place) + 1] in (":", ".", "[") for place in places)


def _survey(run: RunConfig, found: _Findings) -> Base | None:
    with found.of("base"):
        base = official.survey(run.base)
        with found.of("base"):
            base.need_dvae()
        with found.of("limits.clip_samples"):
            dataset.refuse_long(run.limits, base)
        return base
    return None


def _vocabulary(run: RunConfig, base: Base | None, found: _Findings) -> Tokenizer | None:
    with found.of("vocab"):
        if base:
            return extend.read(run.vocab, base.tokenizer)
        return Tokenizer.read(run.vocab) if run.vocab else None
    return None


def _glance(
    place: str, folders: Sequence[Path], tokenizer: Tokenizer | None, found: _Findings
) -> tuple[list[Dataset], dict[str, int]]:
    """Look at datasets; return those that are sound, and how many clips they have by side."""
    datasets, clips = [], {"train": 0, "eval": 0}
    for number, folder in enumerate(folders):
        with found.of(f"{place}[{number}]"):
            seen, counts = manifest.glance(folder)
            datasets.append(seen)
            clips = {side: clips[side] + counts[side] for side in clips}
            if tokenizer:
                tokenizer.tag_id(seen.language)
    with found.of(place):
        manifest.refuse_unlike(datasets)
    return datasets, clips


def _count(run: RunConfig, clips: Mapping[str, int], found: _Findings) -> None:
    """Note where there are too few clips."""
    with found.of("data.datasets"):
        if not clips["train"]:
            raise DataError("no training clips; run `dimts prepare` with more recordings")
        if clips["train"] < dist.ranks():
            raise DataError(f"{clips['train']} training clips are fewer than {dist.ranks()} processes; start fewer")
    with found.of("data.eval_split"):
        if run.data.eval_split == "eval" and clips["train"] and not clips["eval"]:
            raise DataError("no clips are held back for evaluation; set it to train, or prepare some")


def _samples(
    run: RunConfig, base: Base | None, tokenizer: Tokenizer | None, datasets: Sequence[Dataset], found: _Findings
) -> None:
    """Note samples that cannot be said."""
    if not base or not tokenizer or not run.samples.texts:
        return
    language = run.samples.language or datasets[0].language
    fronts = {primary_of(each.language): each.front for each in datasets}
    speaker = Speaker(run.out, base.network, tokenizer, run.limits.text_tokens, fronts)
    for number, text in enumerate(run.samples.texts):
        with found.of(f"samples.texts[{number}]"):
            speaker.pieces(text, language)
