"""Where a small base loses intelligibility, stage by stage, and how well it foresees codes.

    python benchmarks/small_base/ceilings.py OUT/corpus --base BASE [--clips 12] [--seeds 0 1 2]

Held-out clips of every language: as recorded, through the DVAE and back (Griffin-Lim in the vocoder's place), as the
vocoder says the GPT's teacher-forced latents, and the same texts spoken freely, in a voice of the base, for each seed.
Then the code loss of held-out clips: of the base, of the same network with random weights, and the entropy of codes.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from dimts.audio.io import Audio
from dimts.checkpoint import initial, official
from dimts.checkpoint.official import Base
from dimts.config.hearing import Data, Limits, Prompt
from dimts.data.dataset import Example, Pair, open_pair
from dimts.evaluate import intelligibility
from dimts.evaluate.intelligibility import Clip
from dimts.infer import speak, voice
from dimts.infer.decode import Sampling
from dimts.model import mel
from dimts.model.gpt import Gpt
from dimts.model.shapes import HOP_SAMPLES, OUTPUT_RATE_HZ, SAMPLE_RATE_HZ
from dimts.train import validate
from dimts.train.parts import latents

LANGUAGES = ("en", "es", "it", "de", "pl")
UNSEEN = ("m6",)
LIMITS = Limits(text_tokens=402)
PROMPT = Prompt(source="same_speaker", min_samples=66_150, max_samples=66_150, pad_prompts=False)
ROUNDS = 64  # of Griffin-Lim
WINDOW = torch.hann_window(mel.WINDOW_SAMPLES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--base", type=Path, default=initial.SHIPPED)
    parser.add_argument("--clips", type=int, default=12, help="of each language")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    options = parser.parse_args()
    base = official.load(options.base)
    held_out = {each: opened(base, [options.corpus / "datasets" / "held_out" / each]) for each in LANGUAGES}
    chosen = {each: drawn(found, options.clips) for each, found in held_out.items()}
    pool = [(one.clip.text, language) for language, found in held_out.items() for one in found.train]
    for name, sounds in (
        ("recordings", recorded),
        ("dvae round trip", round_trip),
        ("teacher-forced", teacher_forced),
    ):
        tell(name, [clip for each in LANGUAGES for clip in sounds(base, held_out[each], chosen[each])], pool)
    for name, sampling in (
        ("defaults", Sampling()),
        ("temperature 0.5, penalty 1", Sampling(temperature=0.5, repetition_penalty=1)),
    ):
        spoken = [clip for seed in options.seeds for clip in freely(base, options.base, chosen, seed, sampling)]
        tell(f"free speech, {name}", spoken, pool)
    print(json.dumps(code_losses(base, options.corpus, [*held_out.values()])), flush=True)


def opened(base: Base, folders: Sequence[Path]) -> Pair:
    return open_pair(Data(datasets=list(folders)), LIMITS, base.tokenizer, base)


def drawn(found: Pair, count: int) -> Sequence[Example]:
    """Take clips in voices that the base heard, spread over all."""
    known = [one for one in found.train if one.clip.speaker not in UNSEEN]
    return known[:: max(1, len(known) // count)][:count]


def tell(name: str, clips: Sequence[Clip], pool: Sequence[tuple[str, str]]) -> None:
    """Score and print a stage."""
    found = intelligibility.score(clips, pool, processes=2)
    means = {key: str(getattr(found, key)) for key in ("nearest", "error", "distance")}
    print(json.dumps({"stage": name, "clips": len(clips), **means, "chance": round(found.chance, 3)}), flush=True)


def recorded(_: Base, __: Pair, chosen: Sequence[Example]) -> Iterator[Clip]:
    """The clips as they are."""
    for one in chosen:
        yield clip(voice.listen(one.audio), SAMPLE_RATE_HZ, one)


@torch.no_grad()
def round_trip(base: Base, _: Pair, chosen: Sequence[Example]) -> Iterator[Clip]:
    """Codes and back to a mel, made sound without a vocoder."""
    for one in chosen:
        mel_MF = base.need_dvae().decode(one.tensors()[0][None])[0]
        yield clip(sound_of(mel_MF, base.network.mel_stats), SAMPLE_RATE_HZ, one)


@torch.no_grad()
def teacher_forced(base: Base, found: Pair, chosen: Sequence[Example]) -> Iterator[Clip]:
    """The right codes' latents, made sound by the vocoder."""
    for one, said in zip(chosen, latents.hear(base, found, chosen, own_voice=False), strict=True):
        sound_1N = base.network.hifigan_decoder.waveform_decoder(said.latents_AD[None], said.speaker_E[None])
        yield clip(sound_1N[0], OUTPUT_RATE_HZ, one)


def freely(
    base: Base, folder: Path, chosen: dict[str, Sequence[Example]], seed: int, sampling: Sampling
) -> Iterator[Clip]:
    """The same texts, spoken by the network in voices of the base."""
    speaker = speak.load(folder)
    names = speaker.stored_voices()
    for language, clips in chosen.items():
        for number, one in enumerate(clips):
            who = speaker.stored_voice(names[(number + seed) % len(names)])
            audio = speaker.speak(one.clip.text, who, language, seed * 1000 + number, sampling)
            yield Clip(audio, one.clip.text, language)


def clip(sound_N: Tensor, rate_hz: int, one: Example) -> Clip:
    return Clip(Audio(sound_N.clamp(-1, 1).numpy(), rate_hz), one.clip.text, one.clip.language)


def sound_of(mel_MF: Tensor, stats: Tensor) -> Tensor:
    """Invert a normalised log mel: least squares for the spectrum, Griffin-Lim (1984) for its phases."""
    bands = mel.filter_bank(mel.CODE_FFT // 2 + 1, mel.MEL_BANDS, SAMPLE_RATE_HZ, mel.TOP_HZ, slaney=True)
    power_KF = (torch.linalg.pinv(bands.T) @ (mel_MF * stats[:, None]).exp()).clamp(min=1e-10)
    size_KF, shape = power_KF.sqrt(), {"n_fft": mel.CODE_FFT, "hop_length": HOP_SAMPLES, "window": WINDOW}
    turned_KF = torch.polar(size_KF, torch.zeros_like(size_KF))
    for _ in range(ROUNDS):
        sound_N = torch.istft(turned_KF, **shape)
        again_KF = torch.stft(sound_N, return_complex=True, **shape)
        turned_KF = size_KF * again_KF / again_KF.abs().clamp(min=1e-8)
    return torch.istft(turned_KF, **shape)


def code_losses(base: Base, corpus: Path, held_out: Sequence[Pair]) -> dict[str, float]:
    """Masked code loss of all clips whose texts no training heard, in nats."""
    examples = [one for found in held_out for one in found.train if one.clip.speaker not in UNSEEN]
    measured = validate.EvalSet(examples, PROMPT, base.tokenizer, 16)
    heard = opened(base, [corpus / "datasets" / each for each in LANGUAGES]).train
    counts_R = sum(torch.bincount(one.tensors()[0], minlength=1024) for one in heard) + 1.0
    shares_R = counts_R / counts_R.sum()
    codes_N = torch.cat([one.tensors()[0] for one in examples])
    stats = base.network.mel_stats
    return {
        "code loss": round(validate.evaluate(base.network.gpt, measured, stats).code_loss, 3),
        "random": round(validate.evaluate(by_chance(base), measured, stats).code_loss, 3),
        "unigram entropy": round(float(-shares_R[codes_N].log().mean()), 3),
        "clips": len(examples),
    }


def by_chance(base: Base) -> Gpt:
    """Return a random network that has the base's vocabulary."""
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.json"
        vocabulary.write_text(base.tokenizer.to_json(), encoding="utf-8")
        initial.write(Path(folder) / "random", "small", 0, vocabulary)
        return official.load(Path(folder) / "random").network.gpt


if __name__ == "__main__":
    main()
