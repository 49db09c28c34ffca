"""What to say, and with which voices, when the user does not say it: held-out clips first, then the built-in sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dimts.data.manifest import Clip, Dataset
from dimts.errors import AudioError, ConfigError
from dimts.evaluate import pace, ranges, scorers, sentences, speaking
from dimts.evaluate.cache import Cache
from dimts.evaluate.evaluating import Plan
from dimts.evaluate.sentences import Sentence
from dimts.evaluate.speaking import Speaking
from dimts.evaluate.subject import Reference
from dimts.infer.decode import Sampling
from dimts.text.languages import primary_of

JOINED = 3  # recordings that make one voice


@dataclass(frozen=True)
class Asked:
    """What the user said."""

    out: Path  # folder of the report
    languages: tuple[str, ...] = ()  # (): those that the subjects were trained on
    texts: Path | None = None  # a file of sentences
    sentences: int = 24  # of each language to judge
    others: int = 4  # of each other language
    takes: int = 1
    references: tuple[Path, ...] = ()  # recordings, a voice each
    voices: int = 3  # that take turns where none is given
    recogniser: str | None = None
    sampling: Sampling = Sampling()
    seed: int = 0
    workers: int = 1


@dataclass(frozen=True)
class Known:
    """What the subjects are known to speak and have heard."""

    datasets: tuple[Dataset, ...]
    targets: tuple[str, ...]  # languages that they were trained on
    spoken: tuple[str, ...]  # all languages of their vocabularies
    stored: tuple[str, ...]  # names of voices that every subject keeps


def plan(asked: Asked, known: Known) -> Plan:
    """Choose what is said, by which voices, and who measures it. ConfigError where there is nothing to choose."""
    targets = asked.languages or known.targets
    if asked.texts:
        said = sentences.of_file(asked.texts, (targets or ("en",))[0])
    else:
        said = for_languages(targets, known.datasets, asked.sentences)
    judged = frozenset(primary_of(sentence.language) for sentence in said)
    said += of_others(known.spoken, judged, asked.others)
    references = _references(asked, known)
    cache, paces = Cache(asked.out), pace.of_datasets(known.datasets)
    pool = [(sentence.text, sentence.language) for code in {each.language for each in said}
            for sentence in sentences.built_in(code)]  # fmt: skip
    lines = tuple(speaking.lines(said, references, asked.takes, asked.seed))
    measuring = scorers.all_of(cache, paces, pool, asked.recogniser, (*targets, "en")[0], asked.workers)
    return Plan(
        lines,
        judged,
        Speaking(cache, paces, asked.sampling),
        measuring,
        asked.out,
        asked.seed,
        ranges.clips(known.datasets),
    )


def _references(asked: Asked, known: Known) -> list[Reference]:
    """Take the user's recordings, else voices of the datasets, else those that the subjects keep."""
    if asked.references:
        return of_files(asked.references)
    if found := of_datasets(known.datasets, asked.voices):
        return found
    if not known.stored:
        raise ConfigError("no voice to speak with: give --reference RECORDING, or --dataset")
    return [Reference(name) for name in known.stored[: asked.voices]]


def for_languages(languages: Iterable[str], datasets: Sequence[Dataset], count: int) -> list[Sentence]:
    """Choose sentences of each language: held-back clips with their recordings, filled up with built-in ones.

    ConfigError for a language that has neither.
    """
    chosen: list[Sentence] = []
    for language in languages:
        own = [data for data in datasets if primary_of(data.language) == primary_of(language)]
        found = [sentence for data in own for sentence in sentences.of_dataset(data, count)][:count]
        known = {sentence.text for sentence in found}
        more = [each for each in sentences.built_in(language) if each.text not in known | trained_texts(own)]
        found += more[: max(0, count - len(found))]
        if not found:
            known_languages = ", ".join(sentences.built_in_languages())
            raise ConfigError(f"language {language}: no sentences for it (built in: {known_languages}); give --texts")
        chosen += found
    return chosen


def of_others(spoken: Iterable[str], targets: Iterable[str], count: int) -> list[Sentence]:
    """Choose a few sentences of each other language that a network speaks, to hear what it forgot."""
    left_out = {primary_of(language) for language in targets}
    languages = [each for each in dict.fromkeys(map(primary_of, spoken)) if each not in left_out]
    return [sentence for language in languages for sentence in sentences.built_in(language, count)] if count else []


def trained_texts(datasets: Iterable[Dataset]) -> set[str]:
    """Return the texts that training heard: nobody is judged on these."""
    return {clip.text for data in datasets for clip in data.side("train")}


def of_files(paths: Sequence[Path]) -> list[Reference]:
    """Make a voice of each recording. AudioError where one is not there."""
    for path in paths:
        if not path.is_file():
            raise AudioError(f"--reference {path}: there is no such file")
    return [Reference(path.stem, (path,)) for path in paths]


def of_datasets(datasets: Sequence[Dataset], count: int) -> list[Reference]:
    """Make voices of the training clips: of so many speakers, or several of one speaker's recordings.

    A speaker's longest clips come first; each voice is three of them.
    """
    speakers: dict[str, list[tuple[Path, Clip]]] = {}
    for data in datasets:
        for clip in data.side("train") or data.clips:
            speakers.setdefault(f"{data.folder.name} {clip.speaker}", []).append((data.folder / clip.audio, clip))
    heard = sorted(speakers.items(), key=lambda item: (-sum(clip.duration_s for _, clip in item[1]), item[0]))[:count]
    each = -(-count // max(1, len(heard)))
    return [
        voice
        for name, clips in heard
        for voice in _voices(name.split(" ", 1)[1] if len(heard) > 1 else "", clips, each)
    ][:count]


def _voices(speaker: str, clips: Sequence[tuple[Path, Clip]], count: int) -> list[Reference]:
    longest = sorted(clips, key=lambda each: (-each[1].duration_s, each[1].id))
    groups = [longest[start : start + JOINED] for start in range(0, count * JOINED, JOINED)]
    names = [f"{speaker or 'voice'} {number}" if count > 1 else speaker for number in range(1, count + 1)]
    return [
        Reference(name, tuple(path for path, _ in group)) for name, group in zip(names, groups, strict=True) if group
    ]
