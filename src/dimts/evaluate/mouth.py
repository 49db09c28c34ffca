"""A loaded network that speaks, and what only it can tell of what it said: how alike it finds it, where it looked."""

import base64
import time
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from dimts.audio import io
from dimts.audio.io import Audio, Samples
from dimts.audio.resample import sinc
from dimts.errors import CheckpointError, TextError
from dimts.evaluate import attention, sound_check, teacher
from dimts.evaluate.sentences import Sentence
from dimts.evaluate.subject import Opened, Reference
from dimts.infer.decode import Sampling
from dimts.infer.speak import Piece
from dimts.infer.voice import Voice
from dimts.model.shapes import OUTPUT_RATE_HZ, SPEAKER_RATE_HZ

SHORTEST_S = 0.3  # that the speaker encoder hears
SHADES = 255  # of a picture


class Mouth:
    """A loaded subject and the voices that were made for it."""

    def __init__(self, opened: Opened) -> None:
        self.speaker, self.dvae = opened.speaker, opened.dvae
        self.voices: dict[Reference, Voice] = {}

    def say(
        self, sentence: Sentence, reference: Reference, seed: int, sampling: Sampling, path: Path
    ) -> dict[str, Any]:
        """Speak into a file; give the facts. What cannot be said is a fact too: `refused` says why."""
        began, voice = time.perf_counter(), self._voice(reference)
        pieces, refused = self._pieces(sentence, voice, seed, sampling)
        facts: dict[str, Any] = {
            "codes": sum(piece.codes for piece in pieces),
            "pieces": len(pieces),
            "ended": refused is None and all(piece.ended for piece in pieces),
            "refused": None if refused is None else str(refused),
            "broken": isinstance(refused, CheckpointError),  # it gave no numbers
            "took_s": round(time.perf_counter() - began, 3),
        }
        if not facts["codes"]:
            return facts
        samples = np.concatenate([piece.samples for piece in pieces])
        finite = bool(np.isfinite(samples).all())
        samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
        io.write(path, Audio(samples, OUTPUT_RATE_HZ))
        return {**facts, "finite": finite, "likeness": self._likeness(samples, voice), **self._gaze(pieces, voice)}

    def foresee(self, sentence: Sentence) -> dict[str, Any]:
        """Score a sentence's recording by teacher forcing; {"refused": why} where that cannot be done."""
        assert sentence.recording
        if self.dvae is None:
            return {"refused": f"{self.speaker.folder}: no dvae.pth"}
        whole = replace(self.speaker, longest_text_tokens=self.speaker.network.shape.gpt.text_positions - 2)
        try:
            (ids,) = whole.pieces(sentence.text, sentence.language)
        except (TextError, ValueError) as error:
            return {"refused": str(error) if isinstance(error, TextError) else "its text is longer than the network's"}
        samples_N = sound_check.heard(io.read(sentence.recording))
        if misfit := sound_check.misfit(self.speaker, len(samples_N), len(ids)):
            return {"refused": misfit}
        facts = teacher.score(self.speaker, self.dvae, samples_N, ids).facts()
        return facts if all(map(isfinite, facts.values())) else {"refused": "its loss is not finite"}

    def print_of(self, recording: Path) -> list[float]:
        """Let the network's own speaker encoder hear a recording."""
        found: list[float] = self._print(io.read(recording))[0].cpu().tolist()
        return found

    @torch.no_grad()
    def _print(self, audio: Audio) -> Tensor:
        heard_N = sinc(torch.from_numpy(audio.samples), audio.rate_hz, SPEAKER_RATE_HZ).to(self.speaker.device)
        own_1E: Tensor = self.speaker.network.hifigan_decoder.speaker_encoder(heard_N[None])
        return own_1E

    def _voice(self, reference: Reference) -> Voice:
        if reference not in self.voices:
            self.voices[reference] = reference.voice(self.speaker).to(self.speaker.device)
        return self.voices[reference]

    def _pieces(
        self, sentence: Sentence, voice: Voice, seed: int, sampling: Sampling
    ) -> tuple[list[Piece], TextError | CheckpointError | None]:
        """Speak; say why not where the network does not know the text, says nothing, or gives no numbers."""
        pieces: list[Piece] = []
        try:
            for piece in self.speaker.stream(sentence.text, voice, sentence.language, seed, sampling):
                pieces.append(piece)
        except (TextError, CheckpointError) as error:
            return pieces, error
        return pieces, None

    def _likeness(self, samples: Samples, voice: Voice) -> float | None:
        """Let the network's own speaker encoder compare what was said with the voice; None for what is too short."""
        if len(samples) < SHORTEST_S * OUTPUT_RATE_HZ:
            return None
        likeness = float(cosine_similarity(self._print(Audio(samples, OUTPUT_RATE_HZ)), voice.speaker_1E))
        return likeness if isfinite(likeness) else None

    def _gaze(self, pieces: Sequence[Piece], voice: Voice) -> dict[str, Any]:
        """Look where the network looked in its longest piece: one byte a shade, row after row of codes."""
        piece, tokenizer = max(pieces, key=lambda each: each.codes), self.speaker.tokenizer
        ids_T = torch.tensor([tokenizer.start_id, *piece.ids, tokenizer.stop_id], device=self.speaker.device)
        found = attention.gaze(self.speaker.network.gpt, voice.latents_1PD, ids_T, piece.utterance.codes_A)
        if found is None or not isfinite(found.follows):
            return {"follows": None, "gaze": None}
        shades_AT = (found.weights_AT / found.weights_AT.max() * SHADES).round().to(torch.uint8)
        picture = base64.b64encode(shades_AT.numpy().tobytes()).decode()
        return {"follows": round(found.follows, 4), "gaze": {"tokens": shades_AT.shape[1], "shades": picture}}
