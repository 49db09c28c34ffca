"""Fixtures of the data layer's tests."""

import pytest

from dimts.data import reading


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were decoded, once for each clip."""
    names: list[str] = []
    real = reading.read

    def spy(task: reading.Task) -> list[reading.Reading]:
        names.extend(task.path.name for _ in task.parts)
        return real(task)

    monkeypatch.setattr("dimts.data.reading.read", spy)
    return names
