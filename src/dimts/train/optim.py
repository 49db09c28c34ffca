"""AdamW over the pieces that learn: decay on matrices only, learning rates of their own for new rows and adapters.

The surprise: the optimizer holds views of the parameters, so that the old and the new rows of one tensor can have
different learning rates, or the old ones none at all. State is saved under the pieces' names.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dimts.config import Optimizer as Settings
from dimts.errors import CheckpointError
from dimts.train.adam8 import SMALL, AdamW8
from dimts.train.dist import ALONE, World
from dimts.train.trainable import Piece

STATE = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True)
class Norms:
    """The gradient's norm before and after clipping."""

    before: float
    after: float


class Optimizer:
    """AdamW over views: `attach` gives them the gradients, `clip` bounds these, `step` moves the weights.

    With `place: cpu` the averages lie in the machine's memory and the step is computed there; with `shard` each process
    keeps the averages of its share of the pieces, and tells the others how these moved.
    """

    def __init__(self, pieces: Sequence[Piece], settings: Settings, world: World = ALONE) -> None:
        self.pieces, self.settings, self.world = pieces, settings, world
        self.views = [piece.tensor for piece in pieces]
        self.owners = _owners(pieces, world.size if settings.shard else 1)
        own = [i for i, owner in enumerate(self.owners) if owner == world.rank or not settings.shard]
        self.masters = {i: _placed(self.views[i], settings.place) for i in own}
        groups = _groups([pieces[i] for i in own], list(self.masters.values()), settings)
        self.adamw = _adamw(groups, settings)
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

    def clip(self, scale: float = 1.0) -> Norms:
        """Undo the loss scale, then bring the norm down to `clip_norm` if that is above 0; return both norms."""
        before = float(torch.nn.utils.get_total_norm(self._gradients())) / scale
        limit = self.settings.clip_norm
        clipped = math.isfinite(before) and 0 < limit < before
        factor = (limit / before if clipped else 1.0) / scale
        if factor != 1.0 and math.isfinite(before):
            for gradient in self._gradients():
                gradient.mul_(factor)
        return Norms(before, limit if clipped else before)

    def set_rates(self, factor: float) -> None:
        """Set the learning rates to the run's, times the schedule's factor."""
        for group, rate in zip(self.adamw.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights, here or where their averages lie."""
        away = [(self.views[i], master) for i, master in self.masters.items() if master is not self.views[i]]
        for view, master in away:
            master.copy_(view)
            master.grad = view.grad.to("cpu") if view.grad is not None else None
        self.adamw.step()
        for view, master in away:
            view.copy_(master)
            master.grad = None
        if self.settings.shard:
            for view, owner in zip(self.views, self.owners, strict=True):
                self.world.tell(view, owner)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for piece, view in zip(self.pieces, self.views, strict=True):
            piece.parameter.grad, view.grad = None, None

    def _gradients(self) -> list[Tensor]:
        return [view.grad for view in self.views if view.grad is not None]

    def state(self) -> dict[str, Tensor]:
        """Return this process's running averages by piece: `name/exp_avg` and the like."""
        kept = self.adamw.state
        named = {self.pieces[i].name: master for i, master in self.masters.items() if master in kept}
        return {f"{name}/{key}": value for name, master in named.items() for key, value in kept[master].items()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what all processes' `state` gave. CheckpointError when it is of other pieces or another kind."""
        found: dict[str, dict[str, Tensor]] = {}
        for name, value in state.items():
            piece, _, key = name.rpartition("/")
            found.setdefault(piece, {})[key] = value
        by_stage = {piece.name for piece in self.pieces}, {piece.name for piece in self.pieces if piece.new}
        if found and (found.keys() not in by_stage or any(not self._knows(*each) for each in found.items())):
            raise CheckpointError(
                "the checkpoint's optimizer state is of other trainable parts; use the run's own settings"
            )
        for i, master in self.masters.items():
            for key, value in found.get(self.pieces[i].name, {}).items():
                self.adamw.state[master][key] = value.to(master.device)

    def _knows(self, name: str, values: Mapping[str, Tensor]) -> bool:
        """Say whether averages of a piece are of the kind that this optimizer keeps."""
        (size,) = {piece.tensor.numel() for piece in self.pieces if piece.name == name}
        in_bytes = self.settings.state == "8bit" and size >= SMALL
        return values.keys() == {*STATE, *(["scale"] if in_bytes else [])}


def _owners(pieces: Sequence[Piece], shares: int) -> list[int]:
    """Say which process keeps the averages of each piece: about as many values each, the largest pieces first."""
    kept, owners = [0] * shares, [0] * len(pieces)
    for i in sorted(range(len(pieces)), key=lambda i: -pieces[i].tensor.numel()):
        owners[i] = kept.index(min(kept))
        kept[owners[i]] += pieces[i].tensor.numel()
    return owners


def _placed(view: Tensor, place: str) -> Tensor:
    """Return the tensor that AdamW moves: the view itself, or a copy in the machine's memory."""
    return view.to("cpu", copy=True) if place == "cpu" and view.device.type != "cpu" else view


def _adamw(groups: list[dict[str, Any]], settings: Settings) -> torch.optim.Optimizer:
    if settings.state == "8bit":
        return AdamW8(groups, betas=settings.betas, eps=settings.eps)
    return torch.optim.AdamW(groups, betas=settings.betas, eps=settings.eps, fused=True)


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
