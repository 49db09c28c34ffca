"""The GPT: scores text tokens and audio codes after a voice prompt; one token stream, packed without padding.

A clip is one sequence `latents, text, codes`. A batch is its clips laid end to end (N rows); attention stays inside
each clip. A padded batch is the same thing with clips made equally long, so there is one code path for both.
"""

# B clips, T text tokens, A audio codes, P prompt latents, F mel frames, D width, S one clip's whole sequence,
# N all rows of a batch laid end to end, H heads, K head width, L layers, R rows of a head

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from dimts.model.conditioning import ConditioningEncoder, Perceiver
from dimts.model.cpu import attend, dropout, linear
from dimts.model.lora import Adapter
from dimts.model.shapes import START_CODE, STOP_CODE, STOP_TARGETS, GptShape, LoraShape

DROPOUT = 0.1  # upstream: embeddings (latents included), attention, residuals


@dataclass(frozen=True)
class Scores:
    """What the GPT thinks comes next: all clips' text rows, then all clips' code rows, in clip order."""

    text_NR: Tensor  # T + 1 rows a clip: t1..tT and the stop
    codes_NR: Tensor  # A + 4 rows a clip: c0..c(A-1) and four stops
    latents_ND: Tensor  # the states behind codes_NR


@dataclass
class Cache:
    """Keys and values of the sequence so far, one allocation for the whole utterance."""

    keys_LBHSK: Tensor
    values_LBHSK: Tensor
    length: int = field(default=0)


class Gpt(nn.Module):
    """Conditioning, embeddings, the stack of blocks and two heads, under their official names."""

    def __init__(self, shape: GptShape) -> None:
        super().__init__()
        self.shape = shape
        self.dropout = DROPOUT
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
        context_BDF = self.conditioning_encoder(mel_BMF)
        latents_BPD: Tensor = self.conditioning_perceiver(context_BDF.transpose(1, 2))
        return latents_BPD

    def forward(
        self, latents_BPD: Tensor, text: Sequence[Tensor], codes: Sequence[Tensor], start_id: int, padded: bool = False
    ) -> Scores:
        """Score every text token and code of clips given as lists of int64 [T] and [A]; ids without start and stop.

        UPSTREAM: in training nothing attends to the text stop and nothing is read from it, so it is left out
        (tests/parity/test_network.py::test_training_forward).
        """
        text_in = [torch.cat([ids.new_tensor([start_id]), ids]) for ids in text]
        codes_in = [_code_inputs(ids) for ids in codes]
        pieces = [
            torch.cat([latents_PD, self.embed_text(t), self.embed_codes(c)])
            for latents_PD, t, c in zip(latents_BPD, text_in, codes_in, strict=True)
        ]
        lengths = [len(piece) for piece in pieces]
        hidden_ND = self.hidden(*_lay_out(pieces, padded))
        spans = list(zip([len(t) for t in text_in], [len(c) for c in codes_in], strict=True))
        text_ND, codes_ND = self._pick(hidden_ND, spans, max(lengths) if padded else None)
        text_NR, codes_NR = (
            linear(rows_ND, head.weight, head.bias)
            for rows_ND, head in ((text_ND, self.text_head), (codes_ND, self.mel_head))
        )
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

    def hidden(self, rows_ND: Tensor, lengths: Sequence[int], cache: Cache | None = None) -> Tensor:
        """Run the stack over clips laid end to end; `lengths` add up to N."""
        rate = self.dropout if self.training else 0.0
        stacked_ND = self.gpt(dropout(rows_ND, rate), lengths, rate, cache)
        normed_ND: Tensor = self.final_norm(stacked_ND)
        return normed_ND

    def new_cache(self, batch: int, length: int) -> Cache:
        """Allocate keys and values for `batch` sequences of up to `length` rows."""
        shape, like = self.shape, self.mel_head.weight
        size = (shape.layers, batch, shape.heads, length, shape.width // shape.heads)
        return Cache(like.new_empty(size), like.new_empty(size))

    def _pick(
        self, hidden_ND: Tensor, spans: Sequence[tuple[int, int]], padded_to: int | None
    ) -> tuple[Tensor, Tensor]:
        """Split the states into those that predict text and those that predict codes."""
        text, codes, begin = [], [], 0
        for text_rows, code_rows in spans:
            first = begin + self.shape.latents
            text.append(hidden_ND[first : first + text_rows])
            codes.append(hidden_ND[first + text_rows : first + text_rows + code_rows])
            begin = begin + padded_to if padded_to else first + text_rows + code_rows
        return torch.cat(text), torch.cat(codes)


class Stack(nn.Module):
    """Pre-norm blocks that end in a norm of their own."""

    def __init__(self, shape: GptShape) -> None:
        super().__init__()
        self.h = nn.ModuleList([Block(shape, layer) for layer in range(shape.layers)])
        self.ln_f = nn.LayerNorm(shape.width)

    def forward(self, rows_ND: Tensor, lengths: Sequence[int], rate: float, cache: Cache | None) -> Tensor:
        for block in self.h:
            rows_ND = block(rows_ND, lengths, rate, cache)
        if cache is not None:
            cache.length += lengths[0]
        normed_ND: Tensor = self.ln_f(rows_ND)
        return normed_ND


class Block(nn.Module):
    def __init__(self, shape: GptShape, layer: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(shape.width)
        self.attn = Attention(shape, layer)
        self.ln_2 = nn.LayerNorm(shape.width)
        self.mlp = Mlp(shape, layer)

    def forward(self, rows_ND: Tensor, lengths: Sequence[int], rate: float, cache: Cache | None) -> Tensor:
        rows_ND = rows_ND + dropout(self.attn(self.ln_1(rows_ND), lengths, rate, cache), rate)
        return rows_ND + dropout(self.mlp(self.ln_2(rows_ND)), rate)


class Attention(nn.Module):
    """Causal self-attention inside each clip."""

    def __init__(self, shape: GptShape, layer: int) -> None:
        super().__init__()
        self.heads, self.layer, width = shape.heads, layer, shape.width
        self.c_attn = Conv1D(width, 3 * width, shape.adapter(layer, "attn.c_attn"))
        self.c_proj = Conv1D(width, width, shape.adapter(layer, "attn.c_proj"))

    def forward(self, rows_ND: Tensor, lengths: Sequence[int], rate: float, cache: Cache | None) -> Tensor:
        qkv_ND = self.c_attn(rows_ND)
        if cache is not None:
            mixed_ND = self._attend_cached(qkv_ND, len(lengths), cache)
        elif len(set(lengths)) == 1:
            mixed_ND = self._attend(qkv_ND, len(lengths), rate)
        else:
            clips = qkv_ND.split(list(lengths))
            mixed_ND = torch.cat([self._attend(clip_SD, 1, rate) for clip_SD in clips])
        out_ND: Tensor = self.c_proj(mixed_ND)
        return out_ND

    def _attend(self, qkv_ND: Tensor, batch: int, rate: float) -> Tensor:
        q, k, v = self._heads(qkv_ND, batch)
        return _join(attend(q, k, v, rate))

    def _attend_cached(self, qkv_ND: Tensor, batch: int, cache: Cache) -> Tensor:
        q, k, v = self._heads(qkv_ND, batch)
        begin, end = cache.length, cache.length + q.shape[2]
        assert begin == 0 or q.shape[2] == 1, "a cache is filled once, then grows by one row"
        cache.keys_LBHSK[self.layer, :, :, begin:end] = k
        cache.values_LBHSK[self.layer, :, :, begin:end] = v
        keys, values = (kept[self.layer, :, :, :end] for kept in (cache.keys_LBHSK, cache.values_LBHSK))
        return _join(scaled_dot_product_attention(q, keys, values, is_causal=begin == 0))

    def _heads(self, qkv_ND: Tensor, batch: int) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = qkv_ND.view(batch, len(qkv_ND) // batch, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return q, k, v


class Mlp(nn.Module):
    def __init__(self, shape: GptShape, layer: int) -> None:
        super().__init__()
        width = shape.width
        self.c_fc = Conv1D(width, 4 * width, shape.adapter(layer, "mlp.c_fc"))
        self.c_proj = Conv1D(4 * width, width, shape.adapter(layer, "mlp.c_proj"))

    def forward(self, rows_ND: Tensor) -> Tensor:
        out_ND: Tensor = self.c_proj(gelu(self.c_fc(rows_ND), approximate="tanh"))
        return out_ND


class Conv1D(nn.Module):
    """A linear layer whose weight is stored in x out, as the official checkpoints have it; with an adapter or none."""

    def __init__(self, inputs: int, outputs: int, lora: LoraShape | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.adapter = Adapter(inputs, outputs, lora) if lora else None

    def forward(self, x: Tensor) -> Tensor:
        out = linear(x, self.weight.T, self.bias)
        return out if self.adapter is None else out + self.adapter(x)


class Positions(nn.Module):
    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(rows, width)


def _code_inputs(ids_A: Tensor) -> Tensor:
    """Return the start code, the codes, and the three stops after which stops are still predicted."""
    stops = [STOP_CODE] * (STOP_TARGETS - 1)
    return torch.cat([ids_A.new_tensor([START_CODE]), ids_A, ids_A.new_tensor(stops)])


def _lay_out(pieces: Sequence[Tensor], padded: bool) -> tuple[Tensor, list[int]]:
    """Lay clips end to end, each followed by zeros up to the longest if `padded`; return the rows and their lengths."""
    if not padded:
        return torch.cat(list(pieces)), [len(piece) for piece in pieces]
    rows_BSD = nn.utils.rnn.pad_sequence(list(pieces), batch_first=True)
    return rows_BSD.flatten(0, 1), [rows_BSD.shape[1]] * len(pieces)


def _join(mixed_BHSK: Tensor) -> Tensor:
    return mixed_BHSK.transpose(1, 2).flatten(2).flatten(0, 1)
