"""Tokens of any script in the letters of a base."""

import pytest

from dimts.text import base
from dimts.text.bpe import Tokenizer
from dimts.text.languages.am import LANGUAGE as AMHARIC
from dimts.text.romanisation import in_letters_of

KNOWN = Tokenizer.from_json(base.vocabulary()).vocabulary


@pytest.mark.parametrize(
    ("token", "spelled"),
    [
        ("ሰላም", "selam"),
        ("ል", "li"),
        ("ጨ", "che"),
        ("ⶀ", "lo"),  # by its name, LOA: no rule pronounces it
        ("።", "."),
        ("፣", ","),
        ("፤", ";"),
        ("፥", ":"),
        ("፧", "?"),
        ("፨", "."),
        ("«", "«"),  # the base has it
        ("səl", "sel"),
        ("t͡ʃʼə", "che"),
        ("ja", "ja"),
        ("ɓara", "bara"),
        ("ƙ", "k"),
        ("ბ", "ba"),
        ("გამა", "gaamaa"),
        ("க", "ka"),
        ("か", "ka"),
        ("Ω", "o"),
        ("ʔ", ""),
        ("ː", ""),
        ("中", ""),
        ("፟", ""),
    ],
)
def test_token(token: str, spelled: str) -> None:
    assert in_letters_of(KNOWN, token, "am") == spelled


def test_tigrinya_keeps_what_amharic_gave_up() -> None:
    assert in_letters_of(KNOWN, "ኸ", "ti") == "xe"
    assert in_letters_of(KNOWN, "ኸ", "am") == "he"


def test_every_letter_that_amharic_may_write_has_a_spelling_of_known_letters() -> None:
    letters = [chr(point) for first, last in AMHARIC.scripts for point in range(first, last + 1)]
    spelled = {letter: in_letters_of(KNOWN, letter, "am") for letter in letters if letter.isalpha()}
    assert len(spelled) > 450
    assert [letter for letter, said in spelled.items() if not said or not set(said) <= KNOWN.keys()] == []
