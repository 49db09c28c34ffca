"""Prepared datasets as the trainer sees them: tokens, codes and prompt mels; no audio is read in a training step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from dimts.checkpoint.official import Base
from dimts.config import Data, Limits
from dimts.data import codes, manifest
from dimts.data.codes import Cache, Progress
from dimts.data.manifest import UNNAMED, Clip, Dataset, Rejection
from dimts.errors import ConfigError, DataError
from dimts.model.shapes import CODE_SAMPLES, STOP_TARGETS
from dimts.text.bpe import Tokenizer
from dimts.text.front import Front
from dimts.text.languages import primary_of

STAGE = "training"  # as rejections call it


@dataclass(frozen=True)
class Example:
    """A clip that fits the run: its token ids and sizes; codes and mel are read when needed."""

    folder: Path  # of its dataset
    clip: Clip
    ids: tuple[int, ...]  # without start and stop
    codes: int
    samples: int  # at 22,050 Hz
    cache: Cache

    @property
    def audio(self) -> Path:
        return self.folder / self.clip.audio

    @property
    def rows(self) -> int:
        """How long it is in the network, without its prompt: starts, text, codes and stops."""
        return 1 + len(self.ids) + self.codes + STOP_TARGETS

    @property
    def speaker(self) -> str:
        """Who speaks; one of no name is another one in every dataset."""
        return f"{self.folder}/{UNNAMED}" if self.clip.speaker == UNNAMED else self.clip.speaker

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Return codes, int64 [A], and prompt mel, float32 [80, F]."""
        return self.cache.read(self.clip)


@dataclass(frozen=True)
class Pair:
    """What is trained on, what is evaluated, and what was turned away; replay is heard along, and is neither."""

    train: tuple[Example, ...]
    eval: tuple[Example, ...]
    rejected: tuple[Rejection, ...]
    datasets: tuple[Dataset, ...]
    replay: tuple[Example, ...] = ()
    replay_datasets: tuple[Dataset, ...] = ()

    @cached_property
    def heard(self) -> tuple[Example, ...]:
        """What updates are made of: the training clips, those of replay behind them."""
        return self.train + self.replay

    @cached_property
    def longest_text_tokens(self) -> int:
        return max(len(example.ids) for example in self.train)

    @cached_property
    def speakers(self) -> dict[str, list[Example]]:
        """The training clips of each speaker, by name; where several datasets name nobody, they are told apart."""
        found: dict[str, list[Example]] = {}
        for example in self.train:
            found.setdefault(example.speaker, []).append(example)
        unnamed = [own for own in found.values() if own[0].clip.speaker == UNNAMED]
        named = {own[0].clip.speaker: own for own in found.values()}
        if len(unnamed) > 1:
            del named[UNNAMED]
            named |= {f"{UNNAMED} {n} ({own[0].folder.name})": own for n, own in enumerate(unnamed, start=1)}
        return dict(sorted(named.items()))

    @property
    def front(self) -> Front:
        """How all of it is read, replay aside."""
        return self.datasets[0].front

    @property
    def fronts(self) -> dict[str, Front]:
        """How each language of it is read, replay aside."""
        return {primary_of(dataset.language): dataset.front for dataset in self.datasets}


def open_pair(data: Data, limits: Limits, tokenizer: Tokenizer, base: Base, progress: Progress | None = None) -> Pair:
    """Open datasets for a run.

    ConfigError when the base cannot hold clips of the limit; DataError when the datasets' texts were read in different
    ways, when too many clips do not fit, or when none is left.
    """
    refuse_long(limits, base)
    datasets, replayed = manifest.read_alike(data.datasets), manifest.read_alike(data.replay)
    refuse_both_ways(datasets, replayed)
    sides = []
    for several in (datasets, replayed):
        examples = [e for each in several for e in _examples(each, codes.ensure(each, base, progress), tokenizer)]
        sides.append(_sorted_out(examples, limits, tokenizer))
    (found, rejected), (more, more_rejected) = sides
    train = tuple(example for example in found if example.clip.split == "train")
    evaluated = train if data.eval_split == "train" else tuple(e for e in found if e.clip.split == "eval")
    replay = tuple(example for example in more if example.clip.split == "train")
    _refuse_none(train, evaluated, datasets)
    if replayed and not replay:
        raise DataError("data.replay: no training clips of it fit this run; see its datasets with `dimts check`")
    return Pair(train, evaluated, (*rejected, *more_rejected), datasets, replay, replayed)


def _sorted_out(
    examples: Sequence[Example], limits: Limits, tokenizer: Tokenizer
) -> tuple[list[Example], list[Rejection]]:
    """Part clips that fit this run from those that do not. DataError when these are too many."""
    checked = [(example, _unfit(example, limits, tokenizer)) for example in examples]
    rejected = [rejection for _, rejection in checked if rejection]
    found = [example for example, rejection in checked if not rejection]
    _refuse_many(rejected, len(found), limits)
    return found, rejected


def _examples(dataset: Dataset, cache: Cache, tokenizer: Tokenizer) -> list[Example]:
    ids: dict[str, tuple[int, ...]] = {}
    known = list(range(tokenizer.rows))  # clips share these: an int of its own for every token would be most of a clip
    for language in {clip.language for clip in dataset.clips}:
        clips = [clip for clip in dataset.clips if clip.language == language]
        encoded = tokenizer.encode_spoken_batch([clip.spoken for clip in clips], language)
        ids |= {clip.id: tuple(known[i] for i in found) for clip, found in zip(clips, encoded, strict=True)}
    entries = [(clip, cache.entry(clip)) for clip in dataset.clips]
    return [Example(dataset.folder, clip, ids[clip.id], e.codes, e.samples, cache) for clip, e in entries]


def _unfit(example: Example, limits: Limits, tokenizer: Tokenizer) -> Rejection | None:
    """Say why a clip does not fit this run, or None."""
    unknown = example.ids.count(tokenizer.unknown_id)
    checks = (
        ("unknown tokens", unknown, 0),
        ("text too long", len(example.ids), limits.text_tokens),
        ("clip too long", example.samples, limits.clip_samples),
    )
    for reason, measured, limit in checks:
        if measured > limit:
            clip = example.clip
            return Rejection(clip.id, STAGE, reason, measured, limit, clip.source, clip.text, clip.duration_s)
    return None


def refuse_long(limits: Limits, base: Base) -> None:
    """ConfigError when the base has no positions for clips of the limit."""
    most = (base.network.shape.gpt.code_positions - STOP_TARGETS) * CODE_SAMPLES
    if limits.clip_samples > most:
        raise ConfigError(
            f"limits.clip_samples: {limits.clip_samples} is more than {base.folder} can hold: at most {most} samples"
        )


def refuse_both_ways(datasets: Sequence[Dataset], replayed: Sequence[Dataset]) -> None:
    """DataError when replay reads a language in another way than it is learned."""
    learned = {primary_of(dataset.language): dataset for dataset in datasets}
    for dataset in replayed:
        other = learned.get(primary_of(dataset.language), dataset)
        if other.normaliser != dataset.normaliser:
            raise DataError(
                f"{dataset.folder}: data.replay reads {dataset.language} by {dataset.normaliser}, {other.folder} by"
                f" {other.normaliser}; prepare both alike, or leave it out"
            )


def _refuse_many(rejected: Sequence[Rejection], accepted: int, limits: Limits) -> None:
    share = len(rejected) / max(1, len(rejected) + accepted)
    if share <= limits.rejected_share:
        return
    reasons = sorted({rejection.reason for rejection in rejected})
    counts = ", ".join(f"{reason}: {sum(r.reason == reason for r in rejected)}" for reason in reasons)
    advice = "extend the vocabulary with `dimts vocab`" if "unknown tokens" in reasons else "raise the limits"
    raise DataError(
        f"{len(rejected)} of {len(rejected) + accepted} clips do not fit this run ({counts}; first: {rejected[0].id}); "
        f"{advice}, or raise limits.rejected_share ({limits.rejected_share:g})"
    )


def _refuse_none(train: Sequence[Example], evaluated: Sequence[Example], datasets: Sequence[Dataset]) -> None:
    names = ", ".join(str(dataset.folder) for dataset in datasets)
    if not train:
        raise DataError(f"{names}: no training clips; run `dimts prepare` with more recordings")
    if not evaluated:
        raise DataError(f"{names}: no clips are held back for evaluation; set data.eval_split: train, or prepare some")
