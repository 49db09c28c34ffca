"""Speaking equals coqui-tts 0.28: greedy codes, their states, the waveform, an ending decided by the stop code."""

import numpy as np
import torch
from torch import Tensor

from dimts.audio.resample import sinc
from dimts.infer import voice
from dimts.infer.decode import Sampling, Utterance, generate
from dimts.model.shapes import STOP_CODE
from tests.parity.reference import Reference
from tests.parity.test_network import START_ID, close

STOP_ID = 0  # [STOP] in both official vocabularies


def say(reference: Reference, latents: Tensor, penalty: float, limit: int) -> Utterance:
    text = torch.cat([torch.tensor([START_ID]), reference["clip1.text_ids"], torch.tensor([STOP_ID])])
    sampling = Sampling(greedy=True, repetition_penalty=penalty, max_codes=limit)
    return generate(reference.network.gpt, latents[None], text, sampling, torch.Generator())


@torch.no_grad()
def test_greedy_speech(reference: Reference) -> None:
    utterance = say(reference, reference["clip0.latents"], 10.0, 24)
    assert utterance.codes_A.tolist() == reference["greedy.codes"].tolist()
    assert not utterance.ended
    close(utterance.latents_AD[:, :64], reference["greedy.hidden"], 2e-3)
    audio = reference.network.hifigan_decoder(utterance.latents_AD[None], reference["clip0.speaker"][None])
    close(audio[0], reference["greedy.audio"], 2e-3)


@torch.no_grad()
def test_stop_code_ends_speech(reference: Reference) -> None:
    bias = reference.network.gpt.mel_head.bias
    bias[STOP_CODE] += float(reference["ending.bias_added"])
    utterance = say(reference, reference["both.latents"], 5.0, 40)
    bias[STOP_CODE] -= float(reference["ending.bias_added"])
    assert utterance.ended
    assert [*utterance.codes_A.tolist(), STOP_CODE] == reference["ending.codes"].tolist()
    close(utterance.latents_AD[:, :64], reference["ending.hidden"], 2e-3)


@torch.no_grad()
def test_voice_of_two_recordings(reference: Reference) -> None:
    made = voice.make(reference.network, reference.waves, prompt_s=30, chunk_s=4)
    close(made.latents_1PD[0], reference["both.latents"], 2e-3)
    close(made.speaker_1E[0], reference["both.speaker"], 1e-4)


@torch.no_grad()
def test_voice_of_another_rate(reference: Reference) -> None:
    t = np.arange(3 * 44100) / 44100
    chirp = 0.3 * np.sin(2 * np.pi * (100 * t + 700 * t**2)) + 0.05 * np.sin(2 * np.pi * 3000 * t)
    samples = sinc(torch.from_numpy(chirp.astype(np.float32)), 44100, 22050)
    close(samples[::64], reference["sweep.samples_22050"], 1e-4)
    made = voice.make(reference.network, [samples], prompt_s=30, chunk_s=4)
    close(made.latents_1PD[0], reference["sweep.latents"], 2e-3)
    close(made.speaker_1E[0], reference["sweep.speaker"], 1e-4)
