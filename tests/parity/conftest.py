from collections.abc import Iterator

import pytest

from tests.parity.reference import ORACLE, Reference, build


@pytest.fixture(scope="session", params=["tiny", "full"])
def reference(request: pytest.FixtureRequest) -> Iterator[Reference]:
    """The network filled by `formula`, and coqui-tts's numbers for it."""
    if request.param == "full" and not ORACLE.is_dir():
        pytest.skip("the full-size reference numbers are not here (../shared/oracle)")
    yield build(request.param)
