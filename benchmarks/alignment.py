"""Forced alignment and the score of transcripts on real speech: Debian's asterisk prompts, and espeak-ng's Amharic.

    apt-get download asterisk-core-sounds-{en,es,fr,it,ru}{,-g722}; for p in *.deb; do dpkg -x $p SOUNDS; done
    python benchmarks/alignment.py --sounds SOUNDS --work FOLDER [--minutes 60] [--languages en,am]

One line of JSON for each language. Needs ffmpeg once, to read g722 into FOLDER; the extras `align` and `prep`.
"""

import argparse
import gzip
import json
import resource
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dimts.app.demo import corpus
from dimts.audio import io, speech
from dimts.audio.resample import sinc
from dimts.data import align, phrases, recognisers
from dimts.data.recognisers import Recogniser

HZ = 16_000
UNWRITTEN_S = 20.0  # of speech that the text leaves out, at both ends
GAPS_S = (0.3, 1.5)  # silence between two prompts
NOISE = 1e-4  # of that silence
HEARD_DB = -35.0  # below its loudest 10 ms a prompt has not begun, or is over
DRAWS = 10  # shuffles of a tenth of the texts
SHARE, ALARMS = 0.1, 0.01
LIMITS = (0.2, 0.25, 0.3)  # tried: share of right texts under each, and of wrong ones
# Prompts whose published text is not what is said; found by their score, then looked at as phones.
NOT_SAID = {
    "it": {
        "beep", "beeperr", "confbridge-join", "confbridge-leave",  # tones, described
        "confbridge-mute-extended", "vm-tempremoved",  # the texts of the next prompts stand behind
        "conf-muted", "vm-then-pound", "dir-multi1", "dir-multi2",  # other words
    }
}  # fmt: skip


@dataclass(frozen=True)
class Prompt:
    """A recording at 16 kHz and its text."""

    name: str
    text: str
    samples: io.Samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60, help="of the long recording; 0 leaves it out")
    parser.add_argument("--prompts", type=int, default=1000, help="at most so many, chosen by chance")
    parser.add_argument("--languages", default="en,es,fr,it,ru,am")
    parser.add_argument("--recogniser", default="hama")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for language in options.languages.split(","):
        prompts = amharic() if language == "am" else list(published(options.sounds, options.work, language))
        order = np.random.default_rng(0).permutation(len(prompts))
        prompts = [prompts[index] for index in order[: options.prompts]]
        recogniser = recognisers.load(options.recogniser, language)
        facts = {"language": language, "prompts": len(prompts)}
        facts |= hour(recogniser, prompts, language, options.minutes * 60) if options.minutes else {}
        print(json.dumps(facts | shuffled(recogniser, prompts, language), ensure_ascii=False), flush=True)


def published(sounds: Path, work: Path, language: str) -> Iterator[Prompt]:
    """Read the prompts of a language that have a text of words."""
    (table,) = sounds.rglob(f"core-sounds-{language}.txt.gz")
    (folder,) = (sounds / "usr/share/asterisk/sounds").glob(f"{language}_*")
    for line in gzip.decompress(table.read_bytes()).decode("utf-8-sig").splitlines():
        name, colon, text = (part.strip() for part in line.partition(":"))
        sound = folder / f"{name}.g722"
        if not colon or line.startswith(";") or not text or set(text) & set("[]()<>") or not sound.is_file():
            continue
        wav = work / language / f"{name.replace('/', '+')}.wav"
        if not wav.is_file():
            wav.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["ffmpeg", "-v", "error", "-f", "g722", "-i", sound, wav], check=True)
        if name not in NOT_SAID.get(language, ()):
            yield Prompt(name, text, io.read(wav).samples)


def amharic() -> list[Prompt]:
    """Speak the demo's sentences by its voices, each by one."""
    prompts = []
    for number, text in enumerate(corpus.read_sentences()):
        audio = corpus.clip(text, corpus.VOICES[number % len(corpus.VOICES)])
        prompts.append(Prompt(str(number), text, sinc(torch.from_numpy(audio.samples), audio.rate_hz, HZ).numpy()))
    return prompts


def hour(recogniser: Recogniser, prompts: Sequence[Prompt], language: str, seconds: float) -> dict[str, Any]:
    """Join prompts to a long recording and find them again by their text."""
    chance = np.random.default_rng(0)
    pieces, placed, at = [], [], 0
    texts: list[str] = []
    while at < seconds * HZ:
        for index in chance.permutation(len(prompts)):
            prompt = prompts[index]
            gap = round(chance.uniform(*GAPS_S) * HZ)
            pieces += [chance.normal(0, NOISE, gap).astype(np.float32), prompt.samples]
            first, last = edges(prompt.samples)
            start = at + gap
            at = start + len(prompt.samples)
            if UNWRITTEN_S * HZ < start < (seconds - UNWRITTEN_S) * HZ:
                placed.append(((start + first) / HZ, (start + last) / HZ))
                texts.append(prompt.text)
            if at >= seconds * HZ:
                break
    samples = np.concatenate(pieces)
    began = time.process_time()
    spans = [(span.start_s, span.end_s) for span in speech.hear([samples], HZ).spans]
    heard_s = time.process_time() - began
    began = time.process_time()
    heard_TV = recognisers.posteriors(recogniser, np.array_split(samples, 60), spans)
    recognised_s = time.process_time() - began
    began = time.process_time()
    words = align.align(recogniser, heard_TV, "\n".join(texts), language)
    aligned_s = time.process_time() - began
    began = time.process_time()
    found = phrases.fitted(phrases.clips(words, spans), recogniser, heard_TV, language)
    cut_s = time.process_time() - began
    length_s = len(samples) / HZ
    facts = accuracy(words, texts, placed) | cuts(found, samples, texts, placed)
    work_s = recognised_s + aligned_s + cut_s
    return facts | {
        "minutes": round(length_s / 60, 1), "words": len(words), "sounds": sum(word.sounds for word in words),
        "speech CPU s": round(heard_s, 1), "recogniser CPU s": round(recognised_s, 1),
        "path CPU s": round(aligned_s, 1), "clips CPU s": round(cut_s, 1),
        "times real time": round(length_s / work_s, 1),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def edges(samples: io.Samples) -> tuple[int, int]:
    """Tell where the sound of a prompt begins and ends."""
    level = levels(samples)
    heard = np.flatnonzero(level > level.max() * 10 ** (HEARD_DB / 10))
    return int(heard[0]) * HZ // 100, int(heard[-1] + 1) * HZ // 100


def levels(samples: io.Samples) -> Any:
    """Give the mean square of each 10 ms."""
    size = HZ // 100
    return np.square(samples[: len(samples) // size * size].reshape(-1, size)).mean(axis=1)


def accuracy(
    words: Sequence[align.Word], texts: Sequence[str], placed: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """Compare the first and last word of each prompt with where it begins and ends."""
    errors, inside, at = [], [], 0
    for text, (start_s, end_s) in zip(texts, placed, strict=True):
        own = [word for word in words[at : at + len(align.WORD.findall(text))] if word.sounds]
        at += len(align.WORD.findall(text))
        if own:
            errors += [own[0].start_s - start_s, own[-1].end_s - end_s]
            inside += [start_s - 0.1 <= (word.start_s + word.end_s) / 2 <= end_s + 0.1 for word in own]
    sizes = np.abs(errors)
    milliseconds = {
        "begins, median ms": np.median(errors[::2]),
        "ends, median ms": np.median(errors[1::2]),
        "error, median ms": np.median(sizes),
        "error, p95 ms": np.quantile(sizes, 0.95),
    }
    shares = {"within 100 ms": sizes <= 0.1, "within 200 ms": sizes <= 0.2, "words in their prompt": inside}
    return {name: round(float(value) * 1000) for name, value in milliseconds.items()} | {
        name: share(found) for name, found in shares.items()
    }


def cuts(
    found: Sequence[phrases.Phrase], samples: io.Samples, texts: Sequence[str], placed: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """Tell whether clips are cut in silence, hold what their text says, and are of a good length."""
    lengths = np.array([clip.end_s - clip.start_s for clip in found])
    quiet, told, wholly = [], [], []
    for clip in found:
        first, stop = round(clip.start_s * HZ), round(clip.end_s * HZ)
        loudest = levels(samples[first:stop]).max()
        quiet += [
            levels(samples[max(0, at - 160) : at + 160]).max() < loudest * 10 ** (HEARD_DB / 10) for at in (first, stop)
        ]
        own = [(text, start_s, end_s) for text, (start_s, end_s) in zip(texts, placed, strict=True)
               if start_s < clip.end_s and clip.start_s < end_s]  # fmt: skip
        whole = all(clip.start_s <= start_s and end_s <= clip.end_s for _, start_s, end_s in own)
        wholly.append(whole)
        if whole:
            told.append(" ".join(" ".join(text for text, _, _ in own).split()) == clip.text)
    return {
        "clips": len(found), "of 3..11 s": share((lengths >= 3) & (lengths <= 11)), "over 11 s": share(lengths > 11),
        "cuts in silence": share(quiet), "of whole prompts": share(wholly), "of these as written": share(told),
        "fit, 1 % quantile": round(float(np.quantile([clip.fit for clip in found if clip.fit is not None], 0.01)), 3),
    }  # fmt: skip


def shuffled(recogniser: Recogniser, prompts: Sequence[Prompt], language: str) -> dict[str, Any]:
    """Give a tenth of the prompts the texts of others, again and again: how many does the score find?"""
    heard = [recognisers.posteriors(recogniser, [prompt.samples]) for prompt in prompts]

    def fit(index: int, text: str) -> float:
        known = align.fit(recogniser, heard[index], text, language)
        return float("nan") if known is None else known  # too short to tell

    right = np.array([fit(index, prompt.text) for index, prompt in enumerate(prompts)])
    words = np.array([len(align.WORD.findall(prompt.text)) for prompt in prompts])
    wrong: list[tuple[int, float]] = []
    chance = np.random.default_rng(0)
    for _ in range(DRAWS):
        chosen = chance.choice(len(prompts), max(2, round(SHARE * len(prompts))), replace=False)
        for index, other in zip(chosen.tolist(), np.roll(chosen, 1).tolist(), strict=True):
            if prompts[index].text != prompts[other].text:
                wrong.append((words[index], fit(index, prompts[other].text)))
    counts, fits = np.array(wrong).T
    facts: dict[str, Any] = {}
    for name, least in (("3 words and more", 3), ("all", 1)):
        rights, wrongs = right[words >= least], fits[counts >= least]
        told, wrongs = rights[~np.isnan(rights)], wrongs[~np.isnan(wrongs)]
        limit = np.quantile(told, ALARMS)
        facts[name] = {
            "prompts": len(rights), "too short to tell": len(rights) - len(told),
            "limit at 1 % alarms": round(float(limit), 3), "caught": share(wrongs < limit),
        } | {f"at {fixed}": [share(told < fixed), share(wrongs < fixed)] for fixed in LIMITS}  # fmt: skip
    worst = np.argsort(right)[:12]
    return facts | {"worst": [f"{prompts[i].name} {right[i]:.2f} {prompts[i].text[:40]}" for i in worst]}


def share(found: Any) -> float:
    """Percent."""
    return round(100 * float(np.mean(found)), 1)


if __name__ == "__main__":
    main()
