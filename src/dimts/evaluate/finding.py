"""What a check found: one line for a person, and the numbers behind it for a program."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["ok", "note", "PROBLEM"]


@dataclass(frozen=True)
class Finding:
    """One line of a check; a PROBLEM means that the folder cannot be trusted, a note that a person should look."""

    step: str
    verdict: Verdict
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


def judged(step: str, problems: list[str], notes: list[str], text: str, facts: dict[str, Any]) -> Finding:
    """Return one finding: its verdict is the worst that was said, its text says why after what was measured.

    Numbers that JSON lacks become None.
    """
    verdict: Verdict = "PROBLEM" if problems else "note" if notes else "ok"
    return Finding(
        step, verdict, "; ".join([text, *problems, *notes]), {name: _plain(value) for name, value in facts.items()}
    )


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
