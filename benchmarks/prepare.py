"""How fast recordings become a dataset, and whether the cost is linear: synthetic speech of any length, with subtitles.

    python benchmarks/prepare.py --minutes 20 40 --workers 1 2

Recordings of ten minutes: espeak-ng sentences with pauses between, noise under all of it, cues up to 0.2 s off. Timed
is all of `prepare`: reading, speech detection, cutting, checks and writing. `cpu_s` counts all processes, so it means
something on a busy machine too. `again_s` is what a run over nothing new takes.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from dimts.app.demo import corpus, espeak
from dimts.audio import io
from dimts.data.options import Options
from dimts.data.prepare import prepare

RECORDING_S = 600.0
PAUSES_S = (0.25, 1.2)
NOISE = 0.0005
OFF_S = 0.2  # cues by hand
PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


Voices = dict[str, list[io.Audio]]


def material(folder: Path, minutes: float) -> list[Path]:
    """Write recordings and their subtitles, on all cores; return these."""
    texts = corpus.read_sentences()[:40]
    voices: Voices = {name: [espeak.speak(text, *name.split("+")) for text in texts] for name in corpus.VOICES}
    places = [folder / f"recording{number:03}" for number in range(round(minutes * 60 / RECORDING_S))]
    spoken = [voices[corpus.VOICES[number % len(voices)]] for number in range(len(places))]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
        return list(pool.map(recording, places, spoken, range(len(places))))


def recording(place: Path, spoken: list[io.Audio], seed: int) -> Path:
    """Write one recording; each sentence at its own speed of a few percent, so that hardly any clip comes twice."""
    chance = np.random.default_rng(seed)
    parts, cues, at_s, number = [], [], 0.0, 0
    while at_s < RECORDING_S:
        pause_s = chance.uniform(*PAUSES_S)
        samples = spoken[chance.integers(len(spoken))].samples
        count = round(len(samples) * chance.uniform(0.9, 1.1))
        said = np.interp(np.linspace(0, len(samples) - 1, count), np.arange(len(samples)), samples)
        parts += [np.zeros(round(pause_s * espeak.RATE_HZ)), said]
        start_s, end_s = at_s + pause_s, at_s + pause_s + count / espeak.RATE_HZ
        off = chance.uniform(-OFF_S, OFF_S, 2)
        cues.append((max(0.0, start_s + off[0]), end_s + off[1], f"ቃል {number}።"))
        at_s, number = end_s, number + 1
    whole = np.concatenate(parts)
    whole = whole + chance.normal(0, NOISE, len(whole))
    place.parent.mkdir(parents=True, exist_ok=True)
    io.write(place.with_suffix(".wav"), io.Audio(whole.astype(np.float32), espeak.RATE_HZ))
    rows = (f"{n}\n{clock(a)} --> {clock(b)}\n{text}\n" for n, (a, b, text) in enumerate(cues, start=1))
    place.with_suffix(".srt").write_text("\n".join(rows), encoding="utf-8")
    return place.with_suffix(".srt")


def clock(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{milliseconds:03}"


def cpu_s() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, PROCESSES))


def measure(sources: list[Path], out: Path, workers: int) -> dict[str, object]:
    stages: dict[str, float] = {}

    def note(stage: str, done: int, total: int) -> None:
        stages[stage] = time.perf_counter()

    options = Options(workers=workers)
    wall, cpu = time.perf_counter(), cpu_s()
    dataset = prepare(sources, out, "am", options, note)
    wall_s, used_s = time.perf_counter() - wall, cpu_s() - cpu
    sound_s = sum(totals.found_s for totals in dataset.totals)
    ends = [wall, *stages.values()]
    again = time.perf_counter()
    same = prepare(sources, out, "am", options) == dataset
    return {
        "minutes": round(sound_s / 60, 1),
        "workers": workers,
        "clips": len(dataset.clips),
        "wall_s": round(wall_s, 2),
        "cpu_s": round(used_s, 2),
        "times_real_time_wall": round(sound_s / wall_s, 1),
        "times_real_time_cpu": round(sound_s / used_s, 1),
        "stages_s": {name: round(b - a, 2) for name, a, b in zip(stages, ends, ends[1:], strict=False)},
        "again_s": round(time.perf_counter() - again, 2),
        "again_same": same,
        "most_mb": max(resource.getrusage(kind).ru_maxrss for kind in PROCESSES) // 1024,
        "rejected": dataset.reasons,
        "balanced": all(totals.balanced for totals in dataset.totals),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, nargs="+", default=[20, 40])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        sources = material(Path(place), max(options.minutes))
        for minutes in options.minutes:
            some = sources[: round(minutes * 60 / RECORDING_S)]
            for workers in options.workers:
                found = measure(some, Path(place) / f"{minutes}-{workers}", workers)
                sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
