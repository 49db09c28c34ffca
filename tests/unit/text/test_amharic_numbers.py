"""Amharic numbers against independent inverses: words read back, Ge'ez numerals written by the textbook."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimts.text.languages import am
from dimts.text.languages.amharic import geez, numbers

ONES = {word: value for value, word in enumerate(numbers.DIGITS)}
TENS = {word: value * 10 for value, word in enumerate(numbers.TENS) if word} | {"አሥር": 10}
SCALES = {word: 1000**power for power, word in enumerate(numbers.SCALES) if word}
up_to_a_quadrillion = st.integers(0, 10**15) | st.integers(0, 10**4) | st.integers(0, 15).map(lambda n: 10**n)


def spoken(text: str) -> str:
    for _, step in am.LANGUAGE.steps:
        text = step(text)
    return text


def value(words: str) -> int:
    """The number that words say: an inverse that shares nothing with the speller but its vocabulary."""
    total = group = 0
    for word in words.split():
        if word == "መቶ":
            group *= 100
        elif word in SCALES:
            total, group = total + group * SCALES[word], 0
        else:
            group += ONES.get(word, 0) + TENS.get(word, 0)
    return total + group


def in_geez(number: int) -> str:
    """A Ge'ez numeral as the textbook writes it: pairs of digits, ፻ after odd pairs, ፼ after even ones."""
    digits = str(number)
    pairs = [int(pair) for pair in re.findall("..", digits.zfill(len(digits) + len(digits) % 2))]
    written = ""
    for place, pair in zip(range(len(pairs) - 1, -1, -1), pairs, strict=True):
        letters = "_፲፳፴፵፶፷፸፹፺"[pair // 10].strip("_") + "_፩፪፫፬፭፮፯፰፱"[pair % 10].strip("_")
        sign = "፻" if place % 2 else "፼" if place else ""
        if sign == "፻" and not pair:
            sign = ""
        if pair == 1 and (sign == "፻" or (sign and not written)):
            letters = ""
        written += letters + sign
    return written


@given(st.integers(0, 10**18 - 1) | up_to_a_quadrillion)
def test_words_say_the_number(number: int) -> None:
    assert value(numbers.cardinal(number)) == number


@given(st.integers(1000, 10**15))
def test_thousands_separators_change_nothing(number: int) -> None:
    assert spoken(f"{number:,}") == spoken(str(number))


@given(st.integers(1, 10**15) | st.integers(1, 10**5))
def test_geez_numerals_say_their_number(number: int) -> None:
    assert geez.numbers(in_geez(number)) == [str(number)]
    assert spoken(f"በ{in_geez(number)} ብር") == spoken(f"በ{number} ብር")


def test_geez_numerals_of_the_issue() -> None:
    written = {
        "፩፻": 100,
        "፲፻": 1000,
        "፲፰፻፹፯": 1887,
        "፼": 10**4,
        "፩፼": 10**4,
        "፻፼": 10**6,
        "፼፼": 10**8,
        "፼፼፼፼፼፼": 10**24,
    }
    assert {numeral: geez.numbers(numeral) for numeral in written} == {k: [str(v)] for k, v in written.items()}


@given(up_to_a_quadrillion, st.sampled_from(["በ", "የ", "ለ", "ከ", "ስለ", "እንደ", "በየ"]))
def test_a_prefix_joins_any_number(number: int, prefix: str) -> None:
    assert spoken(f"{prefix}{number}") == prefix + spoken(str(number))


@given(up_to_a_quadrillion, st.sampled_from(["ን", "ና", "ም", "ስ", "ንም"]))
def test_a_clitic_joins_any_number(number: int, ending: str) -> None:
    assert spoken(f"{number}{ending} ሰው") == f"{spoken(str(number))}{ending} ሰው"


@given(up_to_a_quadrillion, st.sampled_from(["", "ው", "ዋን", "ና", "ነት"]))
def test_any_number_has_an_ordinal(number: int, tail: str) -> None:
    stem, last = spoken(str(number))[:-1], spoken(str(number))[-1]
    said = spoken(f"{number}ኛ{tail}")
    assert said.startswith(stem) and said.endswith(f"ኛ{tail}")
    assert said == spoken(f"{number} ኛ{tail}")
    if last in "ድትር":
        assert said == stem + {"ድ": "ደ", "ት": "ተ", "ር": "ረ"}[last] + f"ኛ{tail}"


@given(up_to_a_quadrillion, st.sampled_from(["ሰው", "ብር", "ኪሎ", "ዓመት", "ቀን", "በመቶ"]))
def test_a_word_glued_to_a_number_is_parted(number: int, word: str) -> None:
    assert spoken(f"{number}{word}") == spoken(f"{number} {word}")


@given(st.integers(0, 999), st.integers(0, 99999))
def test_decimals_are_read_digit_by_digit(whole: int, decimals: int) -> None:
    digits = " ".join(spoken(digit) for digit in str(decimals))
    assert spoken(f"{whole}.{decimals}") == f"{spoken(str(whole))} ነጥብ {digits}"


@given(st.integers(1, 12), st.integers(0, 59))
def test_the_hour_is_never_shifted(hour: int, minute: int) -> None:
    said = spoken(f"{hour}:{minute:02d}")
    if minute == 45:
        assert said == f"ለ{spoken(str(hour % 12 + 1))} ሩብ ጉዳይ"
    else:
        assert said.startswith(f"{spoken(str(hour))} ሰአት")


@given(st.sampled_from(["$", "€", "£"]), up_to_a_quadrillion, st.sampled_from(["", " ሺህ", " ሚሊዮን", " ቢሊዮን"]))
def test_the_currency_follows_the_whole_amount(sign: str, number: int, scale: str) -> None:
    name = {"$": "ዶላር", "€": "ዩሮ", "£": "ፓውንድ"}[sign]
    assert spoken(f"{sign}{number}{scale}") == f"{spoken(f'{number}{scale}')} {name}"


@given(st.from_regex(r"0[1-9][0-9]{8}", fullmatch=True), st.sampled_from([[4, 6], [4, 2, 2, 2], [3, 3, 4], [10]]))
def test_telephone_numbers_are_read_digit_by_digit(number: str, groups: list[int]) -> None:
    said = " ".join(spoken(digit) for digit in number)
    starts = [sum(groups[:n]) for n in range(len(groups))]
    for sign in " -":
        written = sign.join(number[start : start + size] for start, size in zip(starts, groups, strict=True))
        assert spoken(f"ይደውሉ {written}።") == f"ይደውሉ {said}።"


@pytest.mark.parametrize("digits", ["1" * 19, "9" * 400, "1" + "0" * 5000])
def test_beyond_the_names_of_scales_digits_are_read(digits: str) -> None:
    assert spoken(digits) == " ".join(spoken(digit) for digit in digits)
