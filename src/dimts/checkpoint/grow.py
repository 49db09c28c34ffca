"""A base made larger: rows for an extended vocabulary, positions for longer texts, adapters. What was there keeps its
numbers.

`start` says where the new rows begin; new positions are copies of the last one; new adapters add nothing yet.
"""

import random
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dimts.checkpoint import start as starting
from dimts.checkpoint.official import Base
from dimts.checkpoint.start import Start
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError
from dimts.model import lora as adapters
from dimts.model.shapes import LoraShape, XttsShape
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer


@dataclass(frozen=True)
class Adapters:
    """Adapters to be, and the seed that they begin from."""

    shape: LoraShape
    seed: int


def to_fit(
    base: Base, tokenizer: Tokenizer, text_tokens: int, start: Start = "phonetic", lora: Adapters | None = None
) -> Xtts:
    """Return the base's network with a row for every token and positions for texts of `text_tokens` tokens."""
    shape = base.network.shape.gpt
    if tokenizer.rows < shape.text_rows:
        raise CheckpointError(
            f"the vocabulary has {tokenizer.rows} rows, {base.folder} has {shape.text_rows}; extend this base's own"
        )
    positions = max(shape.text_positions, text_tokens + 2)  # start and stop
    larger = replace(shape, text_rows=tokenizer.rows, text_positions=positions, lora=lora.shape if lora else None)
    if larger == shape:
        return base.network
    state = dict(base.network.state_dict())
    state |= starting.more_rows(state, base.tokenizer, tokenizer, start)
    state["gpt.text_pos_embedding.emb.weight"] = _more_positions(state["gpt.text_pos_embedding.emb.weight"], positions)
    if lora:
        state |= _new_adapters(state, lora)
    return build(base.network, replace(base.network.shape, gpt=larger), state)


def build(like: Xtts, shape: XttsShape, state: State) -> Xtts:
    """Build a network of a shape around tensors, in the mode of another."""
    with torch.device("meta"):
        network = Xtts(shape)
    network.load_state_dict(state, assign=True)
    return network.train(like.training)


def _more_positions(rows_TD: Tensor, count: int) -> Tensor:
    """Append copies of the last position: as far out as the base ever was."""
    return torch.cat([rows_TD, rows_TD[-1:].expand(count - len(rows_TD), -1)])


def _new_adapters(state: State, lora: Adapters) -> State:
    """Make adapters for the layers in `state`; each depends on the seed and its own place alone."""
    made: State = {}
    for block in lora.shape.blocks:
        for target in lora.shape.targets:
            layer = f"gpt.gpt.h.{block}.{target}."
            weight_IO, rank = state[layer + "weight"], lora.shape.rank
            seed = random.Random(f"lora {lora.seed} {block} {target}").getrandbits(63)
            noise_IR = torch.randn(weight_IO.shape[0], rank, generator=torch.Generator().manual_seed(seed))
            made[layer + adapters.DOWN] = (noise_IR * weight_IO.shape[0] ** -0.5).to(weight_IO)
            made[layer + adapters.UP] = weight_IO.new_zeros(rank, weight_IO.shape[1])
    return made
