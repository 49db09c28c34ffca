"""What a base folder or bundle holds, as facts: sizes, languages, files, and what kind of base it seems to be."""

from pathlib import Path
from typing import Any

from torch import nn

from dimts.checkpoint.fetch import LICENCE_FILE, ORIGIN
from dimts.checkpoint.official import Base
from dimts.model.shapes import CODE_SAMPLES, SAMPLE_RATE_HZ, STOP_TARGETS

OFFICIAL_SIZES = (30, 1024, 16, 1026, (512, 1024), 512)  # layers, width, heads, code rows, DVAE widths, code width
LISTED = ("*.json", "*.pth", "*.safetensors", LICENCE_FILE, "voices/*.safetensors")


def kind(base: Base) -> str:
    """Say what made the weights, as far as the folder tells: random, bundle, official or other."""
    if "random_base" in base.config:
        return "random"
    if (base.folder / "bundle.json").is_file():
        return "bundle"
    return "official" if official_size(base) else "other"


def official_size(base: Base) -> bool:
    """Say whether the sizes are those of the official XTTS v2; only the text rows may differ."""
    gpt, dvae = base.network.shape.gpt, base.dvae
    if dvae is None:
        return False
    sizes = (gpt.layers, gpt.width, gpt.heads, gpt.code_rows, dvae.shape.widths, dvae.shape.code_width)
    return sizes == OFFICIAL_SIZES


def facts(base: Base) -> dict[str, Any]:
    """Return everything that `dimts base show` says."""
    gpt, vocoder = base.network.shape.gpt, base.network.shape.hifigan
    decoder = base.network.hifigan_decoder
    return {
        "folder": str(base.folder),
        "kind": kind(base),
        "layers": gpt.layers,
        "width": gpt.width,
        "heads": gpt.heads,
        "text_rows": gpt.text_rows,
        "text_positions": gpt.text_positions,
        "code_rows": gpt.code_rows,
        "code_positions": gpt.code_positions,
        "longest_clip_s": round((gpt.code_positions - STOP_TARGETS) * CODE_SAMPLES / SAMPLE_RATE_HZ, 1),
        "prompt_latents": gpt.latents,
        "languages": list(base.tokenizer.languages),
        "dvae": _dvae(base),
        "vocoder_channels": vocoder.channels,
        "speaker_width": vocoder.speaker_width,
        "parameters": {
            "gpt": parameters(base.network.gpt),
            "vocoder": parameters(decoder.waveform_decoder),
            "speaker": parameters(decoder.speaker_encoder),
            "dvae": parameters(base.dvae) if base.dvae else 0,
        },
        "files": file_sizes(base.folder),
        "origin": (base.folder / ORIGIN).is_file(),
        "fingerprint": base.sha256,
    }


def parameters(module: nn.Module) -> int:
    """Count the numbers that training could change."""
    return sum(parameter.numel() for parameter in module.parameters())


def file_sizes(folder: Path) -> dict[str, int]:
    """Return the folder's files of official layout and their sizes in bytes."""
    paths = sorted({path for pattern in LISTED for path in folder.glob(pattern) if path.is_file()})
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths}


def _dvae(base: Base) -> dict[str, Any] | None:
    if base.dvae is None:
        return None
    shape = base.dvae.shape
    return {"bands": shape.bands, "widths": list(shape.widths), "codes": shape.codes, "code_width": shape.code_width}
