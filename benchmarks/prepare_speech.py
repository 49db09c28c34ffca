"""How well speech is found and cut: telephone prompts between silence and music, put together with known truth.

Needs Debian's packages asterisk-core-sounds-*-g722 (prompts of four speakers in five languages, 16 kHz) and
asterisk-moh-opsound-g722 (music), unpacked, and ffmpeg. Prints one JSON object for each condition.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dimts.audio import cutting, io, speech
from dimts.audio.levels import levels
from dimts.audio.spans import Span

RATE_HZ = 16_000
NO_SPEECH = ("beep", "tone", "silence", "confbridge", "hello-world-tone")
SILENCE_S = (0.3, 3.0)  # between prompts
MUSIC_S = (5.0, 20.0)
MUSIC_SHARE = 0.08  # of the places between prompts
UNDER_SHARE = 0.15  # of the prompts have music under them
UNDER_DB = 15.0  # below the speech
ROW = 10  # prompts of one speaker in a row
NEAR_S = 0.3  # a boundary found further away is none of this truth
TRUE_DEPTH_DB = 40.0  # under the loud parts of a prompt its silence starts
TRUE_PAUSE_S = 0.15

Samples = npt.NDArray[np.float32]


@dataclass
class Recording:
    """An hour and what is in it."""

    parts: list[Samples] = field(default_factory=list)
    prompts: list[list[Span]] = field(default_factory=list)  # the true spans of speech of each prompt
    music: list[Span] = field(default_factory=list)  # alone
    under: list[bool] = field(default_factory=list)  # whether a prompt has music under it
    length: int = 0

    def add(self, samples: Samples) -> float:
        """Append sound; return where it starts."""
        self.parts.append(samples)
        self.length += len(samples)
        return (self.length - len(samples)) / RATE_HZ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sounds", type=Path, required=True, help="the folder usr/share/asterisk of the packages")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noise", type=float, nargs="+", default=[-70.0, -45.0], help="levels of white noise in dBFS")
    parser.add_argument("--detector", nargs="+", default=["silero", "energy"])
    options = parser.parse_args()
    recording = compose(options.sounds, options.hours * 3600, options.seed)
    samples = np.concatenate(recording.parts)
    for noise_db in options.noise:
        noise = np.random.default_rng(options.seed).standard_normal(len(samples), np.float32) * 10 ** (noise_db / 20)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "hour.flac"
            io.write(path, io.Audio((samples + noise).astype(np.float32), RATE_HZ))
            for detector in options.detector:
                print(json.dumps({"noise_dbfs": noise_db, "detector": detector, **measure(path, recording, detector)}))


def compose(sounds: Path, duration_s: float, seed: int) -> Recording:
    """Put prompts of one speaker after another with silence between, music in some places and under some prompts."""
    random, recording = np.random.default_rng(seed), Recording()
    music, prompts = tracks(sounds / "moh", random), drawn(sounds / "sounds", random)
    while recording.length < duration_s * RATE_HZ:
        recording.add(np.zeros(round(lasting(random) * RATE_HZ), np.float32))
        if random.random() < MUSIC_SHARE:
            piece = next(music)[: round(random.uniform(*MUSIC_S) * RATE_HZ)]
            start_s = recording.add(piece)
            recording.music.append(Span(start_s, start_s + len(piece) / RATE_HZ))
            recording.add(np.zeros(round(lasting(random) * RATE_HZ), np.float32))
        prompt = next(prompts)
        true = truth(prompt)
        under = bool(random.random() < UNDER_SHARE)
        if under:
            prompt = prompt + beneath(prompt, next(music))
        start_s = recording.add(prompt)
        recording.prompts.append([Span(start_s + span.start_s, start_s + span.end_s) for span in true])
        recording.under.append(under)
    return recording


def lasting(random: np.random.Generator) -> float:
    """Draw a silence in seconds: short ones are as frequent as long ones."""
    return float(np.exp(random.uniform(*np.log(SILENCE_S))))


def drawn(folder: Path, random: np.random.Generator) -> Iterator[Samples]:
    """Give prompts in rows of one speaker, each once, longer than half a second, without beeps."""
    speakers = []
    for speaker in sorted(folder.iterdir()):
        files = sorted(file for file in speaker.rglob("*.g722") if not any(word in str(file) for word in NO_SPEECH))
        speakers.append([files[at] for at in random.permutation(len(files))])
    while any(speakers):
        files = speakers[random.integers(len(speakers))]
        for file in [files.pop() for _ in range(min(ROW, len(files)))]:
            samples = decoded(file)
            if len(samples) > RATE_HZ / 2 and truth(samples):
                yield samples


def tracks(folder: Path, random: np.random.Generator) -> Iterator[Samples]:
    """Give music from random places for ever."""
    whole = [decoded(file) for file in sorted(folder.glob("*.g722"))]
    while True:
        track = whole[random.integers(len(whole))]
        yield track[random.integers(len(track) - round(MUSIC_S[1] * RATE_HZ)) :]


def decoded(file: Path) -> Samples:
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", str(file), "-f", "f32le", "-ar", str(RATE_HZ), "-"]
    samples: Samples = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)
    return samples


def beneath(prompt: Samples, music: Samples) -> Samples:
    """Scale music to lie under a prompt."""
    piece = np.resize(music, len(prompt))
    ratio = np.sqrt((prompt**2).mean() / max((piece**2).mean(), 1e-9)) * 10 ** (-UNDER_DB / 20)
    scaled: Samples = (piece * ratio).astype(np.float32)
    return scaled


def truth(prompt: Samples) -> list[Span]:
    """Find the speech of a clean prompt by its level alone."""
    levels_db = levels(prompt, RATE_HZ)
    loud = levels_db > np.percentile(levels_db, 95) - TRUE_DEPTH_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    found: list[Span] = []
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        span = Span(float(first) / 100, float(stop) / 100)
        if found and span.start_s - found[-1].end_s < TRUE_PAUSE_S:
            span = Span(found.pop().start_s, span.end_s)
        found.append(span)
    return [span for span in found if span.duration_s >= 0.05]


def measure(path: Path, recording: Recording, detector: speech.Detector) -> dict[str, object]:
    """Find and cut the speech of a recording and compare with the truth."""
    started = time.process_time()
    with io.stream(path) as sound:
        heard = speech.hear(sound.blocks, sound.rate_hz, detector)
    cuts = cutting.cut(heard.spans, heard)
    spent_s = time.process_time() - started
    true = [span for prompt in recording.prompts for span in prompt]
    clips = cuts.clips
    told_s = sum(span.duration_s for group in (clips, cuts.gaps, cuts.uncuttable) for span in group)
    edges = [edge for clip in clips for edge in (clip.start_s, clip.end_s)]
    bare, covered = mask(true, heard.duration_s), mask(clips, heard.duration_s)
    near = mask(true, heard.duration_s, 0.25)
    cut_words = sum(bool(bare[min(round(edge * 100), len(bare) - 1)]) for edge in edges)
    lost = [prompt for prompt in recording.prompts if not (mask(prompt, heard.duration_s) & covered).any()]
    return {
        "hours": round(heard.duration_s / 3600, 3),
        "times_real_time": round(heard.duration_s / spent_s),
        "accounted_for": abs(told_s - heard.duration_s) < 1e-6,
        "spans": quality(heard.spans, true, recording.music, heard.duration_s),
        "boundaries_ms": boundaries(heard.spans, recording),
        "clips": len(clips),
        "clip_s_percentiles_5_50_95": np.percentile([clip.duration_s for clip in clips], [5, 50, 95]).round(2).tolist(),
        "speech_in_clips": round(float((bare & covered).sum() / bare.sum()), 4),
        "clips_in_speech_and_its_room": round(float((near & covered).sum() / covered.sum()), 4),
        "edges_inside_speech": round(cut_words / len(edges), 4),
        "prompts_lost": len(lost),
        "prompts": len(recording.prompts),
        "uncuttable_s": round(sum(span.duration_s for span in cuts.uncuttable), 1),
    }


def quality(found: list[Span], true: list[Span], music: list[Span], duration_s: float) -> dict[str, float]:
    """Compare spans by time; pauses inside a prompt that are bridged count against precision."""
    there, heard, playing = mask(true, duration_s), mask(found, duration_s), mask(music, duration_s)
    return {
        "precision": round(float((there & heard).sum() / max(heard.sum(), 1)), 4),
        "recall": round(float((there & heard).sum() / there.sum()), 4),
        "music_taken_for_speech": round(float((playing & heard).sum() / max(playing.sum(), 1)), 4),
    }


def mask(spans: list[Span], duration_s: float, wider_s: float = 0.0) -> npt.NDArray[np.bool_]:
    """Mark every 10 ms of a recording that lies in a span."""
    marked = np.zeros(round(duration_s * 100) + 1, np.bool_)
    for span in spans:
        marked[max(round((span.start_s - wider_s) * 100), 0) : round((span.end_s + wider_s) * 100)] = True
    return marked


def boundaries(found: list[Span], recording: Recording) -> dict[str, float]:
    """Distances of the first and last moment of each prompt from the nearest boundary found."""
    starts, ends = np.array([span.start_s for span in found]), np.array([span.end_s for span in found])
    early = [starts[np.abs(starts - prompt[0].start_s).argmin()] - prompt[0].start_s for prompt in recording.prompts]
    late = [ends[np.abs(ends - prompt[-1].end_s).argmin()] - prompt[-1].end_s for prompt in recording.prompts]
    errors = 1000 * np.array([*early, *late])
    near = np.abs(errors) <= 1000 * NEAR_S
    return {
        "median": round(float(np.median(np.abs(errors[near]))), 1),
        "percentile_95": round(float(np.percentile(np.abs(errors[near]), 95)), 1),
        "start_median": round(float(np.median(errors[: len(early)][near[: len(early)]])), 1),
        "end_median": round(float(np.median(errors[len(early) :][near[len(early) :]])), 1),
        "found": round(float(near.mean()), 4),
    }


if __name__ == "__main__":
    main()
