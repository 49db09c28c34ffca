"""The first contact with a base: from its files to a spoken sentence, one finding after another.

Nobody who wrote Dimts could download the official weights; a user's first run tells what could not be seen. Without a
recording the DVAE hears a synthetic signal, and what is scored is the base's own speech, whose text is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dimts.audio import io
from dimts.checkpoint import describe, export, initial
from dimts.checkpoint.official import Base
from dimts.data import manifest
from dimts.errors import CheckpointError, ConfigError, DimtsError
from dimts.evaluate import code_fit, sound_check, weight_check
from dimts.evaluate.finding import Finding
from dimts.evaluate.sound_check import Spoken
from dimts.infer import voice as voices
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice

SENTENCE = "The birch canoe slid on the smooth planks, and the old man watched it go."  # after the Harvard sentences
SYNTHETIC_S = 10
SYNTHETIC = f"{SYNTHETIC_S} s of a synthetic signal (no --reference)"


@dataclass(frozen=True)
class Request:
    """What to look at, and with what."""

    folder: Path
    out: Path  # the spoken sentence
    reference: Path | None = None
    reference_text: str | None = None
    text: str | None = None  # None: an English sentence
    language: str = "en"
    seed: int = 0
    datasets: tuple[Path, ...] = ()  # whose clips the DVAE is held against


def examine(request: Request, device: torch.device) -> Iterator[Finding]:
    """Yield findings step by step. DimtsError, before the first, when the request itself is wrong."""
    if not request.folder.is_dir():
        raise CheckpointError(f"{request.folder}: no such folder; `dimts base fetch {request.folder}` makes one")
    sentence, recording_N = _sentence(request), _listen(request)
    datasets = [manifest.read(folder, any_normaliser=True) for folder in request.datasets]
    yield from weight_check.check_files(request.folder)
    try:
        base, description = export.load(request.folder, device)
    except DimtsError as error:
        yield Finding("shapes", "PROBLEM", str(error))
        return
    damaged = False
    for finding in _silent_steps(base):
        damaged |= finding.step == "weights" and finding.verdict == "PROBLEM"
        yield finding
    if damaged:
        yield Finding("speech", "note", "not tried: the weights are damaged")
        return
    for dataset in datasets:
        yield code_fit.check(base, dataset)
    found, stored = weight_check.check_voices(base)
    yield found
    trained = describe.kind(base) != "random"
    longest = int(description.get("longest_text_tokens", base.network.shape.gpt.text_positions - 2))
    speaker = Speaker(base.folder, base.network, base.tokenizer, longest, export.fronts(base.folder, description))
    yield from _audible_steps(request, base, _Heard(speaker, sentence, recording_N, trained), stored)


@dataclass(frozen=True)
class _Heard:
    speaker: Speaker
    sentence: str
    recording_N: Tensor | None  # at 22,050 Hz
    trained: bool


def _sentence(request: Request) -> str:
    if request.text is None and request.language != "en":
        raise ConfigError(f"--language {request.language}: give --text in that language")
    if request.reference_text and request.reference is None:
        raise ConfigError("--reference-text: give the recording too, with --reference")
    if request.text is not None and not request.text.strip():
        raise ConfigError("--text: is empty; give a sentence")
    return request.text or SENTENCE


def _listen(request: Request) -> Tensor | None:
    return None if request.reference is None else voices.listen(request.reference)


def _silent_steps(base: Base) -> Iterator[Finding]:
    yield weight_check.check_sizes(base)
    yield weight_check.check_vocabulary(base)
    yield from weight_check.check_weights(base)
    yield weight_check.check_mel_stats(base)


def _audible_steps(request: Request, base: Base, heard: _Heard, stored: dict[str, Voice]) -> Iterator[Finding]:
    stats = base.network.mel_stats
    samples_N = synthetic() if heard.recording_N is None else heard.recording_N
    if base.dvae is not None:
        what = SYNTHETIC if heard.recording_N is None else f"{len(samples_N) / 22_050:.1f} s of the recording"
        yield sound_check.check_dvae(samples_N, what, base.dvae, stats, heard.trained)
    voice, whose = _voice(heard, stored)
    yield Finding("voice", "ok" if heard.recording_N is not None or whose in stored else "note", f"of {whose}")
    spoken = sound_check.speak(heard.speaker, voice, heard.sentence, request.language, request.seed)
    yield sound_check.check_speech(spoken, heard.sentence, heard.trained)
    io.write(request.out, spoken.audio)
    if likeness := sound_check.check_likeness(heard.speaker, voice, spoken, heard.trained):
        yield likeness
    if base.dvae is not None:
        yield _score(request, base, heard, spoken)


def synthetic() -> Tensor:
    """Return a signal with the looks of speech, always the same: float32 [N] at 22,050 Hz."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return initial.synthetic_speech(SYNTHETIC_S)[0]


def _voice(heard: _Heard, stored: dict[str, Voice]) -> tuple[Voice, str]:
    """Choose the voice: of the recording, of the bundle, the first official one, or of the synthetic signal."""
    speaker = heard.speaker
    if heard.recording_N is not None:
        return voices.make(speaker.network, [heard.recording_N]), "the recording"
    if names := export.voice_names(speaker.folder):
        return speaker.stored_voice(), names[0]
    if stored:
        return next(iter(stored.items()))[::-1]
    return voices.make(speaker.network, [synthetic()]), "the synthetic signal: give --reference for a real one"


def _score(request: Request, base: Base, heard: _Heard, spoken: Spoken) -> Finding:
    """Score the recording if its text is known, else the base's own speech."""
    dvae, trained = base.need_dvae(), heard.trained
    if heard.recording_N is not None and request.reference_text:
        front = heard.speaker.front(request.language)
        ids = base.tokenizer.encode_spoken(front.spoken(request.reference_text, request.language), request.language)
        return sound_check.check_score(heard.speaker, dvae, heard.recording_N, ids, "the recording", trained)
    samples_N = sound_check.heard(spoken.audio)
    if spoken.pieces > 1 or len(samples_N) < 22_050 or not bool(samples_N.isfinite().all()):
        return Finding("score", "note", "not scored: give --reference and --reference-text, or a shorter --text")
    what = "its own speech, coded again (no --reference-text)"
    return sound_check.check_score(heard.speaker, dvae, samples_N, spoken.ids, what, trained)
