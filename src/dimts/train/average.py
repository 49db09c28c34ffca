"""EMA: a running average of the pieces that learn, updated once an update."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from dimts.train.trainable import Piece


class Average:
    """Shadows of the pieces; `in_place` puts them into the network for a while."""

    def __init__(self, pieces: Sequence[Piece], decay: float) -> None:
        self.pieces, self.decay = pieces, decay
        self.shadows = [piece.tensor.clone() for piece in pieces]

    @torch.no_grad()
    def update(self) -> None:
        """Move the shadows towards the weights by 1 - decay."""
        for shadow, piece in zip(self.shadows, self.pieces, strict=True):
            shadow.lerp_(piece.tensor, 1 - self.decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Swap the averaged weights into the network, and back afterwards."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state(self) -> dict[str, Tensor]:
        """Return the shadows by piece."""
        return {piece.name: shadow for piece, shadow in zip(self.pieces, self.shadows, strict=True)}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        self.shadows = [state[piece.name].to(piece.tensor.device) for piece in self.pieces]

    @torch.no_grad()
    def _swap(self) -> None:
        for shadow, piece in zip(self.shadows, self.pieces, strict=True):
            held = piece.tensor.clone()
            piece.tensor.copy_(shadow)
            shadow.copy_(held)
