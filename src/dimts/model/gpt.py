"""The GPT: scores text tokens and audio codes after a voice prompt; one token stream, packed without padding.

A clip is one sequence `latents, text, codes`. A batch is its clips laid end to end (N rows); attention stays inside
each clip. A padded batch is the same thing with clips made equally long, so there is one code path for both.
"""

# B clips, T text tokens, A audio codes, P prompt latents, F mel frames, D width, S one clip's whole sequence,
# N all rows of a batch laid end to end, R rows of a head

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint

from dimts.model.blocks import Cache, Mode, Packing, Stack, Watch
from dimts.model.conditioning import ConditioningEncoder, Perceiver
from dimts.model.cpu import dropout, linear
from dimts.model.shapes import START_CODE, STOP_CODE, STOP_TARGETS, GptShape

DROPOUT = 0.1  # upstream: embeddings (latents included), attention, residuals


@dataclass(frozen=True)
class Scores:
    """What the GPT thinks comes next: all clips' text rows, then all clips' code rows, in clip order."""

    text_NR: Tensor  # T + 1 rows a clip: t1..tT and the stop
    codes_NR: Tensor  # A + 4 rows a clip: c0..c(A-1) and four stops
    latents_ND: Tensor  # the states behind codes_NR


class Gpt(nn.Module):
    """Conditioning, embeddings, the stack of blocks and two heads, under their official names."""

    def __init__(self, shape: GptShape) -> None:
        super().__init__()
        self.shape = shape
        self.mode = Mode(DROPOUT)  # in training; evaluation and speech run plainly
        self.conditioning_encoder = ConditioningEncoder(shape)
        self.conditioning_perceiver = Perceiver(shape)
        self.text_embedding = nn.Embedding(shape.text_rows, shape.width)
        self.mel_embedding = nn.Embedding(shape.code_rows, shape.width)
        self.gpt = Stack(shape)
        self.mel_pos_embedding = Positions(shape.code_positions, shape.width)
        self.text_pos_embedding = Positions(shape.text_positions, shape.width)
        self.final_norm = nn.LayerNorm(shape.width)
        self.text_head = nn.Linear(shape.width, shape.text_rows)
        self.mel_head = nn.Linear(shape.width, shape.code_rows)

    def prompt(self, mel_BMF: Tensor) -> Tensor:
        """Turn prompts of equal length into latents: float32 [B, 80, F] to [B, 32, D]."""
        mode = self.mode if self.training else Mode()
        if mode.checkpointing and torch.is_grad_enabled():
            latents_BPD: Tensor = checkpoint(self._prompt, mel_BMF, mode.compiled, use_reentrant=False)
            return latents_BPD
        return self._prompt(mel_BMF, mode.compiled)

    def _prompt(self, mel_BMF: Tensor, compiled: bool) -> Tensor:
        context_BDF = self.conditioning_encoder(mel_BMF, compiled)
        latents_BPD: Tensor = self.conditioning_perceiver(context_BDF.transpose(1, 2))
        return latents_BPD

    def forward(
        self,
        latents_BPD: Tensor,
        text: Sequence[Tensor],
        codes: Sequence[Tensor],
        start_id: int,
        padded: bool = False,
        watch: Watch | None = None,
    ) -> Scores:
        """Score every text token and code of clips given as lists of int64 [T] and [A]; ids without start and stop.

        UPSTREAM: in training nothing attends to the text stop and nothing is read from it, so it is left out
        (tests/parity/test_network.py::test_training_forward).
        """
        text_in, codes_in = [_text_inputs(ids, start_id) for ids in text], [_code_inputs(ids) for ids in codes]
        text_TD = _embed_all(self.text_embedding, self.text_pos_embedding, text_in)
        codes_AD = _embed_all(self.mel_embedding, self.mel_pos_embedding, codes_in)
        clips = [list(clip) for clip in zip(latents_BPD, text_TD, codes_AD, strict=True)]
        if padded:
            _fill_up(clips)
        sizes = [[len(part) for part in clip] for clip in clips]
        hidden_ND = self.hidden(torch.cat(list(chain(*clips))), [sum(size) for size in sizes], watch=watch)
        parts = torch.split(hidden_ND, list(chain(*sizes)))
        text_ND, codes_ND = (torch.cat(parts[at :: len(sizes[0])]) for at in (1, 2))
        text_NR = linear(text_ND, self.text_head.weight, self.text_head.bias)
        codes_NR = linear(codes_ND, self.mel_head.weight, self.mel_head.bias)
        return Scores(text_NR, codes_NR, codes_ND)

    def embed_text(self, ids_T: Tensor, start: int = 0) -> Tensor:
        """Embed text ids (any leading shape [..., T]) at positions `start` onwards."""
        at_T = torch.arange(start, start + ids_T.shape[-1], device=ids_T.device)
        embedded: Tensor = self.text_embedding(ids_T) + self.text_pos_embedding.emb(at_T)
        return embedded

    def embed_codes(self, ids_A: Tensor, start: int = 0) -> Tensor:
        """Embed code ids (any leading shape [..., A]) at positions `start` onwards."""
        at_A = torch.arange(start, start + ids_A.shape[-1], device=ids_A.device)
        embedded: Tensor = self.mel_embedding(ids_A) + self.mel_pos_embedding.emb(at_A)
        return embedded

    def hidden(
        self, rows_ND: Tensor, lengths: Sequence[int], cache: Cache | None = None, watch: Watch | None = None
    ) -> Tensor:
        """Run the stack over clips laid end to end; `lengths` add up to N."""
        mode = self.mode if self.training else Mode()
        packing = Packing.of(lengths, rows_ND.device)
        stacked_ND = self.gpt(dropout(rows_ND, mode.dropout), packing, mode, cache, watch)
        normed_ND: Tensor = self.final_norm(stacked_ND)
        return normed_ND

    def new_cache(self, batch: int, length: int) -> Cache:
        """Allocate keys and values for `batch` sequences of up to `length` rows."""
        shape, like = self.shape, self.mel_head.weight
        size = (shape.layers, batch, shape.heads, length, shape.width // shape.heads)
        return Cache(like.new_empty(size), like.new_empty(size))


class Positions(nn.Module):
    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(rows, width)


def _embed_all(rows: nn.Embedding, positions: Positions, ids: Sequence[Tensor]) -> Sequence[Tensor]:
    """Embed the ids of all clips at once, each clip from position 0."""
    at_S = torch.arange(max(map(len, ids)), device=ids[0].device)
    at_N = torch.cat([at_S[: len(own)] for own in ids])
    return torch.split(rows(torch.cat(list(ids))) + positions.emb(at_N), [len(own) for own in ids])


def _text_inputs(ids_T: Tensor, start_id: int) -> Tensor:
    """Return the start and the text."""
    return pad(ids_T, (1, 0), value=start_id)


def _code_inputs(ids_A: Tensor) -> Tensor:
    """Return the start code, the codes, and the three stops after which stops are still predicted."""
    return pad(pad(ids_A, (1, 0), value=START_CODE), (0, STOP_TARGETS - 1), value=STOP_CODE)


def _fill_up(clips: Sequence[list[Tensor]]) -> None:
    """Append zeros to each clip's parts, so that all clips are equally long."""
    longest = max(sum(map(len, clip)) for clip in clips)
    for clip in clips:
        clip.append(clip[0].new_zeros(longest - sum(map(len, clip)), clip[0].shape[1]))
