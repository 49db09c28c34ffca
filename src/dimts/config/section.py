"""What all settings share: frozen sections, strict kinds of values."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def named(value: Any) -> Any:
    """Take a folder named 2026-11-23, which YAML reads as a date, by its name."""
    return str(value) if isinstance(value, date) else value


def rising(values: list[int]) -> list[int]:
    if values != sorted(set(values)):
        raise ValueError("must rise from one to the next")
    return values


def refuse(*problems: str) -> None:
    """Raise what a validator found, if anything: one line a problem, each with its whole path in the run file."""
    if problems:
        raise ValueError("\n".join(problems))


Whole = Annotated[int, Field(ge=0, strict=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Absolute = Annotated[Path, BeforeValidator(named), AfterValidator(lambda path: path.expanduser().absolute())]


class Section(BaseModel):
    """Settings are frozen, unknown keys are refused, docstrings are help texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, content: Any) -> Any:
        """Take a section whose settings are all commented out for one that changes nothing."""
        return {} if content is None else content
