"""What a run keeps between updates, and how it is saved, restored and chosen from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dimts.checkpoint import store
from dimts.checkpoint.store import Checkpoint
from dimts.errors import CheckpointError, TrainingError
from dimts.model.gpt import Gpt
from dimts.model.shapes import GptShape
from dimts.train import choosing
from dimts.train.average import Average
from dimts.train.choosing import Best, Patience
from dimts.train.dist import World
from dimts.train.optim import Optimizer
from dimts.train.precision import LossScale
from dimts.train.trainable import TEXT_ROWS, Piece

BAD_UPDATES = 3  # non-finite gradients in a row that end a run
GROWN = (*TEXT_ROWS, "text_pos_embedding.emb.weight")  # larger than the base's once the vocabulary is extended


@dataclass
class State:
    """The moving parts of a run."""

    gpt: Gpt
    pieces: list[Piece]
    optimizer: Optimizer
    average: Average | None
    scale: LossScale
    identity: Mapping[str, str]  # hashes of base, vocabulary and dataset
    update: int = 0  # completed
    best: Best | None = None
    patience: Patience = Patience()
    trained_s: float = 0.0  # how long updates took in all, where that ends the run
    stopped: str | None = None  # why the run ended before all updates were done
    skipped: int = 0  # updates in a row whose gradient was not finite
    budget: int | None = None  # the most rows of a micro-batch, where memory sets it

    def save(self, run: Path, keep: int, world: World) -> None:
        """Write a checkpoint of this moment and best.json; drop old checkpoints beyond `keep`.

        Every process must call it, as each may hold a share of the averages; the leader writes.
        """
        averages = world.merged(self.optimizer.state()) if self.optimizer.settings.shard else self.optimizer.state()
        if not world.leads:
            return
        tensors = {"weights": self._weights(), "optimizer": averages}
        if self.average:
            tensors["ema"] = self.average.state()
        store.save(run, Checkpoint(self.update, tensors, self._facts()))
        choosing.write(run, self.best, self.stopped)
        store.rotate(run, self.update, keep, {self.best.update} if self.best else set())

    def _facts(self) -> dict[str, Any]:
        return {
            "best": asdict(self.best) if self.best else None,
            "patience": asdict(self.patience),
            "stopped": self.stopped,
            "trained_s": self.trained_s,
            "identity": dict(self.identity),
            "scale": self.scale.facts(),
            "skipped": self.skipped,
            "budget": self.budget,
        }

    def restore(self, run: Path, checkpoint: Checkpoint) -> list[str]:
        """Become what a checkpoint saved; return what the user should know.

        CheckpointError when it is of another base, vocabulary or dataset.
        """
        self._check(checkpoint, store.place(run, checkpoint.update))
        self._load_weights(checkpoint.tensors["weights"])
        self.optimizer.load_state(checkpoint.tensors["optimizer"])
        if self.average:
            self.average.load_state(checkpoint.tensors["ema"])
        self.scale = LossScale.from_facts(checkpoint.facts["scale"])
        self.update, self.skipped = checkpoint.update, checkpoint.facts["skipped"]
        self.budget = checkpoint.facts["budget"]
        self.best = Best(**checkpoint.facts["best"]) if checkpoint.facts["best"] else None
        self.patience = Patience(**checkpoint.facts.get("patience", {}))
        self.stopped = checkpoint.facts.get("stopped")
        self.trained_s = checkpoint.facts.get("trained_s", 0.0)
        if self.best is None or self.best.update == self.update:
            return []
        lost = store.problems(store.place(run, self.best.update))
        if lost:
            self.forget_best()
            lost.append("that was the best checkpoint: the best of those to come takes its place")
        return lost

    def skip(self, update: int, clips: Sequence[str]) -> None:
        """Count an update that moved no weight. TrainingError after three in a row."""
        self.skipped += 1
        if self.skipped >= BAD_UPDATES:
            named = ", ".join(clips[:5]) or "each clip is finite alone"
            raise TrainingError(
                f"update {update:,}: the gradient was not finite {self.skipped} times in a row (clips: {named}); "
                "what was learned before is saved: check these clips and the dataset's cache, "
                "or lower optimizer.lr in a new out"
            )

    def become_best(self, run: Path, averaged: bool = True) -> None:
        """Put the best checkpoint's weights into the network: its average, where there is one and it is asked for."""
        assert self.best
        self.show(store.load(store.place(run, self.best.update)), averaged)

    def show(self, checkpoint: Checkpoint, averaged: bool = True) -> None:
        """Put a checkpoint's weights into the network, to be heard; the run cannot go on from there."""
        self._load_weights(checkpoint.tensors["weights"])
        if self.average and averaged:
            self.average.load_state(checkpoint.tensors["ema"])
            for name, shadow in self.average.state().items():
                next(piece for piece in self.pieces if piece.name == name).tensor.copy_(shadow)

    def learned(self, base: GptShape) -> dict[str, Tensor]:
        """Return what the base lacks: the pieces that learn, and rows and positions that were added, as they are."""
        found = {piece.name: piece.tensor for piece in self.pieces}
        named = dict(self.gpt.named_parameters())
        for name in GROWN:
            before = base.text_rows if name in TEXT_ROWS else base.text_positions
            if name not in found and len(named[name]) > before:
                found.setdefault(f"{name}[{before}:]", named[name].data[before:])
        return found

    def forget_best(self) -> None:
        """Choose anew from now on."""
        self.best, self.patience, self.stopped = None, Patience(), None

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

    def _check(self, checkpoint: Checkpoint, path: Path) -> None:
        identity, parts = checkpoint.facts["identity"], {"weights", "optimizer", *(["ema"] if self.average else [])}
        other = [what for what, digest in self.identity.items() if identity.get(what) != digest]
        if other:
            raise CheckpointError(
                f"{path}: was trained on another {' and '.join(other)}; go on with the old one, or choose a new out "
                "(and this run's voice as base, to build on it)"
            )
        if checkpoint.tensors.keys() != parts:
            raise CheckpointError(f"{path}: holds other parts than this run keeps; use the run's own settings")
