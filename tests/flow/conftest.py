"""Fixtures of the tests that train."""

from collections.abc import Iterator

import pytest
import torch

from tests.flow.material import Material, make


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A tiny base, ten clips and a vocabulary, made once a session."""
    return make(tmp_path_factory.getbasetemp())


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Bit for bit needs the same number of threads everywhere; one is quickest for what is tiny."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
