"""Sizes and ids of an XTTS network, read from the weights: a run file never states them.

Only three facts are not in the weights: the number of attention heads (in the base's config.json), the HiFi-GAN rates
(half of their kernels, as in the official network) and its dilations (1, 3, 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass

SAMPLE_RATE_HZ = 22_050  # what the GPT, the DVAE and prompts hear
OUTPUT_RATE_HZ = 24_000  # what HiFi-GAN speaks
SPEAKER_RATE_HZ = 16_000  # what the speaker encoder hears
HOP_SAMPLES = 256  # one mel frame, at 22,050 Hz
CODE_SAMPLES = 1024  # one DVAE code, at 22,050 Hz: 46.4 ms
MEL_BANDS = 80
START_CODE = 1024  # official gpt_start_audio_token
STOP_CODE = 1025  # official gpt_stop_audio_token
CODES = 1024  # DVAE codebook entries
STOP_TARGETS = 4  # upstream: a clip of n codes has n + 4 targets, the last four are the stop
PERCEIVER_HEAD_WIDTH = 64  # upstream dim_head
PROMPT_LIMIT_SAMPLES = 132_300  # 6 s: upstream max_conditioning_length, the length prompts are padded to

Sizes = Mapping[str, tuple[int, ...]]  # official parameter name -> shape


@dataclass(frozen=True)
class LoraShape:
    """Adapters beside the linear layers of some blocks; official checkpoints have none."""

    rank: int  # width of an adapter
    alpha: float  # its strength is alpha / rank
    dropout: float  # of its inputs, while training
    targets: tuple[str, ...]  # layers of a block: "attn.c_attn", "mlp.c_proj"
    blocks: tuple[int, ...]

    @property
    def scale(self) -> float:
        return self.alpha / self.rank


@dataclass(frozen=True)
class GptShape:
    layers: int
    width: int
    heads: int
    text_rows: int
    text_positions: int
    code_rows: int
    code_positions: int
    latents: int  # P: prompt latents a voice is made of
    perceiver_width: int  # heads x 64
    perceiver_inner: int
    perceiver_layers: int
    conditioning_blocks: int
    lora: LoraShape | None = None

    def adapter(self, block: int, target: str) -> LoraShape | None:
        """Return what adapts a layer of a block, if anything."""
        adapted = self.lora and block in self.lora.blocks and target in self.lora.targets
        return self.lora if adapted else None

    @staticmethod
    def read(sizes: Sizes, heads: int) -> "GptShape":
        """Read the sizes from official names (without the `gpt.` prefix)."""
        text_rows, width = sizes["text_embedding.weight"]
        return GptShape(
            layers=_count(sizes, "gpt.h."),
            width=width,
            heads=heads,
            text_rows=text_rows,
            text_positions=sizes["text_pos_embedding.emb.weight"][0],
            code_rows=sizes["mel_embedding.weight"][0],
            code_positions=sizes["mel_pos_embedding.emb.weight"][0],
            latents=sizes["conditioning_perceiver.latents"][0],
            perceiver_width=sizes["conditioning_perceiver.layers.0.0.to_q.weight"][0],
            perceiver_inner=sizes["conditioning_perceiver.layers.0.1.2.weight"][1],
            perceiver_layers=_count(sizes, "conditioning_perceiver.layers."),
            conditioning_blocks=_count(sizes, "conditioning_encoder.attn."),
        )


@dataclass(frozen=True)
class DvaeShape:
    bands: int
    widths: tuple[int, ...]  # of the strided convolutions, outermost first
    blocks: int
    code_width: int
    codes: int

    @staticmethod
    def read(sizes: Sizes) -> "DvaeShape":
        """Read the sizes from official names (those of dvae.pth)."""
        depth = sum(f"encoder.{i}.0.weight" in sizes for i in range(8))
        code_width, codes = sizes["codebook.embed"]
        return DvaeShape(
            bands=sizes["encoder.0.0.weight"][1],
            widths=tuple(sizes[f"encoder.{i}.0.weight"][0] for i in range(depth)),
            blocks=sum(f"encoder.{i}.net.0.weight" in sizes for i in range(64)),
            code_width=code_width,
            codes=codes,
        )


@dataclass(frozen=True)
class HifiganShape:
    input_width: int
    channels: int
    kernels: tuple[int, ...]  # of the upsamplings; each rate is half its kernel
    block_kernels: tuple[int, ...]
    speaker_width: int

    @property
    def rates(self) -> tuple[int, ...]:
        return tuple(kernel // 2 for kernel in self.kernels)

    @staticmethod
    def read(sizes: Sizes) -> "HifiganShape":
        """Read the sizes from official names (without the `hifigan_decoder.waveform_decoder.` prefix)."""
        ups = _count(sizes, "ups.")
        blocks = _count(sizes, "resblocks.") // ups
        weight = "parametrizations.weight.original1"
        channels, input_width, _ = sizes["conv_pre.weight"]
        return HifiganShape(
            input_width=input_width,
            channels=channels,
            kernels=tuple(sizes[f"ups.{i}.{weight}"][2] for i in range(ups)),
            block_kernels=tuple(sizes[f"resblocks.{i}.convs1.0.{weight}"][2] for i in range(blocks)),
            speaker_width=sizes["cond_layer.weight"][1],
        )


@dataclass(frozen=True)
class SpeakerShape:
    bands: int
    channels: tuple[int, ...]
    blocks: tuple[int, ...]
    reduction: int
    attention_width: int
    width: int  # of the embedding

    @staticmethod
    def read(sizes: Sizes) -> "SpeakerShape":
        """Read the sizes from official names (without the `hifigan_decoder.speaker_encoder.` prefix)."""
        channels = tuple(sizes[f"layer{i}.0.conv1.weight"][0] for i in range(1, 5))
        return SpeakerShape(
            bands=sizes["torch_spec.1.mel_scale.fb"][1],
            channels=channels,
            blocks=tuple(_count(sizes, f"layer{i}.") for i in range(1, 5)),
            reduction=channels[0] // sizes["layer1.0.se.fc.0.weight"][0],
            attention_width=sizes["attention.0.weight"][0],
            width=sizes["fc.weight"][0],
        )


@dataclass(frozen=True)
class XttsShape:
    gpt: GptShape
    hifigan: HifiganShape
    speaker: SpeakerShape

    @staticmethod
    def read(sizes: Sizes, heads: int) -> "XttsShape":
        """Read the sizes from the official names of model.pth; KeyError names the first one missing."""
        return XttsShape(
            GptShape.read(_under(sizes, "gpt."), heads),
            HifiganShape.read(_under(sizes, "hifigan_decoder.waveform_decoder.")),
            SpeakerShape.read(_under(sizes, "hifigan_decoder.speaker_encoder.")),
        )


def _under(sizes: Sizes, prefix: str) -> Sizes:
    return {name.removeprefix(prefix): size for name, size in sizes.items() if name.startswith(prefix)}


def _count(sizes: Sizes, prefix: str) -> int:
    """Count the distinct numbers that follow `prefix` in the names."""
    return len({name.removeprefix(prefix).split(".")[0] for name in sizes if name.startswith(prefix)})
