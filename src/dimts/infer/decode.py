"""Speaking, code by code: sampling with a key-value cache; the states behind the codes are kept for the vocoder.

Upstream runs the network a second time to get those states; here they fall out of the first pass.
"""

# P prompt latents, T text ids (start and stop included), A audio codes, D width, R rows of the code head

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from dimts.errors import CheckpointError, ConfigError
from dimts.model.gpt import Gpt
from dimts.model.shapes import START_CODE, STOP_CODE

MAX_PREDICTIONS = 602  # codes and the stop: upstream gpt_max_audio_tokens 605 - 3
# UPSTREAM: the repetition penalty sees these ids from the first step, its fake prefix (tests/parity/test_speech.py).
ALWAYS_SEEN = (START_CODE, 1)


@dataclass(frozen=True)
class Sampling:
    """How the next code is drawn; the official defaults of XTTS v2."""

    temperature: float = 0.75  # 0.01 or more; lower is safer and flatter
    top_k: int = 50  # keep the k likeliest codes; 0 keeps all
    top_p: float = 0.85  # keep the likeliest codes that hold this share of probability
    repetition_penalty: float = 5.0  # 1 is none
    greedy: bool = False  # take the likeliest code; temperature, top-k, top-p have no say
    max_codes: int = 600  # predictions at most, the stop included; one code is 46.4 ms

    def __post_init__(self) -> None:
        """Refuse values that mean nothing: ConfigError with one line for each."""
        penalty, codes = self.repetition_penalty, self.max_codes
        right = {
            f"temperature: {self.temperature} is below 0.01; greedy takes the likeliest code": self.temperature >= 0.01,
            f"top_k: {self.top_k} is negative; 0 keeps all codes": self.top_k >= 0,
            f"top_p: {self.top_p} is not between 0 and 1": 0 <= self.top_p <= 1,
            f"repetition_penalty: {penalty} is below 1, which is none": penalty >= 1,
            f"max_codes: {codes} is not between 1 and {MAX_PREDICTIONS}": 1 <= codes <= MAX_PREDICTIONS,
        }
        if problems := [line for line, holds in right.items() if not holds]:
            raise ConfigError(*problems)


@dataclass(frozen=True)
class Utterance:
    """Codes without the stop, and the states that predicted each, the stop's included."""

    codes_A: Tensor
    latents_AD: Tensor
    ended: bool  # by the stop code, not by the limit


def generate(
    gpt: Gpt, latents_1PD: Tensor, text_T: Tensor, sampling: Sampling, generator: torch.Generator
) -> Utterance:
    """Speak one text: ids int64 [T] with start and stop, on the network's device; `generator` lives on the CPU."""
    steps = list(predict(gpt, latents_1PD, text_T, sampling, generator))
    codes = [code for code, _ in steps]
    ended = codes[-1] == STOP_CODE
    kept = codes[:-1] if ended else codes
    return Utterance(torch.tensor(kept, dtype=torch.int64), torch.stack([state_D for _, state_D in steps]), ended)


@torch.no_grad()
def predict(
    gpt: Gpt, latents_1PD: Tensor, text_T: Tensor, sampling: Sampling, generator: torch.Generator
) -> Iterator[tuple[int, Tensor]]:
    """Yield each code with the state [D] that predicted it, until the stop code (yielded too) or the limit.

    CheckpointError when the network gives no numbers to draw from.
    """
    limit = min(sampling.max_codes, MAX_PREDICTIONS, gpt.shape.code_positions)
    start_1A = text_T.new_tensor([[START_CODE]])
    prefix = torch.cat([latents_1PD, gpt.embed_text(text_T)[None], gpt.embed_codes(start_1A)], dim=1)
    cache = gpt.new_cache(1, prefix.shape[1] + limit)
    rows_ND, seen = prefix[0], set(ALWAYS_SEEN)
    for position in range(1, limit + 1):
        state_D = gpt.hidden(rows_ND, [len(rows_ND)], cache)[-1]
        logits_R = gpt.mel_head(state_D).float().cpu()
        if not logits_R.isfinite().all():
            raise CheckpointError("the network gives NaN or infinity: weights or voice are damaged; use an earlier one")
        code = draw(logits_R, seen, sampling, generator)
        yield code, state_D
        if code == STOP_CODE or position == limit:
            return
        seen.add(code)
        rows_ND = gpt.embed_codes(text_T.new_tensor([code]), start=position)


@torch.no_grad()
def states(gpt: Gpt, latents_BPD: Tensor, text: Sequence[Tensor], codes: Sequence[Tensor]) -> list[Tensor]:
    """Return the states [A + 1, D] that predict the given codes and the stop of clips, as `predict` would find them.

    Each text has its start and stop; codes, as in speech, attend to the stop too, which training leaves out.
    """
    spoken = [gpt.embed_codes(pad(codes_A, (1, 0), value=START_CODE)) for codes_A in codes]
    clips = [torch.cat([latents_PD, gpt.embed_text(text_T), rows_AD])
             for latents_PD, text_T, rows_AD in zip(latents_BPD, text, spoken, strict=True)]  # fmt: skip
    rows_ND = gpt.hidden(torch.cat(clips), [len(clip) for clip in clips])
    whole = torch.split(rows_ND, [len(clip) for clip in clips])
    return [rows_SD[-len(rows_AD) :] for rows_SD, rows_AD in zip(whole, spoken, strict=True)]


def draw(logits_R: Tensor, seen: set[int], sampling: Sampling, generator: torch.Generator) -> int:
    """Draw one id: penalty, then temperature, top-k, top-p. Of equally likely ids the lower counts as likelier."""
    seen_ids = torch.tensor(sorted(seen), dtype=torch.int64)
    before = logits_R[seen_ids]
    penalty = sampling.repetition_penalty
    logits_R = logits_R.index_copy(0, seen_ids, torch.where(before < 0, before * penalty, before / penalty))
    if sampling.greedy:
        return int(logits_R.argmax())
    ordered_R, ids_R = (logits_R / sampling.temperature).sort(descending=True, stable=True)
    shares_R = _likeliest(ordered_R, sampling.top_k, sampling.top_p)
    return int(ids_R[torch.multinomial(shares_R, 1, generator=generator)])


def _likeliest(ordered_R: Tensor, top_k: int, top_p: float) -> Tensor:
    """Turn descending logits into probabilities, zero outside top-k and top-p; the first always stays."""
    if top_k > 0:
        ordered_R = ordered_R[:top_k]
    shares_R = ordered_R.softmax(0)
    before_R = shares_R.cumsum(0) - shares_R
    return shares_R * (before_R < max(top_p, 1e-9))
