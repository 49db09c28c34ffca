"""Evaluation: the same prompts in the same order every time, dropout off, sums over targets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from dimts.config import Prompt
from dimts.data.batching import IGNORED, collate
from dimts.data.dataset import Example
from dimts.data.prompting import fixed_draw
from dimts.errors import TrainingError
from dimts.model.gpt import Gpt
from dimts.text.bpe import Tokenizer
from dimts.train import loss


@dataclass(frozen=True)
class Scores:
    """Means over targets, in nats; accuracy is a share."""

    code_loss: float  # the headline: without the codes inside the prompt, which the model heard
    code_loss_unmasked: float
    text_loss: float
    code_accuracy: float  # share of masked targets that are the likeliest

    def facts(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class EvalSet:
    """Clips and how they are prompted and batched."""

    examples: Sequence[Example]
    prompt: Prompt
    tokenizer: Tokenizer
    clips: int  # in one batch


@torch.no_grad()
def evaluate(gpt: Gpt, held_out: EvalSet, stats: Tensor) -> Scores:
    """Score the network on a set of clips; eval mode while it lasts. TrainingError names clips that have no score."""
    was_training = gpt.training
    gpt.eval()
    totals = torch.zeros(7, dtype=torch.float64)
    for start in range(0, len(held_out.examples), held_out.clips):
        totals += _batch_totals(gpt, held_out, start, stats).cpu()
        if not bool(totals.isfinite().all()):
            clips = ", ".join(example.clip.id for example in held_out.examples[start : start + held_out.clips])
            raise TrainingError(f"evaluation: the loss is not finite (clips: {clips}); look at these clips")
    gpt.train(was_training)
    masked, masked_count, right, codes, code_count, text, text_count = totals.tolist()
    return Scores(masked / masked_count, codes / code_count, text / text_count, right / masked_count)


def _batch_totals(gpt: Gpt, held_out: EvalSet, start: int, stats: Tensor) -> Tensor:
    """Return sums and counts: masked loss, targets, right ones; unmasked loss, targets; text loss, targets."""
    examples, prompt, tokenizer = held_out.examples, held_out.prompt, held_out.tokenizer
    indices = range(start, min(start + held_out.clips, len(examples)))
    draws = [fixed_draw(examples[index], index, prompt) for index in indices]
    masked = collate(examples, draws, prompt.model_copy(update={"masking": True}), stats, tokenizer.stop_id)
    heard = collate(examples, draws, prompt.model_copy(update={"masking": False}), stats, tokenizer.stop_id)
    scores = loss.score(gpt, masked, tokenizer.start_id, padded=False)
    with_mask, without = loss.sums(scores, masked), loss.sums(scores, heard)
    targets_N = masked.code_targets_N
    right = (scores.codes_NR.argmax(1) == targets_N).sum()
    counted = (targets_N != IGNORED).sum()
    counts = (len(heard.code_targets_N), len(heard.text_targets_N))
    values = [with_mask.codes, counted, right, without.codes, counts[0], without.text, counts[1]]
    return torch.stack([torch.as_tensor(value, device=stats.device, dtype=torch.float32) for value in values])
