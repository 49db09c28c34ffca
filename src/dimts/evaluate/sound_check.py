"""The audible half of the first contact with a base: it codes, speaks a sentence, and scores speech of known text.

What trained weights should measure is printed beside, as an expectation: nobody who wrote this had the official
weights to measure.
"""

# N samples, A audio codes, M mel bands, F mel frames, R rows of the code head

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from dimts.audio.io import Audio
from dimts.audio.resample import sinc
from dimts.data import codes as code_cache
from dimts.evaluate import teacher
from dimts.evaluate.finding import Finding, judged
from dimts.infer import decode
from dimts.infer import voice as voices
from dimts.infer.decode import Sampling
from dimts.infer.speak import PAUSE_S, Speaker, fade
from dimts.infer.voice import Voice
from dimts.model import mel
from dimts.model.dvae import Dvae
from dimts.model.shapes import CODE_SAMPLES, OUTPUT_RATE_HZ, SAMPLE_RATE_HZ, STOP_CODE, STOP_TARGETS

# Expectations of trained weights, measured by nobody here.
CODE_LOSS = (3.0, 5.0)  # nats, outside the prompt
ENTROPY = 5.0  # nats of the codes of ten seconds of speech or more
ENTROPY_SHARE = 0.9  # of what so few codes can have at most, for shorter recordings
MEL_EXPLAINED = 0.5  # share of the mel's variance
LOUDNESS_DBFS = (-35.0, -10.0)
LETTERS_S = (8.0, 25.0)  # reading speed
SIMILARITY = 0.5  # cosine between the speaker embeddings of the voice and of what it speaks

COLLAPSED = 1.0  # nats: the codes of speech never have so little
SILENT_DBFS = -60.0
DB = 10 / math.log(10)  # decibels in a natural-log unit of power
TRAINED_LIMIT_SAMPLES = 255_995  # 11.6 s: upstream trained on nothing longer

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Spoken:
    """What was said, and how."""

    audio: Audio
    ids: tuple[int, ...]  # of all pieces
    codes: int
    pieces: int
    ended: bool  # every piece, by the stop code
    took_s: float


@torch.no_grad()
def check_dvae(samples_N: Tensor, what: str, dvae: Dvae, stats: Tensor, trained: bool) -> Finding:
    """Code a recording at 22,050 Hz and compare its mel with the mel of the codes."""
    codes_A, _ = code_cache.encode(samples_N, dvae, stats)
    given_MF = mel.code_mel(samples_N[None].to(stats.device), stats)[0]
    back_MF = dvae.decode(codes_A[None].to(stats.device))[0]
    frames = min(given_MF.shape[1], back_MF.shape[1])
    wrong_MF = back_MF[:, :frames] - given_MF[:, :frames]
    error_db = float((wrong_MF.abs() * stats[:, None]).mean()) * DB
    around_MF = given_MF[:, :frames] - given_MF[:, :frames].mean(1, keepdim=True)
    explained = 1 - float(wrong_MF.square().sum() / around_MF.square().sum())
    nats, most, distinct = entropy(codes_A)
    expected = min(ENTROPY, ENTROPY_SHARE * most)
    problems = [] if math.isfinite(error_db) else ["the decoded mel is not finite"]
    problems += ["collapsed: speech falls on few codes"] if nats < COLLAPSED else []
    notes = ["its codes repeat more than expected"] if nats < expected else []
    notes += ["decodes worse than expected"] if trained and explained < MEL_EXPLAINED else []
    share = f"{explained:.0%}" if explained > 0 else "nothing"
    above = f" (expected: above {MEL_EXPLAINED:.0%})" if trained else ""
    text = (
        f"{len(codes_A)} codes of {what}, {distinct:.0%} distinct, entropy {nats:.2f} nats of at most {most:.2f} "
        f"(expected: above {expected:.2f}); the decoded mel is off by {error_db:.1f} dB and explains {share} "
        f"of the variance{above}"
    )
    facts = {"codes": len(codes_A), "entropy": nats, "entropy_most": most, "distinct": distinct}
    return judged("DVAE", problems, notes, text, {**facts, "mel_error_db": error_db, "mel_explained": explained})


def entropy(codes_A: Tensor) -> tuple[float, float, float]:
    """Return the entropy of the codes in nats, the most that so many could have, and the share of distinct ones."""
    counts = codes_A.bincount().double()
    counts = counts[counts > 0]
    shares = counts / counts.sum()
    nats = float(-(shares * shares.log()).sum())
    return nats, math.log(min(len(codes_A), 1024)), len(counts) / len(codes_A)


@torch.no_grad()
def speak(speaker: Speaker, voice: Voice, text: str, language: str, seed: int) -> Spoken:
    """Speak a text with the official sampling; unlike Speaker.speak, say how each piece ended."""
    began, sampling, pause = time.perf_counter(), Sampling(), np.zeros(int(PAUSE_S * OUTPUT_RATE_HZ), np.float32)
    sounds: list[Samples] = []
    pieces, codes, ended = speaker.pieces(text, language), 0, True
    for number, ids in enumerate(pieces):
        text_T = torch.tensor([speaker.tokenizer.start_id, *ids, speaker.tokenizer.stop_id], device=speaker.device)
        generator = torch.Generator().manual_seed((seed << 16) + number)
        utterance = decode.generate(speaker.network.gpt, voice.latents_1PD, text_T, sampling, generator)
        sounds += [pause] if sounds else []
        sounds.append(fade(speaker.vocode(utterance.latents_AD, voice)))
        codes, ended = codes + len(utterance.codes_A), ended and utterance.ended
    audio = Audio(np.concatenate(sounds), OUTPUT_RATE_HZ)
    said = tuple(index for ids in pieces for index in ids)
    return Spoken(audio, said, codes, len(pieces), ended, time.perf_counter() - began)


def check_speech(spoken: Spoken, text: str, trained: bool) -> Finding:
    """Measure what was spoken: speed, loudness, length against the text, and whether it ended by itself."""
    samples, seconds = spoken.audio.samples, spoken.audio.duration_s
    finite = bool(np.isfinite(samples).all())
    rms, peak = dbfs(np.sqrt(np.square(samples).mean())), dbfs(np.abs(samples).max())
    letters_s = sum(letter.isalnum() for letter in text) / seconds
    facts = {
        "seconds": seconds,
        "seconds_a_second": seconds / spoken.took_s,
        "rms_dbfs": rms,
        "peak_dbfs": peak,
        "ended": spoken.ended,
        "codes": spoken.codes,
        "text_tokens": len(spoken.ids),
        "codes_a_token": spoken.codes / len(spoken.ids),
        "letters_a_second": letters_s,
    }
    problems = [] if finite else ["the sound is not finite"]
    problems += ["silence"] if rms < SILENT_DBFS else []
    notes = [] if spoken.ended else ["ran into the length limit instead of ending by the stop code"]
    if trained:
        notes += _outside("loudness", rms, LOUDNESS_DBFS) + _outside("speaking rate", letters_s, LETTERS_S)
    line = (
        f"{seconds:.1f} s of audio in {spoken.took_s:.1f} s ({seconds / spoken.took_s:.2f} s a second); "
        f"loudness {rms:.1f} dBFS{_beside(LOUDNESS_DBFS, trained)}, peak {peak:.1f}; {spoken.codes} codes for "
        f"{len(spoken.ids)} text tokens, {letters_s:.1f} letters a second{_beside(LETTERS_S, trained)}"
    )
    ended = "; ended by the stop code" if spoken.ended else ""
    return judged("speech", problems, notes, line + ended, facts)


@torch.no_grad()
def check_likeness(speaker: Speaker, voice: Voice, spoken: Spoken, trained: bool) -> Finding | None:
    """Let the network's own speaker encoder compare the voice with what it spoke; None for a sound too short."""
    samples_N = heard(spoken.audio)
    if len(samples_N) < SAMPLE_RATE_HZ or not bool(samples_N.isfinite().all()):
        return None
    own = voices.make(speaker.network, [samples_N])
    likeness = float(cosine_similarity(own.speaker_1E, voice.speaker_1E))
    notes = ["less alike than expected"] if trained and likeness < SIMILARITY else []
    above = f" (expected: above {SIMILARITY})" if trained else ""
    text = f"to its own ear the speech is {likeness:.2f} like the voice{above}; 1 is the same"
    return judged("likeness", [], notes, text, {"cosine": likeness})


def check_score(
    speaker: Speaker, dvae: Dvae, samples_N: Tensor, ids: Sequence[int], what: str, trained: bool
) -> Finding:
    """Score speech at 22,050 Hz whose text is known; `what` says which speech it is."""
    if wrong := misfit(speaker, len(samples_N), len(ids)):
        return Finding("score", "note", f"{what}: not scored, {wrong}")
    facts = teacher.score(speaker, dvae, samples_N, ids).facts()
    loss, chance = facts["code_loss"], math.log(STOP_CODE + 1)
    problems = [] if math.isfinite(loss) else ["the loss is not finite"]
    notes = _outside("code loss", loss, CODE_LOSS) if trained else []
    notes += ["longer than the 11.6 s that XTTS was trained on"] if len(samples_N) > TRAINED_LIMIT_SAMPLES else []
    text = (
        f"{what}: code loss {loss:.2f} nats{_beside(CODE_LOSS, trained)}, guessing gives {chance:.2f}; "
        f"{facts['code_accuracy']:.1%} of {facts['targets']} codes right; both outside the prompt, "
        f"with it {facts['code_loss_unmasked']:.2f} nats"
    )
    return judged("score", problems, notes, text, facts)


def heard(audio: Audio) -> Tensor:
    """Return a sound as the network hears it: float32 [N] at 22,050 Hz."""
    return sinc(torch.from_numpy(audio.samples), audio.rate_hz, SAMPLE_RATE_HZ).clamp(-1, 1)


def dbfs(amplitude: float | np.floating[Any]) -> float:
    """Return an amplitude in decibels of full scale, at least -120; NaN stays NaN."""
    return float(20 * np.log10(np.maximum(amplitude, 1e-6)))


def misfit(speaker: Speaker, samples: int, tokens: int) -> str | None:
    """Say why a recording at 22,050 Hz and its text cannot be scored."""
    shape = speaker.network.shape.gpt
    most_s = (shape.code_positions - STOP_TARGETS) * CODE_SAMPLES / SAMPLE_RATE_HZ
    if tokens + 2 > shape.text_positions:
        return f"its text has {tokens} tokens, the network takes {shape.text_positions - 2}"
    if samples / SAMPLE_RATE_HZ > most_s:
        return f"{samples / SAMPLE_RATE_HZ:.1f} s is longer than the {most_s:.1f} s that the network takes"
    return None


def _beside(expected: tuple[float, float], trained: bool) -> str:
    return f" (expected: {expected[0]:g} to {expected[1]:g})" if trained else ""


def _outside(name: str, value: float, expected: tuple[float, float]) -> list[str]:
    low, high = expected
    return [] if low <= value <= high else [f"{name} is not as expected"]
