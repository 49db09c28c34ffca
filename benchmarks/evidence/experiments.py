"""What is compared: settings that differ from those of the demo, each the claim of some trainer or guide.

All variants hear the same sentences in the same voices, `CLIPS` unless they say otherwise, for as many clips in all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CLIPS, UPDATES, BATCH = 180, 60, 6  # two epochs
FEW, ALL_CLIPS = 60, 1200  # six epochs; all that the demo has
EVERYTHING = "all"

Settings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Variant:
    """A run: what it changes in the demo's run file, by section."""

    changes: Settings = field(default_factory=dict)
    clips: int = CLIPS
    updates: int = UPDATES
    decay_all: bool = False  # weight decay on biases, norms and embeddings too


def _lr(rate: float) -> Variant:
    """Let new rows learn as much faster as in the demo; `auto` would leave most still at these sizes."""
    rates = {"lr": rate, "new_rows_lr": round(rate * 10 / 3, 9)}
    return Variant({"optimizer": rates, "train": {"trainable": EVERYTHING}})


def _decay(share: float, decay_all: bool = False) -> Variant:
    changes = {"optimizer": {"weight_decay": share}, "train": {"trainable": EVERYTHING}}
    return Variant(changes, decay_all=decay_all)


def _milestones(*updates: int) -> Variant:
    return Variant({"schedule": {"kind": "multistep", "milestones": [*updates], "warmup_updates": 0}}, FEW)


def _accumulated(micro_batches: int) -> Variant:
    batch = {"clips": 2, "accumulation": micro_batches}
    updates = max(1, round(UPDATES * BATCH / 2 / micro_batches))
    return Variant({"batch": batch, "schedule": {"kind": "constant", "warmup_updates": 0}}, updates=updates)


def _frozen(trainable: object, clips: int) -> Variant:
    return Variant({"train": {"trainable": trainable}} if trainable != LOWER else {}, clips)


def _started(start: str, updates: int) -> Variant:
    """Let new rows begin elsewhere; no updates are one at a rate of nothing."""
    still = {"schedule": {"kind": "constant", "warmup_updates": 10**9}} if not updates else {}
    return Variant({"train": {"new_rows_start": start}, "batch": {"clips": 2}, **still}, ALL_CLIPS, max(1, updates))


STARTS = ("phonetic", "mean", "noise")
LOWER = ["new_rows", "blocks.0-3"]  # the demo's own
TOP = "last-2"
EXPERIMENTS: dict[str, dict[str, Variant]] = {  # the most important first
    "milestones": {
        "recipe": _milestones(50_000, 150_000, 300_000),
        "epochs 1, 2, 3": _milestones(*(epoch * FEW // BATCH for epoch in (1, 2, 3))),
        "cosine": Variant({"schedule": {"kind": "cosine", "warmup_updates": 0}}, FEW),
    },
    "learning rate": {
        **{name: _lr(float(name)) for name in ("2e-6", "5e-6", "1e-5", "1e-4")},
        "3e-4": _frozen(EVERYTHING, CLIPS),  # the demo's
    },
    "weight decay": {
        "0.01": _frozen(EVERYTHING, CLIPS),
        "0.05": _decay(0.05),
        "0.01 on all": _decay(0.01, decay_all=True),
        "0.05 on all": _decay(0.05, decay_all=True),
    },
    "extras": {
        "none": Variant({"schedule": {"warmup_updates": 0}}),
        "warm-up": Variant(),
        "EMA 0.98": Variant({"schedule": {"warmup_updates": 0}, "train": {"ema": 0.98}}),
        "label smoothing 0.1": Variant({"schedule": {"warmup_updates": 0}, "train": {"label_smoothing": 0.1}}),
    },
    "freezing": {
        f"{name}, {clips} clips": _frozen(parts, clips)
        for clips in (FEW, CLIPS, ALL_CLIPS)
        for name, parts in (("all learn", EVERYTHING), ("last two", TOP), ("first four", LOWER))
    },
    "accumulation": {str(each): _accumulated(each) for each in (1, 16, 128)},
    "new rows": {f"{start}, {updates} updates": _started(start, updates) for updates in (0, 200) for start in STARTS},
    "replay": {
        "none": Variant(),
        "40 % replay": Variant({"data": {"replay_share": 0.4}}, updates=round(UPDATES / 0.6)),
    },
    "new rows, longer": {f"{start}, 1000 updates": _started(start, 1000) for start in STARTS},
}
