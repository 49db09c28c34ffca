"""Fixtures of the tests of training: those of the flow tests."""

from tests.flow.conftest import material, one_thread

__all__ = ["material", "one_thread"]
