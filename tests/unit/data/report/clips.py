"""Datasets of made-up clips, for the tests of the report: no sound is read for it."""

from pathlib import Path
from typing import Any

from dimts.data import filters
from dimts.data.filters import Limits
from dimts.data.manifest import Clip, Dataset, Rejection
from dimts.data.totals import settled
from dimts.text.normalise import IDENTITY

SETTINGS = {"eval_share": 0.05, "seed": 0, "group_by": "text", "limits": filters.as_settings(Limits())}


def clip(number: int, text: str = "ሰላም", duration_s: float = 2.0, **other: Any) -> Clip:
    """A clip that nobody measured."""
    name = f"clip{number:05}"
    fields = {"spoken": text, "language": "am", "speaker": "Sara", "source": f"talk.csv:{number}", "split": "train"}
    made: dict[str, Any] = fields | {"group": text} | other
    return Clip(name, f"audio/{name}.flac", round(duration_s * 1000), 1000, "0" * 64, text, **made)


def rejection(number: int, reason: str = "too short", duration_s: float = 0.3, **other: Any) -> Rejection:
    """A clip that was turned away."""
    return Rejection(f"no{number}", "filters", reason, 0.3, 0.4, f"talk.csv:{9000 + number}", "ሰ", duration_s, **other)


def dataset(folder: Path, *clips: Clip, rejected: tuple[Rejection, ...] = (), language: str = "am") -> Dataset:
    """A dataset of these clips, its accounts in order."""
    totals = settled({}, [], clips, rejected)
    return Dataset(folder, language, IDENTITY, clips, rejected, SETTINGS, totals, "CC0-1.0", "signed")
