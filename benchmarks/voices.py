"""How often are two voices in one clip found: prompts of two speakers in one clip against prompts of one.

    apt-get download asterisk-core-sounds-{en,es,fr,it,ru}-g722; for p in *.deb; do dpkg -x $p SOUNDS; done
    python benchmarks/voices.py --sounds SOUNDS --work FOLDER
    python benchmarks/voices.py --folders june=FOLDER armelle=FOLDER ...   (other recordings: a folder for each speaker)
    python benchmarks/voices.py --espeak                                   (Amharic by the demo's voices)

One line of JSON for clips of each length. Needs ffmpeg once, to read g722 into FOLDER; the weights of `resemblyzer`.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from dimts.app.demo import corpus, espeak
from dimts.audio import io, voices
from dimts.audio.levels import levels
from dimts.data.filters import Limits

SPEAKERS = {  # one woman speaks two of the languages
    "en_US_f_Allison": "Allison",
    "es_MX_f_Allison": "Allison",
    "fr_CA_f_June": "June",
    "it_IT_m_Carlo": "Carlo",
    "ru_RU_f_IvrvoiceRU": "Ivrvoice",
}
NOT_SPEECH = ("silence", "beep", "tone", "monkeys")
LEAST_S = 1.0  # of a prompt, its silence left out
HEARD_DB = -40.0  # below its loudest 10 ms a prompt has not begun, or is over
LENGTHS_S = ((3, 5), (5, 7), (7, 9), (9, 11))
GAPS_S = (0.1, 0.4)  # between two prompts
SHARES = (0.25, 0.5)  # of the clip that the second speaker has
ALARMS = 0.01


@dataclass(frozen=True)
class Set:
    """All prompts of one speaker in one language."""

    name: str
    speaker: str
    prompts: Sequence[io.Samples]


@dataclass(frozen=True)
class Clip:
    """A clip made of prompts of one set, or of two speakers'."""

    sets: tuple[str, ...]
    samples: io.Samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--folders", nargs="*", default=[], metavar="SPEAKER=FOLDER")
    parser.add_argument("--espeak", action="store_true")
    parser.add_argument("--clips", type=int, default=200, help="of one voice and of two, for each length")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for rate_hz, sets in material(options):
        measured(sets, rate_hz, options.clips, np.random.default_rng(options.seed))


def material(options: argparse.Namespace) -> Iterator[tuple[int, list[Set]]]:
    """Give the sets that were asked for with their sample rate."""
    if options.sounds:
        folders = {name: read(options.sounds, options.work, name) for name in SPEAKERS}
        yield from joined({name: (SPEAKERS[name], folder) for name, folder in folders.items()})
    if options.folders:
        pairs = (text.split("=", 1) for text in options.folders)
        yield from joined({name: (name, Path(folder)) for name, folder in pairs})
    if options.espeak:
        sentences = corpus.read_sentences()
        said = {
            voice: [espeak.speak(text, *voice.split("+"), pitch=corpus.PITCH[voice]) for text in sentences]
            for voice in corpus.VOICES
        }
        sets = [Set(name, name, trimmed(sounds)) for name, sounds in said.items()]
        yield next(iter(said.values()))[0].rate_hz, sets


def joined(folders: Mapping[str, tuple[str, Path]]) -> Iterator[tuple[int, list[Set]]]:
    """Read a folder for each set; all have one rate."""
    sets, rates = [], set()
    for name, (speaker, folder) in folders.items():
        paths = sorted(path for path in folder.glob("*.wav") if not any(word in path.name for word in NOT_SPEECH))
        sounds = [io.read(path) for path in paths if soundfile.info(path).frames]
        rates |= {sound.rate_hz for sound in sounds}
        sets.append(Set(name, speaker, trimmed(sounds)))
    (rate_hz,) = rates
    yield rate_hz, sets


def read(sounds: Path, work: Path, name: str) -> Path:
    """Decode the prompts of a language, once."""
    (folder,) = sounds.rglob(name)
    (work / name).mkdir(parents=True, exist_ok=True)
    for sound in folder.rglob("*.g722"):
        wav = work / name / f"{'+'.join(sound.relative_to(folder).parts)}.wav"
        if not wav.is_file():
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "g722", "-i", sound, wav], check=True)
    return work / name


def trimmed(sounds: Sequence[io.Audio]) -> list[io.Samples]:
    """Cut the silence off both ends; leave out what is short then."""
    kept = []
    for sound in sounds:
        levels_db = levels(sound.samples, sound.rate_hz)
        heard = np.flatnonzero(levels_db > levels_db.max(initial=-99) + HEARD_DB)
        if len(heard) and (heard[-1] + 1 - heard[0]) / 100 >= LEAST_S:
            kept.append(sound.samples[heard[0] * sound.rate_hz // 100 : (heard[-1] + 1) * sound.rate_hz // 100])
    return kept


def measured(sets: Sequence[Set], rate_hz: int, count: int, chance: np.random.Generator) -> None:
    """Make clips of one voice and of two, of each length; print what is found at 1 % false alarms and at the limit."""
    print(json.dumps({"prompts": {each.name: len(each.prompts) for each in sets}}), flush=True)
    limit, begun_s, sound_s = Limits().min_same_voice, time.process_time(), 0.0
    found: dict[tuple[int, int], list[tuple[list[tuple[str, ...]], list[float]]]] = {}
    for length_s in LENGTHS_S:
        for make in (one_voice, two_voices):
            clips = [make(sets, rate_hz, chance.uniform(*length_s), chance) for _ in range(count)]
            heard = [voices.likeness(clip.samples, rate_hz) for clip in clips]
            sound_s += sum(len(clip.samples) for clip in clips) / rate_hz
            alike = [1.0 if value is None else value for value in heard]
            found.setdefault(length_s, []).append(([clip.sets for clip in clips], alike))
    speed = round(sound_s / (time.process_time() - begun_s))
    both = [sum((part[at][1] for part in found.values()), []) for at in (0, 1)]
    at_alarms = float(np.quantile(both[0], ALARMS))
    for length_s, ((_, one), (_, two)) in found.items():
        print(json.dumps({"length s": length_s, **told(one, two, at_alarms, limit)}), flush=True)
    pairs = sum((part[1][0] for part in found.values()), [])
    missed = {"+".join(pair): told([], values, at_alarms, limit)["caught at the limit"]
              for pair, values in sorted(by_pair(pairs, both[1]).items())}  # fmt: skip
    everything = told(both[0], both[1], at_alarms, limit)
    print(json.dumps({"length s": "all", **everything, "by pair": missed, "times real time": speed}), flush=True)


def told(one: Sequence[float], two: Sequence[float], at_alarms: float, limit: float) -> dict[str, Any]:
    """Count what lies under the limits, in percent."""

    def under(values: Sequence[float], bound: float) -> float | None:
        return round(100 * float(np.mean(np.array(values) < bound)), 1) if values else None

    return {
        "limit at 1 % alarms": round(at_alarms, 3),
        "caught": under(two, at_alarms),
        "alarms": under(one, at_alarms),
        "limit": limit,
        "caught at the limit": under(two, limit),
        "alarms at the limit": under(one, limit),
    }


def by_pair(pairs: Sequence[tuple[str, ...]], values: Sequence[float]) -> dict[tuple[str, ...], list[float]]:
    together: dict[tuple[str, ...], list[float]] = {}
    for pair, value in zip(pairs, values, strict=True):
        together.setdefault(tuple(sorted(pair)), []).append(value)
    return together


def one_voice(sets: Sequence[Set], rate_hz: int, length_s: float, chance: np.random.Generator) -> Clip:
    """Join prompts of one speaker and language."""
    of = sets[chance.integers(len(sets))]
    return Clip((of.name,), spoken(of, rate_hz, length_s, chance))


def two_voices(sets: Sequence[Set], rate_hz: int, length_s: float, chance: np.random.Generator) -> Clip:
    """Join two speakers: the second before, behind or amid the first."""
    while True:
        first, second = (sets[at] for at in chance.permutation(len(sets))[:2])
        if first.speaker != second.speaker:
            break
    share = chance.uniform(*SHARES)
    own = spoken(first, rate_hz, length_s * (1 - share), chance)
    other = spoken(second, rate_hz, length_s * share, chance)
    cut = round(len(own) * (0.0, 1.0, chance.uniform(0.3, 0.7))[chance.integers(3)])
    parts = [own[:cut], silence(rate_hz, chance), other, silence(rate_hz, chance), own[cut:]]
    return Clip((first.name, second.name), np.concatenate(parts))


def spoken(of: Set, rate_hz: int, length_s: float, chance: np.random.Generator) -> io.Samples:
    """Join prompts until they are as long as that, and cut there."""
    parts: list[io.Samples] = []
    while sum(map(len, parts)) < length_s * rate_hz:
        parts += [of.prompts[chance.integers(len(of.prompts))], silence(rate_hz, chance)]
    return np.concatenate(parts[:-1])[: round(length_s * rate_hz)]


def silence(rate_hz: int, chance: np.random.Generator) -> io.Samples:
    return np.zeros(round(chance.uniform(*GAPS_S) * rate_hz), np.float32)


if __name__ == "__main__":
    main()
