"""What a run keeps between updates, and how it is saved, restored and chosen from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dimts.checkpoint import store
from dimts.checkpoint.store import Checkpoint
from dimts.errors import CheckpointError
from dimts.files import write_text
from dimts.model.gpt import Gpt
from dimts.train.average import Average
from dimts.train.optim import Optimizer
from dimts.train.trainable import TEXT_ROWS, Piece

BEST = "best.json"
GROWN = (*TEXT_ROWS, "text_pos_embedding.emb.weight")  # larger than the base's once the vocabulary is extended


@dataclass(frozen=True)
class Best:
    """The checkpoint with the lowest masked code loss so far."""

    update: int
    value: float
    metric: str = "code_loss"
    why: str = "lowest masked code loss on the evaluation clips"


@dataclass
class State:
    """The moving parts of a run."""

    gpt: Gpt
    pieces: list[Piece]
    optimizer: Optimizer
    average: Average | None
    scaler: torch.amp.GradScaler
    identity: Mapping[str, str]  # hashes of base and vocabulary
    update: int = 0  # completed
    best: Best | None = None

    def save(self, run: Path, keep: int) -> None:
        """Write a checkpoint of this moment and best.json; drop old checkpoints beyond `keep`."""
        tensors = {"weights": self._weights(), "optimizer": self.optimizer.state()}
        if self.average:
            tensors["ema"] = self.average.state()
        best = asdict(self.best) if self.best else None
        facts = {"best": best, "identity": dict(self.identity), "scaler": self.scaler.state_dict()}
        store.save(run, Checkpoint(self.update, tensors, facts))
        self.write_best(run)
        store.rotate(run, keep, {self.best.update} if self.best else set())

    def restore(self, path: Path) -> None:
        """Become what a checkpoint saved. CheckpointError when it is of another base or vocabulary."""
        checkpoint = store.load(path)
        self._check(checkpoint.facts, path)
        self._load_weights(checkpoint.tensors["weights"])
        self.optimizer.load_state(checkpoint.tensors["optimizer"])
        if self.average:
            self.average.load_state(checkpoint.tensors["ema"])
        self.scaler.load_state_dict(dict(checkpoint.facts["scaler"]))
        self.update = checkpoint.update
        self.best = Best(**checkpoint.facts["best"]) if checkpoint.facts["best"] else None

    def become_best(self, run: Path) -> None:
        """Put the best checkpoint's weights (its average, where there is one) into the network."""
        assert self.best
        checkpoint = store.load(run / store.FOLDER / f"update-{self.best.update:06d}")
        self._load_weights(checkpoint.tensors["weights"])
        if self.average:
            self.average.load_state(checkpoint.tensors["ema"])
            for name, shadow in self.average.state().items():
                next(piece for piece in self.pieces if piece.name == name).tensor.copy_(shadow)

    def write_best(self, run: Path) -> None:
        """Write best.json, if there is a best."""
        if self.best:
            write_text(run / BEST, json.dumps(asdict(self.best), indent=2) + "\n")

    def _weights(self) -> dict[str, Tensor]:
        """Return the weights that may differ from the base's: what learns, and what has grown."""
        learning = {id(piece.parameter) for piece in self.pieces}
        named = self.gpt.named_parameters()
        return {name: p.data for name, p in named if id(p) in learning or name in GROWN}

    @torch.no_grad()
    def _load_weights(self, weights: Mapping[str, Tensor]) -> None:
        own = self._weights()
        if own.keys() != weights.keys() or any(own[name].shape != weights[name].shape for name in own):
            raise CheckpointError("the checkpoint holds other weights than this run trains; use the run's own settings")
        for name, tensor in own.items():
            tensor.copy_(weights[name])

    def _check(self, facts: Mapping[str, Any], path: Path) -> None:
        other = [what for what, digest in self.identity.items() if facts["identity"].get(what) != digest]
        if other:
            raise CheckpointError(
                f"{path}: was trained on another {' and '.join(other)}; name the old one, or a new out"
            )
