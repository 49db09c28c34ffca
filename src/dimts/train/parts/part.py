"""What the loop asks of a part: to do an update, to be scored, to be heard, and to be put into a voice."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dimts.checkpoint.export import Bundle


class Part(ABC):
    """A part that learns: `modules` and `optimizers`, by name, are what a checkpoint holds of it.

    Whatever is random in an update depends on the run's seed and the update's number alone.
    """

    metric: str  # the score that decides which checkpoint is the best: the lowest
    modules: Mapping[str, nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer]
    clips_per_update: int
    updates_per_epoch: int
    lr: float
    scratch: Path | None = None  # a folder that only training needs: removed when the run is over

    def listen(self) -> list[str]:
        """Hear what there is to learn from, before the first update; return what the user should know of it."""
        return []

    @abstractmethod
    def update(self, number: int, factor: float) -> dict[str, Any]:
        """Do one update at `factor` times the learning rates; return its facts, `loss` and `grad_norm` among them.

        Nothing moves where `grad_norm` is not finite.
        """

    @abstractmethod
    def evaluate(self) -> dict[str, float]:
        """Score what is there on the evaluation clips, `metric` among the scores."""

    def speak(self, folder: Path, update: int) -> list[Path]:
        """Write samples, if the part makes any; return their files."""
        return []

    @abstractmethod
    def joined(self, bundle: Bundle) -> Bundle:
        """Return a voice with this part in it."""

    @abstractmethod
    def lines(self) -> list[str]:
        """Say what learns from what."""

    def tensors(self) -> dict[str, Tensor]:
        """Return all weights and running averages, by module and official name."""
        return {f"{name}.{key}": tensor for name, module in self.modules.items()
                for key, tensor in module.state_dict().items()}  # fmt: skip

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Become what `tensors` returned, strictly."""
        for name, module in self.modules.items():
            own = {
                key.removeprefix(f"{name}."): tensor for key, tensor in tensors.items() if key.startswith(f"{name}.")
            }
            module.load_state_dict(own)

    def averages(self) -> dict[str, Tensor]:
        """Return the optimizers' averages and counts of steps."""
        return {f"{name}.{number}.{key}": tensor for name, optimizer in self.optimizers.items()
                for number, own in optimizer.state_dict()["state"].items() for key, tensor in own.items()}  # fmt: skip

    def load_averages(self, tensors: Mapping[str, Tensor]) -> None:
        """Become what `averages` returned."""
        for name, optimizer in self.optimizers.items():
            state: dict[int, dict[str, Tensor]] = {}
            for place, tensor in tensors.items():
                owner, number, key = place.split(".")
                if owner == name:
                    state.setdefault(int(number), {})[key] = tensor
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
