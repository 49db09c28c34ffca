"""A base made larger: rows for an extended vocabulary, positions for longer texts. What was there keeps its numbers.

`start` says where the new rows begin; new positions are copies of the last one.
"""

from dataclasses import replace

import torch
from torch import Tensor

from dimts.checkpoint import start as starting
from dimts.checkpoint.official import Base
from dimts.checkpoint.start import Start
from dimts.errors import CheckpointError
from dimts.model.shapes import XttsShape
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer


def to_fit(base: Base, tokenizer: Tokenizer, text_tokens: int, start: Start = "phonetic") -> Xtts:
    """Return the base's network with a row for every token and positions for texts of `text_tokens` tokens."""
    shape = base.network.shape.gpt
    if tokenizer.rows < shape.text_rows:
        raise CheckpointError(
            f"the vocabulary has {tokenizer.rows} rows, {base.folder} has {shape.text_rows}; extend this base's own"
        )
    positions = max(shape.text_positions, text_tokens + 2)  # start and stop
    if (tokenizer.rows, positions) == (shape.text_rows, shape.text_positions):
        return base.network
    state = dict(base.network.state_dict())
    state |= starting.more_rows(state, base.tokenizer, tokenizer, start)
    state["gpt.text_pos_embedding.emb.weight"] = _more_positions(state["gpt.text_pos_embedding.emb.weight"], positions)
    larger = replace(shape, text_rows=tokenizer.rows, text_positions=positions)
    return _build(base.network, replace(base.network.shape, gpt=larger), state)


def _build(like: Xtts, shape: XttsShape, state: dict[str, Tensor]) -> Xtts:
    with torch.device("meta"):
        network = Xtts(shape)
    network.load_state_dict(state, assign=True)
    return network.train(like.training)


def _more_positions(rows_TD: Tensor, count: int) -> Tensor:
    """Append copies of the last position: as far out as the base ever was."""
    return torch.cat([rows_TD, rows_TD[-1:].expand(count - len(rows_TD), -1)])
