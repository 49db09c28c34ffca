"""A slim voice: what a run learned and nothing that its base has; with the base it becomes a voice bundle.

It is a bundle with `adapters.safetensors` in place of weights and configuration. That file holds adapters, new rows and
other tensors that learned, as `gpt.text_head.weight[5413:]` where they are rows of one, and says of which base and
vocabulary they are.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dimts.checkpoint import blend, export, grow, weights
from dimts.checkpoint.export import Bundle
from dimts.checkpoint.official import ADAPTERS, Base
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError
from dimts.model.shapes import GptShape, LoraShape
from dimts.text.bpe import Tokenizer
from dimts.text.front import Front

KIND = "dimts adapters 1"
ROWS = re.compile(r"(?P<name>.+)\[(?P<first>\d*):(?P<end>\d*)\]")  # the name of some rows of a tensor


def write(bundle: Bundle, learned: State, base_sha256: str, folder: Path) -> Path:
    """Write a slim voice whole or not at all, replacing an older one; `learned` by the GPT's own names."""
    shape = bundle.network.shape.gpt
    sizes = {"text_rows": shape.text_rows, "text_positions": shape.text_positions}
    facts = {
        "kind": KIND,
        "base": base_sha256,
        "vocabulary": bundle.tokenizer.sha256,
        "shape": json.dumps({**sizes, "lora": asdict(shape.lora) if shape.lora else None}),
    }
    with export.replaced(folder) as beside:
        weights.write({f"gpt.{name}": tensor for name, tensor in learned.items()}, beside / ADAPTERS, facts)
        export.fill_with_the_rest(bundle, beside)
    return folder


def complete(folder: Path, base: Base) -> Bundle:
    """Join a slim voice with its base: adapters merged. CheckpointError when one is damaged or they are no pair."""
    path = folder / ADAPTERS
    if not path.is_file():
        raise CheckpointError(f"{folder}: holds no {ADAPTERS}; give what `dimts export --adapters` wrote")
    description, facts = export.read_description(folder), weights.read_facts(path)
    if facts.get("kind") != KIND or not description:
        raise CheckpointError(f"{folder}: holds no adapters of Dimts, or not all of them; export them again")
    tokenizer = Tokenizer.read(folder / "vocab.json")
    if tokenizer.sha256 != facts["vocabulary"]:
        raise CheckpointError(f"{folder / 'vocab.json'}: is not the vocabulary of these adapters; copy it back")
    if base.sha256 != facts["base"]:
        raise CheckpointError(f"{folder}: was trained on another base than {base.folder}; give the one that it was")
    state = _joined(dict(base.network.state_dict()), weights.read(path))
    gpt = _shape(base.network.shape.gpt, json.loads(facts["shape"]))
    try:
        network = grow.build(base.network, replace(base.network.shape, gpt=gpt), state)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: does not fit its base; export the adapters again") from error
    voices = {name: weights.read(export.voice_file(folder, name)) for name in export.voice_names(folder)}
    front = Front.like(description["normaliser"], folder)
    return Bundle(base, blend.merged(network), tokenizer, voices, export.facts_of(description), front)


def _shape(shape: GptShape, said: Mapping[str, Any]) -> GptShape:
    lora = said["lora"] and LoraShape(**{name: _frozen(value) for name, value in said["lora"].items()})
    return replace(shape, text_rows=said["text_rows"], text_positions=said["text_positions"], lora=lora)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _joined(state: State, learned: State) -> State:
    """Put tensors, or rows of tensors, into a state."""
    for name, tensor in learned.items():
        match = ROWS.fullmatch(name)
        if match:
            state[match["name"]] = _with_rows(state[match["name"]], tensor.to(state[match["name"]]), match)
        else:
            state[name] = tensor.to(state["mel_stats"])
    return state


def _with_rows(tensor: Tensor, rows: Tensor, match: re.Match[str]) -> Tensor:
    first = int(match["first"] or 0)
    return torch.cat([tensor[:first], rows, tensor[first + len(rows) :]])
