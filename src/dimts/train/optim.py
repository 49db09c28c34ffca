"""AdamW over the pieces that learn: decay on matrices only, learning rates of their own for new rows and adapters.

The surprise: the optimizer holds views of the parameters, so that the old and the new rows of one tensor can have
different learning rates, or the old ones none at all. State is saved under the pieces' names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dimts.config import Optimizer as Settings
from dimts.errors import CheckpointError
from dimts.train.trainable import Piece

STATE = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True)
class Norms:
    """The gradient's norm before and after clipping."""

    before: float
    after: float


class Optimizer:
    """AdamW over views: `attach` gives them the gradients, `clip` bounds these, `adamw` steps."""

    def __init__(self, pieces: Sequence[Piece], settings: Settings) -> None:
        self.pieces, self.settings = pieces, settings
        self.views = [piece.tensor for piece in pieces]
        self.adamw = torch.optim.AdamW(
            _groups(pieces, self.views, settings), betas=settings.betas, eps=settings.eps, fused=True
        )
        self.rates = [float(group["lr"]) for group in self.adamw.param_groups]

    def attach(self, new_rows_only: bool = False) -> list[Tensor]:
        """Give the views the gradients of what they show, zero where this process had no clips, and return these.

        A view without a gradient neither moves nor decays nor gathers averages: `new_rows_only` leaves out all others.
        """
        for piece, view in zip(self.pieces, self.views, strict=True):
            if new_rows_only and not piece.new:
                continue
            if piece.parameter.grad is None:
                piece.parameter.grad = torch.zeros_like(piece.parameter)
            view.grad = piece.gradient
        return self._gradients()

    def clip(self) -> Norms:
        """Scale the gradients down to `clip_norm` if that is above 0; return their norms before and after."""
        before = torch.nn.utils.get_total_norm(self._gradients())
        limit = self.settings.clip_norm
        if not limit or not bool(torch.isfinite(before)) or before <= limit:
            return Norms(float(before), float(before))
        for gradient in self._gradients():
            gradient.mul_(limit / before)
        return Norms(float(before), limit)

    def set_rates(self, factor: float) -> None:
        """Set the learning rates to the run's, times the schedule's factor."""
        for group, rate in zip(self.adamw.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for piece, view in zip(self.pieces, self.views, strict=True):
            piece.parameter.grad, view.grad = None, None

    def _gradients(self) -> list[Tensor]:
        return [view.grad for view in self.views if view.grad is not None]

    def state(self) -> dict[str, Tensor]:
        """Return the running averages by piece: `name/exp_avg` and the like."""
        kept = self.adamw.state
        named = zip(self.pieces, self.views, strict=True)
        return {f"{p.name}/{key}": kept[view][key] for p, view in named if view in kept for key in STATE}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave. CheckpointError when it is of other pieces."""
        moved = {piece.name for piece in self.pieces}, {piece.name for piece in self.pieces if piece.new}  # by stage
        if state and state.keys() not in [{f"{name}/{key}" for name in names for key in STATE} for names in moved]:
            raise CheckpointError(
                "the checkpoint's optimizer state is of other trainable parts; use the run's own settings"
            )
        for piece, view in zip(self.pieces, self.views, strict=True):
            if f"{piece.name}/{STATE[0]}" in state:
                values = {key: state[f"{piece.name}/{key}"].to(view.device) for key in STATE}
                self.adamw.state[view] = values


def decays(name: str, parameter: Tensor) -> bool:
    """Say whether weight decay applies: matrices, but no embeddings, positions or latents."""
    return parameter.dim() >= 2 and "embedding" not in name and not name.endswith("latents")


def _groups(pieces: Sequence[Piece], views: Sequence[Tensor], settings: Settings) -> list[dict[str, Any]]:
    """Group the views by learning rate and decay."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for piece, view in zip(pieces, views, strict=True):
        own = settings.new_rows_lr if piece.new else settings.lora_lr if piece.adapter else "same"
        rate = settings.lr if own == "same" else own
        decay = settings.weight_decay if decays(piece.name.split("[")[0], piece.parameter) else 0.0
        groups.setdefault((rate, decay), []).append(view)
    return [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
