"""How a text is delivered beside what the network draws: its speed, and where long texts are split."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from dimts.errors import ConfigError

SLOWEST, FASTEST = 0.5, 2.0
Split = Literal["long", "sentences"]


@dataclass(frozen=True)
class Delivery:
    """`split`: a text is spoken in as few pieces as the network holds, or sentence by sentence."""

    speed: float = 1.0  # times as fast; the states behind the codes are stretched, the voice keeps its pitch
    split: Split = "long"

    def __post_init__(self) -> None:
        if not SLOWEST <= self.speed <= FASTEST:
            raise ConfigError(f"speed: {self.speed} is not between {SLOWEST} and {FASTEST}; 1 is as it is")

    def paced(self, latents_AD: Tensor) -> Tensor:
        """Stretch states over time, as upstream does: linearly."""
        if self.speed == 1.0:
            return latents_AD
        stretched_1DA = torch.nn.functional.interpolate(latents_AD.T[None], scale_factor=1 / self.speed, mode="linear")
        return stretched_1DA[0].T
