"""New rows begin at the base's norm, the phonetic ones near their sounds, and the base's rows stay as they were."""

import json
from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from dimts.checkpoint import grow, start
from dimts.checkpoint.official import Base
from dimts.checkpoint.start import BIAS, ROWS, Start, more_rows, sources
from dimts.checkpoint.weights import State
from dimts.text import base as small
from dimts.text import extend
from dimts.text.bpe import Tokenizer

STARTS: tuple[Start, ...] = get_args(Start)
BASE = Tokenizer.from_json(small.vocabulary())
AMHARIC = ["ሰላም ለዓለም።", "ኢትዮጵያ ውብ ሀገር ናት፣ ሰላም ነው።", "አበበ በሶ በላ።", "ጫላ ጩቤ ጨበጠ"] * 30
EXTENDED = extend.extend(BASE, AMHARIC, "am")
SYLLABLES = {
    "ሰ": "se",
    "ላ": "la",
    "ሙ": "mu",
    "ቢ": "bi",
    "ኖ": "no",
    "ፈ": "fe",
    "ራ": "ra",
    "ጉ": "gu",
    "ቶ": "to",
    "ዲ": "di",
}


def state(structured: bool = True, width: int = 128) -> State:
    """Text rows of a base: with structure, letters are alike that sound alike, and all rows share a direction."""
    draw = torch.Generator().manual_seed(5)
    rows = {name: 0.02 * torch.randn(BASE.rows, width, generator=draw) for name in ROWS}
    if structured:
        vowels = [BASE.vocabulary[vowel] for vowel in "aeiou"]
        for table in rows.values():
            table[vowels] += 0.03 * torch.randn(width, generator=draw)
            table += 0.01 * torch.randn(width, generator=draw)
            table *= 1 + torch.rand(BASE.rows, 1, generator=draw)
    return {**rows, BIAS: 0.1 * torch.randn(BASE.rows, generator=draw) - 3}


def near(row_D: Tensor, rows_VD: Tensor) -> Tensor:
    return cosine_similarity(row_D[None], rows_VD)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("structured", [True, False])
@pytest.mark.parametrize("kind", STARTS)
def test_new_rows_have_the_norm_of_the_base(kind: Start, structured: bool, name: str) -> None:
    before = state(structured)
    norms = more_rows(before, BASE, EXTENDED, kind)[name][BASE.rows :].norm(dim=1)
    assert len(norms) == EXTENDED.rows - BASE.rows
    assert torch.all((norms / before[name].norm(dim=1).mean() - 1).abs() < 0.1)


@pytest.mark.parametrize("kind", STARTS)
def test_the_base_keeps_every_bit(kind: Start) -> None:
    before = state()
    after = more_rows(before, BASE, EXTENDED, kind)
    assert after.keys() == {*ROWS, BIAS}
    assert all(torch.equal(after[name][: BASE.rows], before[name]) for name in after)
    assert all(len(after[name]) == EXTENDED.rows for name in after)


@pytest.mark.parametrize("kind", STARTS)
def test_the_same_base_and_vocabulary_give_the_same_rows(kind: Start) -> None:
    torch.manual_seed(1)
    one = more_rows(state(), BASE, EXTENDED, kind)
    torch.manual_seed(2)
    other = more_rows(state(), BASE, EXTENDED, kind)
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", STARTS)
def test_no_two_new_rows_are_alike(kind: Start) -> None:
    after = more_rows(state(), BASE, EXTENDED, kind)
    for name in ROWS:
        assert len(torch.unique(after[name], dim=0)) == EXTENDED.rows


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("structured", [True, False])
@pytest.mark.parametrize("syllable", SYLLABLES)
def test_a_syllable_starts_near_its_sounds(syllable: str, structured: bool, name: str) -> None:
    rows = more_rows(state(structured), BASE, EXTENDED, "phonetic")[name]
    row = rows[EXTENDED.vocabulary[syllable]]
    sounds = [BASE.vocabulary[letter] for letter in SYLLABLES[syllable]]
    cosines = near(row, rows[: BASE.rows])
    others = torch.ones(BASE.rows, dtype=torch.bool)
    others[sounds] = False
    assert cosines[sounds].min() > 0.2
    assert cosines[sounds].mean() > torch.quantile(cosines[others], 0.99)


@pytest.mark.parametrize("kind", ["mean", "noise"])
def test_other_starts_know_no_sounds(kind: Start) -> None:
    """Or the test above could not fail."""
    rows = more_rows(state(), BASE, EXTENDED, kind)[ROWS[0]]
    cosines = near(rows[EXTENDED.vocabulary["ሰ"]], rows[: BASE.rows])
    assert cosines[[BASE.vocabulary[letter] for letter in "se"]].mean() < torch.quantile(cosines, 0.99)


def test_a_word_starts_from_the_tokens_and_letters_of_its_romanisation() -> None:
    whole, letters = sources(BASE, EXTENDED)[EXTENDED.vocabulary["ሰላም"] - BASE.rows]
    assert whole == BASE.encode_spoken("selam", "en")[1:]
    assert BASE.tokens(letters) == list("selam")


def test_homophones_start_together_but_apart() -> None:
    rows = more_rows(state(), BASE, EXTENDED, "phonetic")[ROWS[0]]
    one, other = (rows[EXTENDED.vocabulary[letter]] for letter in "ሰሠ")
    assert 0.9 < float(cosine_similarity(one, other, dim=0)) < 1 - 1e-4


def test_the_tag_starts_from_the_other_tags() -> None:
    before = state()
    after = more_rows(before, BASE, EXTENDED, "phonetic")
    tags = [BASE.vocabulary[f"[{language}]"] for language in BASE.languages]
    assert sources(BASE, EXTENDED)[0] == [tags]
    assert near(after[ROWS[0]][EXTENDED.vocabulary["[am]"]], before[ROWS[0]][tags].mean(0)[None]) > 0.9
    assert float(after[BIAS][EXTENDED.vocabulary["[am]"]]) == pytest.approx(float(before[BIAS][tags].mean()))


def test_a_mark_starts_from_its_like() -> None:
    assert sources(BASE, EXTENDED)[EXTENDED.vocabulary["።"] - BASE.rows] == [[BASE.vocabulary["."]]] * 2


def test_the_bias_is_that_of_the_sounds_or_the_mean() -> None:
    before = state()
    dot, mark = BASE.vocabulary["."], EXTENDED.vocabulary["።"]
    assert float(more_rows(before, BASE, EXTENDED, "phonetic")[BIAS][mark]) == pytest.approx(float(before[BIAS][dot]))
    for kind in ("mean", "noise"):
        assert float(more_rows(before, BASE, EXTENDED, kind)[BIAS][mark]) == pytest.approx(float(before[BIAS].mean()))


def test_mean_starts_at_the_mean() -> None:
    before = state()
    rows = more_rows(before, BASE, EXTENDED, "mean")[ROWS[0]][BASE.rows :]
    assert near(before[ROWS[0]].mean(0), rows).min() > 0.9


def test_what_has_no_sound_starts_from_the_mean() -> None:
    extended = extend.extend(BASE, ["中"], "am")
    assert sources(BASE, extended)[extended.vocabulary["中"] - BASE.rows] == []
    rows = more_rows(state(), BASE, extended, "phonetic")[ROWS[0]]
    assert near(rows[extended.vocabulary["中"]], rows[: BASE.rows].mean(0)[None]) > 0.9


def test_an_id_without_a_token_is_a_row_like_any_other() -> None:
    document = json.loads(EXTENDED.to_json())
    document["model"]["vocab"]["中"] = EXTENDED.rows + 3
    holed = Tokenizer.from_json(json.dumps(document))
    assert all(len(table) == holed.rows for table in more_rows(state(), BASE, holed).values())


def test_rows_of_zeros_give_finite_rows() -> None:
    zeros = {name: torch.zeros_like(table) for name, table in state().items()}
    for kind in STARTS:
        assert all(torch.isfinite(table).all() for table in more_rows(zeros, BASE, EXTENDED, kind).values())


@pytest.mark.parametrize("kind", STARTS)
def test_a_base_grows_so(tiny: Base, kind: Start) -> None:
    grown = grow.to_fit(tiny, EXTENDED, 402, kind).state_dict()
    before = dict(tiny.network.state_dict())
    expected = more_rows(before, tiny.tokenizer, EXTENDED, kind)
    for name in (*ROWS, BIAS):
        assert torch.equal(grown[name], expected[name])
        assert torch.equal(grown[name][: BASE.rows], before[name])
    for name in ROWS:
        norms = grown[name].norm(dim=1)
        assert float(norms[BASE.rows :].mean() / norms[: BASE.rows].mean()) == pytest.approx(1, abs=0.1)


def test_phonetic_is_what_a_base_grows_by_without_asking(tiny: Base) -> None:
    asked, unasked = grow.to_fit(tiny, EXTENDED, 402, "phonetic"), grow.to_fit(tiny, EXTENDED, 402)
    assert torch.equal(asked.state_dict()[ROWS[0]], unasked.state_dict()[ROWS[0]])


def test_growing_again_leaves_the_first_growth_alone(tiny: Base) -> None:
    """A bundle as base: its own rows stay, and only what a larger vocabulary adds is new."""
    first = replace(tiny, network=grow.to_fit(tiny, EXTENDED, 402), tokenizer=EXTENDED)
    more = extend.extend(EXTENDED, [*AMHARIC, *["ትምህርት ቤት ተማሪዎች"] * 40], "am")
    assert more.rows > EXTENDED.rows
    second = grow.to_fit(first, more, 402).state_dict()
    assert torch.equal(second[ROWS[0]][: EXTENDED.rows], first.network.state_dict()[ROWS[0]])
    token = more.tokens([EXTENDED.rows])[0]
    letters = [EXTENDED.vocabulary[letter] for letter in token]
    assert letters in start.sources(EXTENDED, more)[0]  # they have learned by now: no need to spell it in Latin
