"""The silent half of the first contact with a base: files, vocabulary, weights, mel statistics, stored voices."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dimts.checkpoint import describe, fetch, official, weights
from dimts.checkpoint.official import Base
from dimts.errors import CheckpointError
from dimts.evaluate.finding import Finding, judged
from dimts.infer.voice import Voice
from dimts.text.bpe import tag_of
from dimts.text.languages import OFFICIAL

OFFICIAL_IDS = {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "[START]": 261}  # XTTS v2's vocab.json
NEEDED = ("config.json", "vocab.json", "model", "dvae")
MEL_STATS_RANGE = (0.1, 20.0)  # divisors of natural-log mels between ln(1e-5) = -11.5 and about 3
VOICES = "speakers_xtts.pth"
PARTS = {
    "text embedding": ("gpt.text_embedding.", "gpt.text_pos_embedding."),
    "code embedding": ("gpt.mel_embedding.", "gpt.mel_pos_embedding."),
    "blocks": ("gpt.gpt.",),
    "heads": ("gpt.text_head.", "gpt.mel_head.", "gpt.final_norm."),
    "conditioning": ("gpt.conditioning_encoder.",),
    "perceiver": ("gpt.conditioning_perceiver.",),
    "vocoder": ("hifigan_decoder.waveform_decoder.",),
    "speaker encoder": ("hifigan_decoder.speaker_encoder.",),
    "DVAE": ("dvae.",),
}


def check_files(folder: Path) -> Iterator[Finding]:
    """Say which files are there, and whether they are those that were fetched."""
    sizes = describe.file_sizes(folder)
    total = fetch.shown_bytes(sum(sizes.values()))
    missing = [name for name in NEEDED if not (folder / name).is_file() and not official.find(folder, name).is_file()]
    lacking = [name for name in ("mel_stats.pth", VOICES) if not (folder / name).is_file()]
    problems = [f"lacks {', '.join(missing)}: {fetch.by_hand(folder)}"] if missing else []
    notes = [f"lacks {', '.join(lacking)}, which official bases have"] if lacking else []
    yield judged("files", problems, notes, f"{len(sizes)} files, {total}", {"bytes": sizes, "missing": missing})
    if (folder / fetch.ORIGIN).is_file():
        yield _unchanged(folder)


def check_sizes(base: Base) -> Finding:
    """Say what the weights describe; that every name and shape fits was proved by loading them."""
    facts = describe.facts(base)
    facts.pop("files")
    rows, positions = facts["text_rows"], facts["text_positions"]
    said = {
        "random": "random weights, made by `dimts base init`: they cannot speak",
        "bundle": "a voice bundle of Dimts",
        "official": "the sizes of the official XTTS v2",
        "other": "not the sizes of the official XTTS v2",
    }[facts["kind"]]
    text = (
        f"every name and shape fits: {facts['layers']} layers, width {facts['width']:,}, {facts['heads']} heads, "
        f"{rows:,} text rows, {positions} text positions"
    )
    notes = [said] if facts["kind"] in ("random", "other") else []
    return judged("shapes", [], notes, text if notes else f"{text}; {said}", facts)


def check_vocabulary(base: Base) -> Finding:
    """Compare the vocabulary with the weights, the configuration and the official ids."""
    tokenizer, gpt = base.tokenizer, base.network.shape.gpt
    ids = {token: tokenizer.vocabulary[token] for token in OFFICIAL_IDS}
    lost = [language for language in OFFICIAL if tag_of(language) not in tokenizer.special]
    stated = base.config.get("model_args", {})
    problems = _contradictions(stated, {"gpt_start_text_token": ids["[START]"], "gpt_stop_text_token": ids["[STOP]"]})
    if gpt.code_rows != 1026:
        problems.append(f"{gpt.code_rows} code rows where 1026 are official")
    notes = _contradictions(stated, {"gpt_number_text_tokens": gpt.text_rows})
    notes += [f"no tag for {' '.join(lost)}"] if lost else []
    notes += [f"official: {OFFICIAL_IDS}"] if ids != OFFICIAL_IDS else []
    more = [language for language in tokenizer.languages if tag_of(language) not in map(tag_of, OFFICIAL)]
    known = len(OFFICIAL) - len(lost)
    text = f"{tokenizer.rows:,} rows for {len(tokenizer.vocabulary):,} tokens, {known} of {len(OFFICIAL)} official tags"
    text += f" and {' '.join(more)}" if more else ""
    text += ", " + " ".join(f"{token} {index}" for token, index in ids.items())
    return judged("vocabulary", problems, notes, text, {"rows": tokenizer.rows, "ids": ids, "lost": lost, "more": more})


def check_weights(base: Base) -> Iterator[Finding]:
    """Measure the spread of every part; anything that is not finite or all alike is a PROBLEM."""
    state = _state(base)
    for part, prefixes in PARTS.items():
        tensors = {name: t for name, t in state.items() if name.startswith(prefixes) and t.is_floating_point()}
        if tensors:
            yield _spread(part, tensors)


def check_mel_stats(base: Base) -> Finding:
    """Look at the divisors of the 80 mel bands, in the weights and in their own file."""
    stats = base.network.mel_stats
    low, mean, high = float(stats.min()), float(stats.mean()), float(stats.max())
    problems, notes = [], []
    if not bool(stats.isfinite().all()) or low < MEL_STATS_RANGE[0] or high > MEL_STATS_RANGE[1]:
        problems.append(f"implausible: expected between {MEL_STATS_RANGE[0]:g} and {MEL_STATS_RANGE[1]:g}")
    if low == high == 1.0:
        problems.append("never filled in: all are 1")
    elif low == high:
        notes.append("all alike, so not measured on speech")
    path = base.folder / "mel_stats.pth"
    stored = weights.read_pickle(path) if path.is_file() else stats
    if not isinstance(stored, Tensor) or stored.shape != stats.shape or not stored.allclose(stats.cpu()):
        problems.append(f"{path.name} differs from those among the weights")
    facts = {"min": low, "mean": mean, "max": high}
    return judged("mel stats", problems, notes, f"80 bands, {low:.3g} to {high:.3g}, mean {mean:.3g}", facts)


def read_voices(base: Base) -> dict[str, Voice]:
    """Read the official stored voices, in the file's order. CheckpointError when the file holds something else."""
    path = base.folder / VOICES
    content = weights.read_pickle(path) if path.is_file() else {}
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: holds no dictionary of voices; fetch it again")
    return {str(name): _voice(entry, base, f"{path}: voice {name!r}") for name, entry in content.items()}


def check_voices(base: Base) -> tuple[Finding, dict[str, Voice]]:
    """Read and count the official stored voices."""
    try:
        voices = read_voices(base)
    except CheckpointError as error:
        return Finding("voices", "PROBLEM", str(error)), {}
    if not voices:
        return Finding("voices", "note", "none stored", {"names": []}), {}
    text = f"{len(voices)} stored, the first is {next(iter(voices))}"
    return Finding("voices", "ok", text, {"names": list(voices)}), voices


def _unchanged(folder: Path) -> Finding:
    """Compare the files with the sizes and hashes that were right when they were fetched."""
    try:
        origin = json.loads((folder / fetch.ORIGIN).read_text(encoding="utf-8"))
        described = {name: (int(entry["bytes"]), entry["hash"]) for name, entry in origin["files"].items()}
        changed = [name for name, (size, like) in described.items() if not fetch.right(folder / name, size, like)]
        text = f"fetched from {origin['repo']} at {origin['commit'][:12]}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Finding("origin", "note", f"{fetch.ORIGIN} is damaged ({error}): cannot tell whether files changed")
    problems = [f"{', '.join(changed)} changed since"] if changed else []
    return judged("origin", problems, [], text if problems else f"{text}, unchanged since", {"changed": changed})


def _contradictions(stated: dict[str, Any], found: dict[str, int]) -> list[str]:
    """Return what config.json states otherwise than the vocabulary and the weights; null states nothing."""
    wrong = [name for name, value in found.items() if stated.get(name) not in (None, value)]
    return [f"config.json says {name} {stated[name]}, found {found[name]}" for name in wrong]


def _state(base: Base) -> dict[str, Tensor]:
    def prefixed(module: nn.Module, prefix: str) -> dict[str, Tensor]:
        return {prefix + name: tensor.cpu() for name, tensor in module.state_dict().items()}

    return prefixed(base.network, "") | (prefixed(base.dvae, "dvae.") if base.dvae else {})


def _spread(part: str, tensors: dict[str, Tensor]) -> Finding:
    count = sum(t.numel() for t in tensors.values())
    total = sum(float(t.sum(dtype=torch.float64)) for t in tensors.values())
    squares = sum(float(t.double().square().sum()) for t in tensors.values())
    largest = max(float(t.abs().max()) for t in tensors.values())
    spread = math.sqrt(max(0.0, squares / count - (total / count) ** 2)) if math.isfinite(squares) else math.nan
    bad = [name for name, t in tensors.items() if not bool(t.isfinite().all())]
    problems = [f"NaN or infinite: {weights.shown(bad)}"] if bad else []
    problems += ["all alike: never filled in"] if spread == 0 else []
    text = f"{part:<16} {count / 1e6:>7.2f} M   spread {spread:.3g}, largest {largest:.3g}"
    return judged("weights", problems, [], text, {"part": part, "count": count, "spread": spread, "largest": largest})


def _voice(entry: Any, base: Base, where: str) -> Voice:
    """Turn an official entry into a Voice; its embedding is stored as [1, 512, 1]."""
    gpt, width = base.network.shape.gpt, base.network.shape.hifigan.speaker_width
    try:
        latents_1PD, speaker_1E = entry["gpt_cond_latent"].float(), entry["speaker_embedding"].float().reshape(1, -1)
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{where} is no gpt_cond_latent and speaker_embedding; fetch the file again") from error
    if latents_1PD.shape != (1, gpt.latents, gpt.width) or speaker_1E.shape != (1, width):
        shapes = f"{tuple(latents_1PD.shape)} and {tuple(speaker_1E.shape)}"
        raise CheckpointError(f"{where} has shapes {shapes}, not of this base; fetch the file again")
    device = base.network.mel_stats.device
    return Voice(latents_1PD.to(device), speaker_1E.to(device))
