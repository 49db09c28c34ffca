"""Do the scorers of `dimts evaluate` put real speech before espeak-ng's, that before noise, and wrong texts last?

    python benchmarks/scorers.py --wavs WAVS --work FOLDER [--prompts 40]       # metadata.csv: id|text, and recordings
    python benchmarks/scorers.py --sounds SOUNDS --language en --work FOLDER    # asterisk's prompts, as alignment.py

One line of JSON: the mean of each column with its interval for recordings, for espeak-ng with the same texts, for that
in noise of its own loudness, for such noise alone, and for the recordings with each other's texts.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dimts.app.demo import espeak
from dimts.audio import io
from dimts.audio.io import Audio
from dimts.evaluate import intervals, scorers
from dimts.evaluate.cache import Cache, key_of
from dimts.evaluate.pace import Paces
from dimts.evaluate.sentences import Sentence, built_in
from dimts.evaluate.speaking import Line, Take
from dimts.evaluate.subject import Reference
from dimts.text import g2p

sys.path.insert(0, str(Path(__file__).parent))
LEAST_WORDS = 4
WHO = ("recordings", "espeak", "espeak in noise", "noise", "other texts")
TELLS_TEXTS = ("nearest", "phone_distance", "phone_error", "cer", "wer")  # all that claims to hear which text it is


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wavs", type=Path, help="folder with metadata.csv and recordings of one speaker")
    parser.add_argument("--sounds", type=Path, help="folder of Debian's asterisk prompts")
    parser.add_argument("--language", default="en")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--prompts", type=int, default=40)
    options = parser.parse_args()
    said = list(of_table(options.wavs)) if options.wavs else list(of_prompts(options))
    order = np.random.default_rng(0).permutation(len(said))[: options.prompts]
    print(json.dumps(measure([said[at] for at in order], options.language, options.work), ensure_ascii=False))


def of_table(folder: Path) -> Iterator[tuple[Path, str]]:
    """Read recordings with their texts."""
    for line in (folder / "metadata.csv").read_text(encoding="utf-8").splitlines():
        name, text, *_ = line.split("|")
        yield folder / f"{name}.wav", text


def of_prompts(options: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """Read asterisk's prompts of some words."""
    from alignment import published

    for prompt in published(options.sounds, options.work, options.language):
        if len(prompt.text.split()) >= LEAST_WORDS:
            path = options.work / options.language / f"{prompt.name.replace('/', '+')}.wav"
            yield path, prompt.text


def measure(said: Sequence[tuple[Path, str]], language: str, work: Path) -> dict[str, Any]:
    """Score all five; each recording's voice is that of the next two."""
    pool = [(each.text, each.language) for each in built_in(language)]
    columns = scorers.all_of(Cache(work / "scored"), Paces(), pool, None, language, 1)
    found: dict[str, Any] = {"language": language, "clips": len(said)}
    for who, takes in zip(WHO, everyone(said, language, work), strict=True):
        values = [scorer.score(takes) for scorer in columns if scorer.absent() is None]
        rows = [{name: value for each in of for name, value in each.items()} for of in zip(*values, strict=True)]
        names = TELLS_TEXTS if who == "other texts" else dict.fromkeys(name for row in rows for name in row)
        told = {name: [row[name] for row in rows if row.get(name) is not None] for name in names}
        found[who] = {name: str(intervals.mean(own)) for name, own in told.items() if own}
    found["absent"] = {column.name: each.absent() for each in columns if each.absent() for column in each.columns}
    return found


def everyone(said: Sequence[tuple[Path, str]], language: str, work: Path) -> Iterator[list[Take]]:
    """Give the takes of recordings, of espeak-ng, of it in noise, of noise, and of recordings with other texts."""
    real = [take("real", said, at, language, path) for at, (path, _) in enumerate(said)]
    synthetic = [sound.samples / (np.abs(sound.samples).max() * 2) for sound in spoken(said, language)]
    noise = [np.random.default_rng(at).normal(size=len(own)) * own.std() for at, own in enumerate(synthetic)]
    yield real
    for who, sounds in (
        ("espeak", synthetic),
        ("noisy", [own + more for own, more in zip(synthetic, noise, strict=True)]),
        ("noise", noise),
    ):
        paths = [work / who / f"{path.stem}.flac" for path, _ in said]
        for path, sound in zip(paths, sounds, strict=True):
            io.write(path, Audio(np.clip(sound, -1, 1).astype(np.float32), espeak.RATE_HZ))
        yield [take(who, said, at, language, path) for at, path in enumerate(paths)]
    yield [
        replace(own, line=replace(own.line, sentence=Sentence(said[at - 1][1], language)))
        for at, own in enumerate(real)
    ]


def spoken(said: Sequence[tuple[Path, str]], language: str) -> Iterator[Audio]:
    """Speak the same texts."""
    lines = [espeak.Line(text) for _, text in said]
    yield from espeak.speak_all(lines, {"en": "en-us"}.get(language, g2p.ESPEAK.get(language, language)), "")


def take(who: str, said: Sequence[tuple[Path, str]], at: int, language: str, path: Path) -> Take:
    """Make a take of a sound."""
    own, text = said[at]
    voice = Reference("voice", tuple(said[(at + step) % len(said)][0] for step in (1, 2)))
    line = Line(Sentence(text, language, own), voice, 0)
    return Take(who, line, key_of(who, own.name, text), path, {"codes": 1, "ended": True})


if __name__ == "__main__":
    main()
