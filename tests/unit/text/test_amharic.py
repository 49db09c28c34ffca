"""Amharic integers, folding and punctuation."""

import pytest

from dimts.text.languages.am import LANGUAGE


def spoken(text: str) -> str:
    for _, step in LANGUAGE.steps:
        text = step(text)
    return text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1250", "አንድ ሺህ ሁለት መቶ ሀምሳ"),
        ("ፀሐይ፡፡", "ጸሀይ።"),
        ("ሰላም ።", "ሰላም።"),
    ],
)
def test_spoken(written: str, expected: str) -> None:
    assert spoken(written) == expected
