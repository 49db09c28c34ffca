"""What a decoder hears and should say: the GPT's states behind the codes of every clip, and the clip at 24 kHz.

The states are those of speech: the prompt is the speaker's voice, nothing is dropped out, codes attend to the text's
stop, and the state that predicts the stop comes last. Code k begins 1024 k samples into the clip at 22,050 Hz.
"""

# A codes of a clip, D width, E speaker width, N samples at 24 kHz

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dimts.audio.resample import sinc
from dimts.checkpoint.official import Base, fingerprint
from dimts.data.dataset import Example, Pair
from dimts.data.listening import hear_all
from dimts.infer import decode
from dimts.infer.voice import Voice
from dimts.model.shapes import OUTPUT_RATE_HZ, SPEAKER_RATE_HZ
from dimts.train.parts.heard import Said
from dimts.train.samples import voice_of

TOGETHER = 16  # clips
FORMAT = "1"  # raise when what is heard changes


@torch.no_grad()
def hear(base: Base, pair: Pair, examples: Sequence[Example], own_voice: bool) -> Iterator[Said]:
    """Score every clip by teacher forcing, and read its sound.

    The speaker is embedded as it sounds in the clip itself (`own_voice`), or as in the voice that prompts.
    """
    network, device = base.network, base.network.mel_stats.device
    network.gpt.eval()
    voices = voices_of(base, pair, examples)
    sounds = hear_all([(example.folder, example.clip) for example in examples], OUTPUT_RATE_HZ)
    for begin in range(0, len(examples), TOGETHER):
        clips = examples[begin : begin + TOGETHER]
        for clip, states_AD in zip(clips, states(base, clips, [voices[each.speaker] for each in clips]), strict=True):
            sound_N = next(sounds)
            speaker_E = voices[clip.speaker].speaker_1E[0]
            if own_voice:
                wave_N = sinc(sound_N, OUTPUT_RATE_HZ, SPEAKER_RATE_HZ).to(device)
                speaker_E = network.hifigan_decoder.speaker_encoder(wave_N[None])[0]
            yield Said(states_AD, speaker_E, sound_N)


def states(base: Base, clips: Sequence[Example], voices: Sequence[Voice]) -> list[Tensor]:
    """Return the states behind clips' codes and stops: float32 [A + 1, D] each."""
    device, tokenizer = base.network.mel_stats.device, base.tokenizer
    text = [torch.tensor([tokenizer.start_id, *clip.ids, tokenizer.stop_id], device=device) for clip in clips]
    codes = [clip.tensors()[0].to(device) for clip in clips]
    return decode.states(base.network.gpt, torch.cat([voice.latents_1PD for voice in voices]), text, codes)


def voices_of(base: Base, pair: Pair, examples: Sequence[Example]) -> dict[str, Voice]:
    """Make the voices of clips' speakers, by `Example.speaker`: of training clips, where a speaker has such."""
    known = {own[0].speaker: own for own in pair.speakers.values()}
    for example in examples:
        known.setdefault(example.speaker, [each for each in examples if each.speaker == example.speaker])
    return {name: voice_of(base.network, known[name]) for name in dict.fromkeys(each.speaker for each in examples)}


def identities(base: Base, pair: Pair, sides: Mapping[str, Sequence[Example]]) -> dict[str, str]:
    """Return, for clips by side, a hash of all that decides what is heard of them: not the decoder, which learns."""
    network = base.network
    parts = (network.gpt, network.hifigan_decoder.speaker_encoder, base.need_dvae())
    weights = fingerprint(network.mel_stats, *(tensor for part in parts for tensor in part.state_dict().values()))
    known = [FORMAT, weights, base.tokenizer.sha256, *(_facts(example) for example in pair.train)]
    contents = {side: json.dumps([*known, *map(_facts, examples)]) for side, examples in sides.items()}
    return {side: hashlib.sha256(f"{side} {content}".encode()).hexdigest() for side, content in contents.items()}


def _facts(example: Example) -> list[object]:
    return [example.clip.sha256, example.speaker, example.ids]
