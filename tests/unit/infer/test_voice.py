"""A voice is the plain mean over chunks of what references say; references that say nothing are refused in one line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from dimts.audio.resample import sinc
from dimts.checkpoint import weights
from dimts.errors import AudioError, CheckpointError, ConfigError
from dimts.infer import voice as voices
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from dimts.model import mel
from dimts.model.shapes import SAMPLE_RATE_HZ, SPEAKER_RATE_HZ
from dimts.model.xtts import Xtts
from tests.unit.conftest import synthetic


@torch.no_grad()
def latents(network: Xtts, samples_N: Tensor) -> Tensor:
    found: Tensor = network.gpt.prompt(mel.prompt_mel(samples_N[None], network.mel_stats))
    return found


@torch.no_grad()
def embedding(network: Xtts, samples_N: Tensor) -> Tensor:
    found: Tensor = network.hifigan_decoder.speaker_encoder(sinc(samples_N, SAMPLE_RATE_HZ, SPEAKER_RATE_HZ)[None])
    return found


def equal(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


def test_latents_are_the_mean_over_chunks(speaker: Speaker) -> None:
    wave, second = synthetic(5.0), SAMPLE_RATE_HZ
    made = voices.make(speaker.network, [wave], chunk_s=2)
    chunks = [wave[: 2 * second], wave[2 * second : 4 * second], wave[4 * second :]]
    equal(made.latents_1PD, sum((latents(speaker.network, chunk) for chunk in chunks), torch.zeros(())) / 3)
    assert not torch.allclose(made.latents_1PD, latents(speaker.network, wave), atol=1e-4)


def test_a_short_rest_is_dropped(speaker: Speaker) -> None:
    wave = synthetic(5.0)
    second = SAMPLE_RATE_HZ
    for rest_s, counted in ((0.32, False), (0.34, True)):
        made = voices.make(speaker.network, [wave[: round((2 + rest_s) * second)]], chunk_s=2)
        first = latents(speaker.network, wave[: 2 * second])
        assert torch.allclose(made.latents_1PD, first, atol=1e-6) is not counted


def test_recordings_are_joined_and_cut_for_the_latents(speaker: Speaker) -> None:
    one, other = synthetic(3.0, seed=1), synthetic(3.0, seed=2)
    made = voices.make(speaker.network, [one, other], prompt_s=4, chunk_s=30)
    joined = torch.cat([one, other])[: 4 * SAMPLE_RATE_HZ]
    equal(made.latents_1PD, latents(speaker.network, joined))


def test_embeddings_are_averaged_over_whole_recordings(speaker: Speaker) -> None:
    one, other = synthetic(3.0, seed=1), synthetic(2.0, seed=2)
    made = voices.make(speaker.network, [one, other], prompt_s=1)
    equal(made.speaker_1E, (embedding(speaker.network, one) + embedding(speaker.network, other)) / 2)
    assert made.speaker_1E.norm() < 1 - 1e-4, "the mean of two unit vectors, not renormalised"


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 2)])
def test_references_of_any_rate(speaker: Speaker, tmp_path: Path, rate_hz: int, channels: int) -> None:
    wave = synthetic(3.0) * 0.8
    path = tmp_path / "ref.wav"
    samples = sinc(wave, SAMPLE_RATE_HZ, rate_hz).clamp(-1, 1).numpy()
    soundfile.write(path, np.stack([samples] * channels, axis=1), rate_hz, subtype="FLOAT")
    heard = voices.listen(path)
    assert abs(len(heard) - len(wave)) <= 1
    made, straight = speaker.voice([path]), voices.make(speaker.network, [wave])
    assert made.latents_1PD.shape == straight.latents_1PD.shape
    if rate_hz > SAMPLE_RATE_HZ:  # else its upper half is gone
        count = min(len(heard), len(wave))
        assert (heard[:count] - wave[:count]).abs().mean() < 0.02 * wave.abs().mean()
        torch.testing.assert_close(made.speaker_1E, straight.speaker_1E, rtol=0, atol=0.02)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = synthetic(1.0, seed=1).numpy() * 0.5, synthetic(1.0, seed=2).numpy() * 0.5
    soundfile.write(tmp_path / "ref.wav", np.stack([left, right], axis=1), SAMPLE_RATE_HZ, subtype="FLOAT")
    equal(voices.listen(tmp_path / "ref.wav"), torch.from_numpy((left + right) / 2))


def test_thirty_seconds_of_each_recording_are_heard(tmp_path: Path) -> None:
    noise = np.random.RandomState(0).uniform(-0.5, 0.5, 35 * 8000).astype(np.float32)
    soundfile.write(tmp_path / "ref.wav", noise, 8000, subtype="FLOAT")
    assert len(voices.listen(tmp_path / "ref.wav")) == 30 * SAMPLE_RATE_HZ


def test_one_path_is_one_reference(speaker: Speaker, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "ref.wav", synthetic(1.0).numpy(), SAMPLE_RATE_HZ)
    equal(speaker.voice(str(tmp_path / "ref.wav")).latents_1PD, speaker.voice([tmp_path / "ref.wav"]).latents_1PD)


def refused(speaker: Speaker, path: Path, line: str) -> None:
    with pytest.raises(AudioError, match=line) as caught:
        speaker.voice([path])
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_references_that_say_nothing(speaker: Speaker, tmp_path: Path) -> None:
    refused(speaker, tmp_path / "none.wav", "no such file")
    refused(speaker, tmp_path, "is a folder, not a recording")
    (tmp_path / "text.wav").write_text("not sound\n" * 50)
    refused(speaker, tmp_path / "text.wav", "is it a recording")
    for name, samples, line in (
        ("short", synthetic(0.3), "0.30 s is too short for a reference; give at least 0.33 s"),
        ("silent", torch.zeros(SAMPLE_RATE_HZ), "its first 30 s are silent; give a recording of the voice"),
        ("faint", synthetic(1.0) * 9e-4, "its first 30 s are silent"),
    ):
        soundfile.write(tmp_path / f"{name}.wav", samples.numpy(), SAMPLE_RATE_HZ, subtype="FLOAT")
        refused(speaker, tmp_path / f"{name}.wav", line)
    with pytest.raises(AudioError, match="needs at least one reference"):
        speaker.voice([])


@pytest.mark.parametrize("lengths", [{"prompt_s": 0.0}, {"chunk_s": 0.0}, {"chunk_s": 0.2}, {"prompt_s": float("nan")}])
def test_lengths_that_no_chunk_can_have(speaker: Speaker, lengths: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="both must be at least 0.33 s"):
        voices.make(speaker.network, [synthetic(1.0)], **lengths)


def test_a_stored_voice_comes_back(voice: Voice, tmp_path: Path) -> None:
    weights.write(voice.state(), tmp_path / "me.safetensors")
    again = voices.read(tmp_path / "me.safetensors")
    assert torch.equal(again.latents_1PD, voice.latents_1PD)
    assert torch.equal(again.speaker_1E, voice.speaker_1E)
    weights.write({"latents": voice.latents_1PD}, tmp_path / "me.safetensors")
    with pytest.raises(CheckpointError, match="holds no voice; make one with --reference"):
        voices.read(tmp_path / "me.safetensors")
