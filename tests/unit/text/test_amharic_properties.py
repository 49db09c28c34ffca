"""What holds for Amharic and Tigrinya on any Unicode string whatever."""

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.text.language import Language
from dimts.text.languages import am, ti

LANGUAGES = [am.LANGUAGE, ti.LANGUAGE]
PIECES = """
0 1 2 5 9 10 45 99 100 2015 1,000 3.5 007 0911 +251 8:30 ½ ² ٣ ፩ ፲ ፻ ፼ Ⅷ ① በ የ ለ ከ ን ና ም ው ቱ ኛ ዎቹ ሀ ሐ መ ዓ ዐ ር ዶ
ት ቤት አ አ. ዓ. ዶ/ ር. ዓ.ም እ.ኤ.አ ት/ቤት ገ/ ቁ. ኤች.አይ.ቪ ኢ.ሕ.አ.ፓ ብር ሺህ ሚሊዮን ሰዓት ሰኔ ስልክ ቁጥር ዮሐንስ በመቶ ሥ ኅ ዓን
፣ ። ፡ ፡፡ ፤ ፦ ፧ ፨ , . ; : ! ? … ' " - – — / ( ) [ $ € £ % ° & @ # + = < > ~ ^ * _ | a Z IV BBC km am
http://a.com a@b.c é я 中 \u200d \u0301 \u135f \u200b \ud800
"""
anything = st.text(st.characters(exclude_categories=()), max_size=30)
ethiopic = st.text(st.characters(min_codepoint=0x1200, max_codepoint=0x139F) | st.sampled_from(" ./,-"), max_size=20)
written = st.lists(st.sampled_from([*PIECES.split(), " ", " ", "\\"]), max_size=14).map("".join)
texts = written | anything | ethiopic | st.tuples(written, anything).map("".join)
GEEZ = re.compile("[፩-፼]")


def spoken(text: str, language: Language) -> str:
    for _, step in language.steps:
        text = step(text)
    return text


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_spoken_text_has_no_digits_and_is_stable(language: Language, text: str) -> None:
    said = spoken(text, language)
    assert not any(unicodedata.category(char) == "Nd" for char in said)
    assert not GEEZ.search(said) and not re.search("[A-Za-z]", said)
    assert spoken(said, language) == said


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_every_character_alone(language: Language) -> None:
    for code in (*range(0x20000), *range(0xE0000, 0xE0200)):
        said = spoken(chr(code), language)
        assert said == spoken(said, language), hex(code)
        assert not any(
            char.isdecimal() or "፩" <= char <= "፼" or unicodedata.name(char, "").startswith("LATIN") for char in said
        )


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_what_is_left_is_ethiopic_kept_marks_or_another_script(language: Language) -> None:
    said = spoken("".join(map(chr, range(0x3000))), language)
    assert {char for char in said if ord(char) < 0x250 and char != " "} <= set("!?,.;:-'\"")


# runs that a careless pattern would scan again from every character
RUNS = [
    "ሀ",
    "1",
    "፼",
    "a",
    " ",
    ".",
    "-",
    "1-",
    "1,",
    "1.",
    "1,111",
    "/",
    "ዓ.",
    "ት/",
    "1/",
    "$",
    "a@",
    "a.",
    "1:",
    "ሀ ",
    "፡",
    "1 ",
]
RUNS += [
    "100 ",
    "+251 ",
    "1 ሺህ ",
    "ገ/",
    "ኤች.",
    "http://",
    "በ",
    "- ",
    "'",
    "ሀ1",
    "1ኛ",
    "%1",
    "1^",
    "፡ ",
    "5-10 አሸነፈ ",
    "።",
    "ዶር",
    "=",
    "'a",
]


@pytest.mark.parametrize("run", RUNS)
def test_time_is_linear(run: str) -> None:
    def seconds(length: int) -> float:
        text = (run * length)[:length]
        started = time.process_time()
        spoken(text, am.LANGUAGE)
        return time.process_time() - started

    seconds(100)
    small = min(seconds(3_000) for _ in range(3))
    assert seconds(30_000) < 40 * small + 0.05  # ten times the text; a quadratic pattern takes a hundred times as long


def test_a_megabyte_of_mixed_text_in_ten_seconds() -> None:
    line = "በ2015 ዓ.ም. የኢ.ፌ.ዲ.ሪ ጠ/ሚ ዶ/ር ዐቢይ ከቀኑ 8፡30 በ$2.5 ሚሊዮን 5-10 ት/ቤቶችን መርቀዋል፤ BBC 3ኛው ሥነ-ምግባር፡፡ ሰላም ለዓለም ሁሉ ይሁን። "
    text = line * (200_000 // len(line.encode()))
    started = time.process_time()
    spoken(text, am.LANGUAGE)
    assert time.process_time() - started < 2  # a fifth of the megabyte
