"""Fixtures of the data layer's tests."""

import pytest

from dimts.data import reading


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were decoded."""
    names: list[str] = []
    real = reading.read

    def spy(task: reading.Task) -> reading.Reading:
        names.append(task.path.name)
        return real(task)

    monkeypatch.setattr("dimts.data.reading.read", spy)
    monkeypatch.setattr("dimts.data.intake.read", spy)
    return names
