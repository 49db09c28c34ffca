"""From reference recordings to a Voice: the prompt latents and the speaker embedding that speaking needs."""

# P prompt latents, D width, E speaker width, N samples, S sample count of a chunk

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dimts.audio import io
from dimts.audio.resample import sinc
from dimts.checkpoint import weights
from dimts.checkpoint.speakers import OFFICIAL
from dimts.checkpoint.weights import State
from dimts.errors import AudioError, CheckpointError, ConfigError
from dimts.model import mel
from dimts.model.shapes import SAMPLE_RATE_HZ, SPEAKER_RATE_HZ
from dimts.model.xtts import Xtts

REFERENCE_S = 30  # upstream max_ref_length: what is heard of each recording
REST_S = 0.33  # upstream: a chunk shorter than this is dropped
SILENT = 1e-3  # a peak below this (-60 dBFS) says nothing of a voice


@dataclass(frozen=True)
class Voice:
    """What the network needs to know of a voice."""

    latents_1PD: Tensor
    speaker_1E: Tensor

    def state(self) -> State:
        """Return the tensors as they are stored in a bundle."""
        return {"latents": self.latents_1PD, "speaker": self.speaker_1E}

    def to(self, device: torch.device) -> "Voice":
        """Return the same voice on a device."""
        return Voice(self.latents_1PD.to(device), self.speaker_1E.to(device))


def read(path: Path) -> Voice:
    """Read a stored voice. CheckpointError when the file is missing, damaged or something else."""
    state = weights.read(path)
    if state.keys() != {"latents", "speaker"}:
        raise CheckpointError(f"{path}: holds no voice; make one with --reference")
    return Voice(state["latents"], state["speaker"])


def read_official(folder: Path) -> dict[str, Voice]:
    """Read the voices that came with the base, by name; {} if none. CheckpointError when the file is something else."""
    path = folder / OFFICIAL
    content = weights.read_pickle(path) if path.is_file() else {}
    try:
        return {
            str(name): Voice(entry["gpt_cond_latent"].float(), entry["speaker_embedding"].float().reshape(1, -1))
            for name, entry in content.items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: holds no voices ({error}); copy it again") from error


def listen(path: Path) -> Tensor:
    """Read a reference as the network hears it: float32 [N] at 22,050 Hz, at most 30 s.

    AudioError when it cannot be read, is silent or too short.
    """
    audio = io.read(path)
    kept = torch.from_numpy(audio.samples[: REFERENCE_S * audio.rate_hz])
    if kept.abs().max() < SILENT:
        raise AudioError(f"{path}: its first {REFERENCE_S} s are silent; give a recording of the voice")
    samples_N = sinc(kept, audio.rate_hz, SAMPLE_RATE_HZ).clamp(-1, 1)
    if len(samples_N) < REST_S * SAMPLE_RATE_HZ:
        raise AudioError(f"{path}: {audio.duration_s:.2f} s is too short for a reference; give at least {REST_S} s")
    return samples_N


@torch.no_grad()
def make(network: Xtts, references: Sequence[Tensor], prompt_s: float = 30, chunk_s: float = 6) -> Voice:
    """Make a voice of recordings at 22,050 Hz: latents averaged over chunks of what they say, embeddings over them.

    The recordings are joined and cut to `prompt_s`; the embeddings' mean is not renormalised, as upstream.
    AudioError when no chunk is long enough; ConfigError for lengths that no chunk can have.
    """
    if not (prompt_s >= REST_S and chunk_s >= REST_S):
        raise ConfigError(f"prompt_s {prompt_s}, chunk_s {chunk_s}: both must be at least {REST_S} s")
    device = network.mel_stats.device
    joined_N = torch.cat(list(references))[: int(prompt_s * SAMPLE_RATE_HZ)].to(device)
    size = int(chunk_s * SAMPLE_RATE_HZ)
    chunks = [joined_N[start : start + size] for start in range(0, len(joined_N), size)]
    chunks = [chunk for chunk in chunks if len(chunk) >= REST_S * SAMPLE_RATE_HZ]
    if not chunks:
        raise AudioError(f"the references hold less than {REST_S} s; give longer recordings")
    latents = [network.gpt.prompt(mel.prompt_mel(chunk[None], network.mel_stats)) for chunk in chunks]
    encoder = network.hifigan_decoder.speaker_encoder
    speakers = [encoder(sinc(wave.to(device), SAMPLE_RATE_HZ, SPEAKER_RATE_HZ)[None]) for wave in references]
    return Voice(torch.stack(latents).mean(0), torch.stack(speakers).mean(0))
