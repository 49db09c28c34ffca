"""A base made larger: rows for an extended vocabulary, positions for longer texts. What was there keeps its numbers.

New rows start from the mean of the base's rows and some noise, at the base's norm: unit-variance noise, which other
tools use, is about fifty times too loud for a text head.
"""

from dataclasses import replace

import torch
from torch import Tensor

from dimts.checkpoint.official import Base
from dimts.errors import CheckpointError
from dimts.model.shapes import XttsShape
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer

NOISE = 0.5  # of the base rows' own spread, so that no two new rows are alike
SEED = 20_230_914  # new rows depend on the base and the vocabulary alone


def to_fit(base: Base, tokenizer: Tokenizer, text_tokens: int) -> Xtts:
    """Return the base's network with a row for every token and positions for texts of `text_tokens` tokens."""
    shape = base.network.shape.gpt
    if tokenizer.rows < shape.text_rows:
        raise CheckpointError(
            f"the vocabulary has {tokenizer.rows} rows, {base.folder} has {shape.text_rows}; extend this base's own"
        )
    positions = max(shape.text_positions, text_tokens + 2)  # start and stop
    if (tokenizer.rows, positions) == (shape.text_rows, shape.text_positions):
        return base.network
    state = base.network.state_dict()
    generator = torch.Generator().manual_seed(SEED)
    extra = tokenizer.rows - shape.text_rows
    for name in ("gpt.text_embedding.weight", "gpt.text_head.weight"):
        state[name] = _more_rows(state[name], extra, generator)
    bias = state["gpt.text_head.bias"]
    state["gpt.text_head.bias"] = torch.cat([bias, bias.mean().expand(extra)])
    state["gpt.text_pos_embedding.emb.weight"] = _more_positions(state["gpt.text_pos_embedding.emb.weight"], positions)
    larger = replace(shape, text_rows=tokenizer.rows, text_positions=positions)
    return _build(base.network, replace(base.network.shape, gpt=larger), state)


def _build(like: Xtts, shape: XttsShape, state: dict[str, Tensor]) -> Xtts:
    with torch.device("meta"):
        network = Xtts(shape)
    network.load_state_dict(state, assign=True)
    return network.train(like.training)


def _more_rows(rows_VD: Tensor, extra: int, generator: torch.Generator) -> Tensor:
    """Append rows around the mean of the old ones, each with the old ones' mean norm."""
    noise_ED = torch.randn(extra, rows_VD.shape[1], generator=generator).to(rows_VD)
    new_ED = rows_VD.mean(0) + NOISE * rows_VD.std() * noise_ED
    scale = rows_VD.norm(dim=1).mean() / new_ED.norm(dim=1, keepdim=True)
    return torch.cat([rows_VD, new_ED * scale])


def _more_positions(rows_TD: Tensor, count: int) -> Tensor:
    """Append copies of the last position: as far out as the base ever was."""
    return torch.cat([rows_TD, rows_TD[-1:].expand(count - len(rows_TD), -1)])
