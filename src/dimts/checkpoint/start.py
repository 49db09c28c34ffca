"""Where the rows that an extended vocabulary adds begin, before they have learned anything.

`phonetic`: a token starts from the base's rows for its sound, ሰላም from those of "selam": half from the tokens that
the base would read it as, half from its single letters, since the base knows a sound by both. A language's tag starts
from the base's other tags. `mean` starts from the mean of all rows, `noise` from chance. All have the base rows' mean
norm: unit-variance noise, which other tools use, is about fifty times too loud for a text head.
"""

from typing import Literal

import torch
from torch import Tensor

from dimts.checkpoint.weights import State
from dimts.text.bpe import TAG, Tokenizer
from dimts.text.romanisation import in_letters_of

Start = Literal["phonetic", "mean", "noise"]
Sources = list[list[list[int]]]  # for each new row, groups of base rows: the mean of the groups' means

ROWS = ("gpt.text_embedding.weight", "gpt.text_head.weight")
BIAS = "gpt.text_head.bias"
NOISE = 0.1  # of the base rows' own spread is added, so that homophones differ
SEED = 20_230_914  # new rows depend on the base and the vocabulary alone


def more_rows(state: State, base: Tokenizer, extended: Tokenizer, start: Start = "phonetic") -> State:
    """Return text embedding, text head and its bias with rows appended for the ids that the base lacks."""
    found = sources(base, extended) if start == "phonetic" else [[] for _ in range(base.rows, extended.rows)]
    generator = torch.Generator().manual_seed(SEED)
    grown = {name: torch.cat([state[name], _rows(state[name], found, start, generator)]) for name in ROWS}
    bias_V1 = state[BIAS][:, None]
    grown[BIAS] = torch.cat([bias_V1, _centres(bias_V1, found)])[:, 0]
    return grown


def sources(base: Tokenizer, extended: Tokenizer) -> Sources:
    """Return the base rows that each new row sounds like; none where nothing is known of it."""
    tags = [base.vocabulary[f"[{language}]"] for language in base.languages]
    tokens = {index: token for token, index in extended.vocabulary.items() if index >= base.rows}
    spelled: dict[int, str] = {}
    language = "am"
    for index, token in sorted(tokens.items()):
        tag = TAG.fullmatch(token)
        if tag and token in extended.special:
            language = tag[1]  # an extension appends a language's tag and then its tokens
        else:
            spelled[index] = in_letters_of(base.vocabulary, token, language)
    read = dict(zip(spelled, base.encode_spoken_batch(spelled.values(), base.languages[0]), strict=True))
    found: Sources = []
    for index in range(base.rows, extended.rows):
        letters = [base.vocabulary[letter] for letter in spelled.get(index, "") if letter in base.vocabulary]
        whole = [part for part in read.get(index, [])[1:] if part != base.unknown_id]
        is_tag = index in tokens and index not in spelled
        found.append([tags] if is_tag else [group for group in (whole, letters) if group])
    return found


def _rows(rows_VD: Tensor, found: Sources, start: Start, generator: torch.Generator) -> Tensor:
    """Make new rows [E, D], each of the old ones' mean norm."""
    noise_ED = torch.randn(len(found), rows_VD.shape[1], generator=generator).to(rows_VD)
    new_ED = noise_ED if start == "noise" else _centres(rows_VD, found) + NOISE * rows_VD.std() * noise_ED
    scale: Tensor = rows_VD.norm(dim=1).mean() / new_ED.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return new_ED * scale


def _centres(rows_VD: Tensor, found: Sources) -> Tensor:
    """Average the rows that each new one comes from: [E, D]; all rows where none are named."""
    everything_D, none_ED = rows_VD.mean(0), rows_VD[:0]
    means = [[rows_VD[group].mean(0) for group in groups] or [everything_D] for groups in found]
    return torch.stack([torch.stack(groups).mean(0) for groups in means]) if means else none_ED
