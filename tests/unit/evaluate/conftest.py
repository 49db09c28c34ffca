"""Fixtures of the tests of evaluation: those of training, and scoring without what takes a second a take."""

import pytest

from dimts.evaluate import distill_mos
from tests.flow.conftest import material

__all__ = ["material"]


@pytest.fixture
def without_mos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Naturalness is not measured."""
    monkeypatch.setattr(distill_mos, "where", lambda: None)
