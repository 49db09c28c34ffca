"""What a specimen of the zoo is: a folder of its own with something a user might have, and what must become of it.

A row of the tables beside says: its name, how it is made, what becomes of each row or recording in it, in order of
lines, and how many seconds of sound it names that can be read. `ACCEPTED` is a clip; anything else is the reason in
`rejected.jsonl`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ACCEPTED = "accepted"
SECONDS = 2.0  # of most recordings here
Maker = Callable[[Path, int], object]  # fills a folder; the number makes its sounds and words its own


@dataclass(frozen=True)
class Specimen:
    """One row of the zoo."""

    name: str
    make: Maker
    becomes: tuple[str, ...] | str
    seconds: float | None = None  # None: SECONDS for each row that led to sound
    source: str = "."  # what is given to `prepare`, in its folder

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What becomes of each row."""
        return (self.becomes,) if isinstance(self.becomes, str) else self.becomes

    @property
    def sound_s(self) -> float:
        """Seconds of readable sound that its rows name."""
        named = [each for each in self.outcomes if each not in SOUNDLESS]
        return SECONDS * len(named) if self.seconds is None else self.seconds


SOUNDLESS = ("not audio", "empty", "truncated", "unreadable", "damaged", "not finite", "missing", "not a file",
             "bad row", "header again", "bad text", "bad time", "bad cue", "no permission", "folder again")  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A source that as a whole is none: `prepare` says so in one line, and touches nothing."""

    name: str
    make: Maker
    says: str  # a pattern
    source: str = "."
