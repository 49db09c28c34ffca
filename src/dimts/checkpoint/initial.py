"""Bases without a download: random ones at any size, filled from a seed, and a trained small one that Dimts brings.

The surprise: the DVAE's codebook is picked from what its random encoder makes of synthetic speech, because with
independent noise nearly all frames would fall on one code and there would be nothing to learn.
"""

import json
import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dimts.checkpoint import weights
from dimts.errors import CheckpointError
from dimts.files import whole_folder, write_text
from dimts.model import mel
from dimts.model.dvae import Dvae
from dimts.model.shapes import (
    CODES,
    HOP_SAMPLES,
    MEL_BANDS,
    SAMPLE_RATE_HZ,
    SPEAKER_RATE_HZ,
    DvaeShape,
    GptShape,
    HifiganShape,
    SpeakerShape,
    XttsShape,
)
from dimts.model.speaker import WINDOW, MelSpectrogram
from dimts.model.xtts import Xtts
from dimts.text import base as base_vocabulary
from dimts.text.bpe import Tokenizer

TEXT_POSITIONS = 404  # official: 402 tokens, start and stop
CODE_POSITIONS = 608  # official: 605 + 2 and one spare
STATS = 4.0  # divisor of log mels, of the order of the official mel_stats
SYNTHETIC_S = 120  # seconds of synthetic speech behind the codebook
RESONANCES = ((200, 900, 150, 1.0), (800, 2500, 200, 0.5), (2200, 3800, 300, 0.3), (3500, 8000, 900, 0.15))  # formants
RESONANCE_FLOOR = 0.004  # gain between formants


@dataclass(frozen=True)
class Size:
    """How large a random base is; `full` is the official network, whose values stand where a size says nothing."""

    layers: int
    width: int
    heads: int
    dvae: tuple[int, ...]  # widths of its convolutions
    code_width: int
    hifigan: int  # channels
    speaker: tuple[int, ...]  # channels
    conditioning_blocks: int = 6
    perceiver_width: int = 512
    perceiver_inner: int | None = None  # 8/3 of the width, rounded down
    dvae_blocks: int = 3
    codes: int = CODES
    embedding: int = 512  # of a speaker
    hifigan_kernels: tuple[int, ...] = (3, 7, 11)  # of its residual blocks


SIZES = {
    "tiny": Size(2, 64, 4, (32, 64), 32, 32, (8, 8, 16, 16)),
    "small": Size(6, 256, 4, (80, 160), 128, 256, (8, 8, 16, 16), 2, 128, 256, 2, 512, 128, (3,)),
    "full": Size(30, 1024, 16, (512, 1024), 512, 512, (32, 64, 128, 256)),
}
TRAINED = "small-trained"  # not random: its folder is part of the package
SHIPPED = Path(__file__).with_name("small")


def write(folder: Path, size: str, seed: int, vocabulary: Path | None = None) -> None:
    """Write a base of a named size, whole or not at all, into a folder that does not exist yet or is empty."""
    if size not in (*SIZES, TRAINED):
        raise CheckpointError(f"--size {size}: no such size; choose from {', '.join((*SIZES, TRAINED))}")
    if size == TRAINED and vocabulary is not None:
        raise CheckpointError(f"--vocab {vocabulary}: {TRAINED} has its own vocabulary; `dimts vocab` extends it")
    if not folder.name or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise CheckpointError(f"{folder}: is there already; choose a folder that does not exist, or remove it")
    try:
        if size == TRAINED:
            _copy(folder)
        else:
            _write_random(folder, size, seed, vocabulary)
    except OSError as error:
        raise CheckpointError(
            f"{folder}: cannot be written ({error.strerror or error}); free space or choose another folder"
        ) from error


def _copy(folder: Path) -> None:
    with whole_folder(folder) as beside:
        shutil.copytree(SHIPPED, beside, dirs_exist_ok=True)


def _write_random(folder: Path, size: str, seed: int, vocabulary: Path | None) -> None:
    text = base_vocabulary.vocabulary() if vocabulary is None else Tokenizer.read(vocabulary).to_json()
    tokenizer = Tokenizer.from_json(text)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % (1 << 64))
        network, dvae = build(SIZES[size], tokenizer.rows)
    with whole_folder(folder) as beside:
        weights.write(network.state_dict(), beside / "model.safetensors")
        weights.write_pickle(dvae.state_dict(), beside / "dvae.pth")
        weights.write_pickle(network.mel_stats, beside / "mel_stats.pth")
        weights.write_pickle({}, beside / "speakers_xtts.pth")
        write_text(beside / "vocab.json", text)
        write_text(beside / "config.json", json.dumps(config(network.shape, tokenizer, seed), indent=2) + "\n")


def build(size: Size, text_rows: int) -> tuple[Xtts, Dvae]:
    """Build a random network and DVAE from torch's current random state."""
    network_shape, dvae_shape = shapes(size, text_rows)
    network = Xtts(network_shape)
    network.mel_stats.fill_(STATS)
    _fill_gpt(network.gpt, size.layers)
    _fill_speaker(network)
    dvae = Dvae(dvae_shape)
    _fill_codebook(dvae, network.mel_stats)
    return network.eval(), dvae.eval()


def shapes(size: Size, text_rows: int) -> tuple[XttsShape, DvaeShape]:
    """Return all sizes of a base: those of the official network where `Size` says nothing."""
    inner = size.perceiver_inner or 8 * size.width // 3
    gpt = GptShape(size.layers, size.width, size.heads, text_rows, TEXT_POSITIONS, CODES + 2, CODE_POSITIONS, 32,
                   size.perceiver_width, inner, 2, size.conditioning_blocks)  # fmt: skip
    hifigan = HifiganShape(size.width, size.hifigan, (16, 16, 4, 4), size.hifigan_kernels, size.embedding)
    speaker = SpeakerShape(64, size.speaker, (3, 4, 6, 3), 8, 128, size.embedding)
    dvae = DvaeShape(MEL_BANDS, size.dvae, size.dvae_blocks, size.code_width, size.codes)
    return XttsShape(gpt, hifigan, speaker), dvae


def config(shape: XttsShape, tokenizer: Tokenizer, seed: int) -> dict[str, Any]:
    """Return the official configuration's entries that say something about these weights."""
    gpt = shape.gpt
    return {
        "model": "xtts",
        "audio": {"sample_rate": SAMPLE_RATE_HZ, "output_sample_rate": 24_000},
        "model_args": {
            "gpt_layers": gpt.layers,
            "gpt_n_model_channels": gpt.width,
            "gpt_n_heads": gpt.heads,
            "gpt_number_text_tokens": gpt.text_rows,
            "gpt_start_text_token": tokenizer.start_id,
            "gpt_stop_text_token": tokenizer.stop_id,
            "gpt_max_text_tokens": gpt.text_positions - 2,
            "gpt_max_audio_tokens": gpt.code_positions - 3,
            "gpt_num_audio_tokens": gpt.code_rows,
            "gpt_start_audio_token": CODES,
            "gpt_stop_audio_token": CODES + 1,
            "gpt_use_perceiver_resampler": True,
            "gpt_use_masking_gt_prompt_approach": True,
            "decoder_input_dim": shape.hifigan.input_width,
        },
        "languages": list(tokenizer.languages),
        "random_base": {"seed": seed, "shape": asdict(shape)},
    }


def _fill_gpt(gpt: nn.Module, layers: int) -> None:
    """GPT-2's scheme: normal 0.02, residual projections smaller with depth."""
    for name, parameter in gpt.named_parameters():
        if name.endswith(("bias", "gamma")) or parameter.dim() < 2:
            continue  # zeros and ones, as the modules made them
        scale = 0.02 / math.sqrt(2 * layers) if name.startswith("gpt.h.") and "c_proj" in name else 0.02
        if not name.startswith("conditioning_encoder") and not name.endswith(("to_q.weight", "to_kv.weight")):
            nn.init.normal_(parameter, std=scale)


def _fill_speaker(network: Xtts) -> None:
    front = network.hifigan_decoder.speaker_encoder.torch_spec[1]
    assert isinstance(front, MelSpectrogram)
    bank = front.mel_scale.fb
    front.spectrogram.window.copy_(torch.hamming_window(WINDOW))
    bank.copy_(mel.filter_bank(bank.shape[0], bank.shape[1], SPEAKER_RATE_HZ, SPEAKER_RATE_HZ / 2, slaney=False))


@torch.no_grad()
def _fill_codebook(dvae: Dvae, stats: Tensor) -> None:
    """Standardise every channel of the encoder on synthetic speech, then pick columns from what it encodes."""
    x = mel.code_mel(synthetic_speech(SYNTHETIC_S), stats)
    for layer in dvae.encoder:
        x = _standardise(layer, x)
    encoded_WA = x.transpose(0, 1).flatten(1)
    picked = torch.randperm(encoded_WA.shape[1])[: dvae.shape.codes]
    dvae.codebook.embed.copy_(encoded_WA[:, picked])
    dvae.codebook.embed_avg.copy_(dvae.codebook.embed)
    dvae.codebook.cluster_size.fill_(1.0)


def _standardise(layer: nn.Module, x: Tensor) -> Tensor:
    """Scale and shift each convolution in `layer` to mean 0, variance 1 on `x`; return the layer's output."""
    inside = x
    for module in layer.modules():
        if isinstance(module, nn.Conv1d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            assert module.bias is not None
            module.bias.zero_()
            out = module(inside)
            spread, centre = out.std((0, 2)), out.mean((0, 2))
            module.weight.div_(spread[:, None, None])
            module.bias.copy_(-centre / spread)
            inside = module(inside).relu()
    standardised: Tensor = layer(x)
    return standardised


def synthetic_speech(seconds: int, piece_s: int = 10) -> Tensor:
    """Make a buzz and a hiss through wandering resonances, with pauses: float32 [seconds / 10, samples]."""
    batch, count = seconds // piece_s, piece_s * SAMPLE_RATE_HZ
    window = torch.hann_window(mel.WINDOW_SAMPLES)
    spectrum = torch.stft(_source(batch, count), mel.CODE_FFT, HOP_SAMPLES, window=window, return_complex=True)
    frames = spectrum.shape[2]
    bins_hz = torch.linspace(0, SAMPLE_RATE_HZ / 2, spectrum.shape[1])[None, :, None]
    gain = torch.full((batch, spectrum.shape[1], frames), RESONANCE_FLOOR)
    for low_hz, high_hz, width_hz, level in RESONANCES:
        centre_hz = _wander(batch, frames, frames // 12, low_hz, high_hz)[:, None]
        strength = level * 10 ** _wander(batch, frames, frames // 8, -1.0, 0.0)[:, None]
        gain += strength * torch.exp(-((bins_hz - centre_hz) ** 2) / (2 * width_hz**2))
    loudness = 10 ** _wander(batch, frames, frames // 8, -1.8, 0.3)[:, None]
    shaped = torch.istft(spectrum * gain * loudness, mel.CODE_FFT, HOP_SAMPLES, window=window, length=count)
    return shaped / shaped.abs().amax(1, keepdim=True) * 0.9


def _source(batch: int, count: int) -> Tensor:
    """Return the sound before the resonances, between buzz and hiss: float32 [batch, count]."""
    pitch_hz = _wander(batch, count, 20, 80, 300)
    phase = 2 * math.pi * (pitch_hz / SAMPLE_RATE_HZ).cumsum(1)
    buzz = torch.zeros(batch, count)
    for harmonic in range(1, 30):
        buzz += torch.sin(harmonic * phase) / harmonic**0.5
    voiced = _wander(batch, count, 30, -0.5, 1.5).clamp(0, 1)
    return voiced * buzz / 4 + (1.05 - voiced) * torch.randn(batch, count) * 0.1


def _wander(batch: int, count: int, knots: int, low: float, high: float) -> Tensor:
    """Return curves through random points: float32 [batch, count] between low and high."""
    points = low + (high - low) * torch.rand(batch, 1, max(2, knots))
    return nn.functional.interpolate(points, size=count, mode="linear", align_corners=True)[:, 0]
