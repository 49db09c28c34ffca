"""The corpus of the small base: our sentences in five languages, spoken by eSpeak NG in seven voices.

    python benchmarks/small_base/corpus.py OUT --hours 10 --workers 16

gives OUT/<language>/metadata.csv (audio_file|text|speaker_name) with its recordings, and the same under
OUT/held_out/<language>, where one voice speaks that training never hears. The same arguments give the same bytes, on
any number of workers. corpus.json is written last: a folder that has the right one is complete and stays.
"""

import argparse
import csv
import io
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import sentences

from dimts.app.demo import espeak
from dimts.app.demo.corpus import level, trim
from dimts.audio.io import Audio, replace, write
from dimts.text.normalise import normalise

FORMAT = 1  # raise it when the same arguments give other bytes
ESPEAK = {"en": "en-us"}  # espeak-ng's name of a language, where it is not ours
VOICES = {"m1": 45, "m3": 45, "m7": 70, "m8": 40, "f1": 50, "f2": 65, "f4": 35}  # variant: pitch, 0..99; 78 to 215 Hz
UNSEEN = {"m6": 60}  # never in training; 110 Hz
PITCH_SPREAD = 5
RATES_WPM = (135, 175)
EDGE_S = 0.1  # silence before and after the speech
LIMITS_S = (1.0, 10.0)
PLANNED_S = (0.9, 9.6)  # by the estimate below, whose error has a standard deviation of 0.2 to 0.3 s
EDGES_S, PAUSE_S = 0.35, 0.16  # of an utterance, and for each mark within it; fitted, as what follows
CHARACTERS_PER_S = {"en": 18.7, "es": 17.2, "it": 17.7, "de": 18.5, "pl": 14.6}  # at USUAL_WPM
USUAL_WPM = 155
AGAIN_SHARE = 0.1  # of the sentences are spoken by a second voice too
BLOCK = 25  # utterances a worker takes at a time


@dataclass(frozen=True)
class Utterance:
    """What is to be spoken, and how."""

    audio_file: str
    text: str
    language: str
    variant: str
    rate_wpm: int
    pitch: int


@dataclass(frozen=True)
class Spoken:
    """A line of metadata.csv and its length."""

    audio_file: str
    text: str
    speaker_name: str
    duration_s: float


Planned = Callable[[], Iterator[Utterance]]


def main() -> None:
    """Build the folders of all languages and say what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=10.0, help="of all languages together")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--languages", default=",".join(sentences.LANGUAGES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    languages = options.languages.split(",")
    with ProcessPoolExecutor(options.workers) as pool:
        for language in languages:
            began = time.perf_counter()
            facts = training(pool, options.out / language, language, options.hours / len(languages), options.seed)
            held_out(pool, options.out / "held_out" / language, language)
            print(json.dumps({**facts, "wall_s": round(time.perf_counter() - began, 1)}), flush=True)


def training(pool: ProcessPoolExecutor, folder: Path, language: str, hours: float, seed: int) -> dict[str, object]:
    """Build a language's training folder."""
    about = {"format": FORMAT, "language": language, "hours": hours, "seed": seed}
    return build(pool, folder, about, lambda: plan(language, hours, seed))


def held_out(pool: ProcessPoolExecutor, folder: Path, language: str) -> dict[str, object]:
    """Build a language's held-out folder: each sentence by a known voice, the listening set by the unseen one too."""
    facts = build(pool, folder, {"format": FORMAT, "language": language}, lambda: plan_held_out(language))
    for name, texts in (("held_out", sentences.held_out(language)), ("listening", sentences.listening(language))):
        replace(folder / f"{name}.txt", "".join(f"{text}\n" for text in texts).encode())
    return facts


def plan(language: str, hours: float, seed: int) -> Iterator[Utterance]:
    """Give what to speak until it is about as long as asked for."""
    chance = random.Random(f"voices {language} {seed}")
    left_s, number = hours * 3600, 0
    for text in sentences.training(language, seed):
        count = 2 if chance.random() < AGAIN_SHARE else 1
        for variant in chance.sample(sorted(VOICES), count):
            number += 1
            utterance = drawn(f"{language}-{number:05d}", text, language, variant, chance)
            length_s = estimated_s(utterance)
            if PLANNED_S[0] <= length_s <= PLANNED_S[1]:
                left_s -= length_s
                yield utterance
        if left_s <= 0:
            return


def estimated_s(utterance: Utterance) -> float:
    """About how long it will be."""
    spoken = normalise(utterance.text, utterance.language)
    pauses = sum(spoken[:-1].count(mark) for mark in ".,?!")
    speech_s = len(spoken) / CHARACTERS_PER_S[utterance.language] * USUAL_WPM / utterance.rate_wpm
    return EDGES_S + speech_s + PAUSE_S * pauses


def plan_held_out(language: str) -> Iterator[Utterance]:
    """Give what to speak of the sentences held out."""
    chance = random.Random(f"held-out voices {language}")
    known, (unseen,) = sorted(VOICES), UNSEEN
    for number, text in enumerate(sentences.held_out(language)):
        yield drawn(f"{language}-held-{number:02d}", text, language, known[number % len(known)], chance)
    for number, text in enumerate(sentences.listening(language)):
        yield drawn(f"{language}-unseen-{number:02d}", text, language, unseen, chance)


def drawn(name: str, text: str, language: str, variant: str, chance: random.Random) -> Utterance:
    """Draw rate and pitch of an utterance."""
    pitch = {**VOICES, **UNSEEN}[variant] + chance.randint(-PITCH_SPREAD, PITCH_SPREAD)
    return Utterance(f"wavs/{name}-{variant}.wav", text, language, variant, chance.randint(*RATES_WPM), pitch)


def build(pool: ProcessPoolExecutor, folder: Path, about: dict[str, object], planned: Planned) -> dict[str, object]:
    """Speak what is planned into a folder, or leave the folder that is complete; give its corpus.json."""
    note = folder / "corpus.json"
    if note.is_file() and (found := json.loads(note.read_text())).items() >= about.items():
        return dict(found)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "wavs").mkdir(parents=True)
    utterances = list(planned())
    by_voice = blocks(utterances)
    lines = [line for lines in pool.map(speak, [folder] * len(by_voice), by_voice) for line in lines]
    spoken = sorted(lines, key=lambda line: line.audio_file)
    replace(folder / "metadata.csv", table(spoken))
    lengths = sorted(line.duration_s for line in spoken)
    facts = {**about, "planned": len(utterances), "clips": len(spoken), "seconds": round(sum(lengths), 1),
             "median_s": round(lengths[len(lengths) // 2], 2), "longest_s": round(lengths[-1], 2)}  # fmt: skip
    replace(note, json.dumps(facts).encode())
    return facts


def blocks(utterances: Sequence[Utterance]) -> list[list[Utterance]]:
    """Utterances of one voice each, which is faster, as many as a worker takes at a time."""
    voices = sorted({each.variant for each in utterances})
    by_voice = [[each for each in utterances if each.variant == voice] for voice in voices]
    return [some[first : first + BLOCK] for some in by_voice for first in range(0, len(some), BLOCK)]


def speak(folder: Path, utterances: Sequence[Utterance]) -> list[Spoken]:
    """Speak utterances of one voice into files; those that come out too short or too long are left out."""
    language, variant = utterances[0].language, utterances[0].variant
    lines = [espeak.Line(normalise(each.text, language), each.rate_wpm, each.pitch) for each in utterances]
    spoken = []
    for each, sound in zip(utterances, espeak.speak_all(lines, ESPEAK.get(language, language), variant), strict=True):
        audio = Audio(level(trim(sound.samples, EDGE_S)), sound.rate_hz)
        if LIMITS_S[0] <= audio.duration_s <= LIMITS_S[1]:
            write(folder / each.audio_file, audio)
            spoken.append(Spoken(each.audio_file, each.text, variant, audio.duration_s))
    return spoken


def table(spoken: Sequence[Spoken]) -> bytes:
    """Write metadata.csv."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="|", lineterminator="\n")
    writer.writerow(("audio_file", "text", "speaker_name"))
    writer.writerows((each.audio_file, each.text, each.speaker_name) for each in spoken)
    return out.getvalue().encode()


if __name__ == "__main__":
    main()
