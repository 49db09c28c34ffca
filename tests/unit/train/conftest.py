"""Fixtures of the tests of training: those of the flow tests, on one thread."""

import pytest

from tests.flow.conftest import material, one_thread

__all__ = ["material", "one_thread"]


@pytest.fixture(autouse=True)
def everywhere_one_thread(one_thread: None) -> None:
    """Every test here runs on one thread."""
