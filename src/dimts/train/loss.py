"""The loss of an update: sums over targets, divided by the update's number of targets, never a mean of means."""

# N targets of a micro-batch, R rows of a head

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dimts.data.batching import IGNORED, MicroBatch
from dimts.model.blocks import Watch
from dimts.model.gpt import Gpt, Scores
from dimts.model.shapes import STOP_TARGETS


@dataclass(frozen=True)
class Sums:
    """Cross-entropy in nats, summed over the targets of a micro-batch."""

    text: Tensor
    codes: Tensor
    strayed: Tensor  # attention off the diagonal, summed over codes; 0 where none is guided

    def loss(self, text_targets: int, code_targets: int, text_weight: float, guide_weight: float = 0.0) -> Tensor:
        """Return this micro-batch's share of the loss of an update that holds so many targets."""
        return text_weight * self.text / text_targets + (self.codes + guide_weight * self.strayed) / code_targets


def score(gpt: Gpt, batch: MicroBatch, start_id: int, padded: bool, watch: Watch | None = None) -> Scores:
    """Run the network over a micro-batch."""
    scores: Scores = gpt(latents(gpt, batch), batch.text, batch.codes, start_id, padded, watch)
    return scores


def latents(gpt: Gpt, batch: MicroBatch) -> Tensor:
    """Return the latents of a micro-batch's prompts: [B, 32, D]."""
    found = torch.cat([gpt.prompt(prompts_bMF) for prompts_bMF in batch.prompts])
    order = batch.prompt_order
    return found if order == tuple(range(len(order))) else found[list(order)]


def sums(scores: Scores, batch: MicroBatch, label_smoothing: float = 0.0, strayed: Tensor | None = None) -> Sums:
    """Sum the cross-entropy of all targets outside the prompts."""
    return Sums(
        _sum(scores.text_NR, batch.text_targets_N, label_smoothing),
        _sum(scores.codes_NR, batch.code_targets_N, label_smoothing),
        scores.codes_NR.new_zeros(()) if strayed is None else strayed,
    )


def not_finite(scores: Scores, batch: MicroBatch) -> list[int]:
    """Return the numbers of the clips in a micro-batch whose scores are not finite, or all if none has such scores."""
    text = torch.split(scores.text_NR.isfinite().all(1), [len(ids) + 1 for ids in batch.text])
    codes = torch.split(scores.codes_NR.isfinite().all(1), [len(ids) + STOP_TARGETS for ids in batch.codes])
    bad = [i for i, rows in enumerate(zip(text, codes, strict=True)) if not all(bool(row.all()) for row in rows)]
    return bad or list(range(len(batch.text)))


def _sum(scores_NR: Tensor, targets_N: Tensor, label_smoothing: float) -> Tensor:
    return cross_entropy(
        scores_NR.float(), targets_N, reduction="sum", ignore_index=IGNORED, label_smoothing=label_smoothing
    )
