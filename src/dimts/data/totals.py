"""What became of each source, in clips and in seconds: found = accepted + turned away + not speech."""

from dataclasses import dataclass

PRECISION_S = 1e-3  # of one clip's or recording's seconds: ledgers round


@dataclass(frozen=True)
class Totals:
    """The account of one source; `found` and `found_s` are counted when it is read, the rest when all is decided.

    A row that was cut in pieces is as many clips; rows that were joined are one. What a recording holds outside its
    clips is turned away where somebody speaks there, else it is not speech.
    """

    source: str  # table, subtitle file, folder or recording, as clips name it before the colon
    rows: int = 0  # that the source lists
    found: int = 0  # clips that came of them
    accepted: int = 0
    rejected: int = 0
    found_s: float = 0.0  # of every recording named, once for each row that takes all of it
    accepted_s: float = 0.0
    rejected_s: float = 0.0
    not_speech_s: float = 0.0

    @property
    def balanced(self) -> bool:
        """Whether nothing vanished."""
        left_s = self.found_s - self.accepted_s - self.rejected_s - self.not_speech_s
        return self.found == self.accepted + self.rejected and abs(left_s) <= PRECISION_S * (1 + self.found)
