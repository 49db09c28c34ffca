"""How to prepare a dataset: what `dimts prepare` asks a user, in one frozen value."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dimts.data import filters
from dimts.data.filters import Limits
from dimts.data.manifest import UNNAMED
from dimts.data.split import By
from dimts.data.stretches import CutRules
from dimts.errors import ConfigError
from dimts.text.front import Choice

if TYPE_CHECKING:
    from dimts.audio.repair import Repairs
    from dimts.audio.speech import Detector

MAX_DEFAULT_WORKERS = 4
GroupBy = Literal["auto", "recording", "speaker", "text"]


@dataclass(frozen=True)
class Options:
    """How to prepare; a dataset keeps `eval_share`, `seed` and `group_by` for life, so that no clip changes sides."""

    eval_share: float = 0.05  # of the clips; 0 means no eval clips
    seed: int = 0
    group_by: GroupBy = "auto"  # what lies on one side together; the same text always does
    speaker: str = UNNAMED  # where a source does not say who speaks
    text: Choice = Choice()  # how it is read; what is not asked for stays as the dataset has it
    limits: Limits = field(default_factory=Limits)
    cutting: CutRules = CutRules()
    detector: "Detector" = "silero"  # of speech, where a recording is cut
    align: str = "auto"  # what cuts a long recording by its text: auto, none, hama or hf:MODEL
    transcribe: str | None = None  # what writes down recordings that have no text; None turns them away
    repairs: "Repairs | None" = None  # done to every clip
    hear_music: bool = False  # tell music from speech in every clip; it costs more than all other measures together
    hear_voices: bool = False  # tell whether one voice speaks in every clip; it costs about as much
    vocabulary: Path | None = None  # vocab.json: count tokens with it
    licence: str | None = None  # None leaves what the dataset says
    consent: str | None = None
    inside: tuple[Path, ...] = ()  # recordings that listings name outside of these are turned away; (): none is
    workers: int = field(default_factory=lambda: min(MAX_DEFAULT_WORKERS, os.cpu_count() or 1))

    def __post_init__(self) -> None:
        if not 0 <= self.eval_share < 1:
            raise ConfigError(f"eval_share is {self.eval_share}; give a share from 0 to below 1")
        if self.workers < 1:
            raise ConfigError(f"workers is {self.workers}; give 1 or more")

    @property
    def treatment(self) -> str:
        """Names what is done to and heard in every clip beside the usual."""
        heard = f"{' music' * self.hear_music}{' voices' * self.hear_voices}"
        return f"{heard} {self.repairs}" if self.repairs else heard

    def settings(self, by: By) -> dict[str, object]:
        """What the dataset keeps of them; `by` is what `group_by` came to."""
        limits = filters.as_settings(self.limits)
        return {"eval_share": self.eval_share, "seed": self.seed, "group_by": by, "limits": limits}
