"""The seventeen languages read as upstream does; `upstream.jsonl` holds what coqui-tts 0.28.0 made of each text."""

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.errors import MissingExtra, TextError
from dimts.text.languages import OFFICIAL, find
from dimts.text.languages.parts import in_parts
from dimts.text.normalise import IDENTITY, normalise, steps

ORACLE = Path(__file__).parents[4] / "shared" / "oracle"
PAIRS = [
    json.loads(line) for line in Path(__file__).with_name("upstream.jsonl").read_text(encoding="utf-8").splitlines()
]
NEEDS = {"zh": "pypinyin", "zh-cn": "pypinyin", "ja": "cutlet"}
READY = [code for code in OFFICIAL if code not in NEEDS or find_spec(NEEDS[code])]


def need(language: str) -> None:
    if language in NEEDS:
        pytest.importorskip(NEEDS[language])


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['language']}:{pair['text'][:20]}")
def test_upstream(pair: dict[str, str]) -> None:
    need(pair["language"])
    assert normalise(pair["text"], pair["language"]) == pair["cleaned"]


@pytest.mark.skipif(not ORACLE.is_dir(), reason="needs ../shared/oracle")
def test_oracle_sentences() -> None:
    for pair in json.loads((ORACLE / "encodings.json").read_text(encoding="utf-8")):
        need(pair["language"])
        assert normalise(pair["text"], pair["language"]) == pair["cleaned"]


def test_thousands() -> None:
    assert normalise("1.000.000,5", "de") == "eine Million Komma fünf"
    assert normalise("100 000", "de") == "einhundert null"
    assert normalise("1,000", "en") == "one thousand"


def test_money() -> None:
    assert normalise("$5", "en") == "five dollars"
    assert normalise("$1.50", "en") == "one dollar, fifty cents"
    assert normalise("$1,200", "en") == "one thousand, two hundred dollars"
    assert normalise("£3 i €4", "pl") == "funt trzy i €cztery"  # the pound fails, so the euro is not tried


def test_turkish_capitals() -> None:
    assert normalise("ISPARTA İZMİR ÖÜ", "tr") == "isparta izmir öü"


def test_turkish_decimals() -> None:
    assert normalise("3.5", "tr") == "üçüncübeş"


def test_hindi_digits() -> None:
    assert normalise("१२ 12", "hi") == "१२ बारह"


def test_hindi_numbers() -> None:
    assert normalise("1,50,000", "hi") == "एक लाख पचास हज़ार"
    assert normalise("2024", "hi") == "दो हज़ार चौबीस"
    assert normalise("3.14", "hi") == "तीन दशमलव एक चार"
    assert normalise("1, 2", "hi") == "एक, दो"
    assert normalise("9" * 16, "hi") == " ".join(["नौ"] * 16)


def test_hangul() -> None:
    assert normalise("물엿", "ko") == "mul-yeos"
    assert normalise("있습니다 까치", "ko") == "iss-seubnida kkachi"


def test_chinese_first_place() -> None:
    need("zh")
    assert normalise("12和2个", "zh") == "yi1er4he2er4ge4"


def test_a_number_without_name_is_read_digit_by_digit() -> None:
    assert normalise("9" * 400, "en").split() == ["nine"] * 400
    assert normalise("1" * 40, "es").split() == ["uno"] * 40


def test_regions_do_not_matter() -> None:
    assert normalise("3 Dr.", "en-GB") == normalise("3 Dr.", "EN_us") == normalise("3 Dr.", "en")


@pytest.mark.parametrize("code", ["", " ", "e", "english", "../en", "en-", "12", "e\nm"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(TextError, match="not a language code"):
        normalise("text", code)


def test_a_language_without_rules_says_so() -> None:
    found = find("ka")
    assert found.generic
    assert "digits stay digits" in found.name
    assert normalise("A\u200d  12\u00a0e\u0301", "ka") == "a 12 é"


def test_a_language_without_rules_counts_with_num2words() -> None:
    assert normalise("Det kostar 25 kr", "sv") == "det kostar tjugofem kr"
    assert "num2words" in find("sv").name


def test_official_languages_are_not_generic() -> None:
    assert not any(find(code).generic for code in READY)
    assert find("zh-cn") == find("zh")


def test_steps_end_in_the_normalised_text() -> None:
    shown = steps('The "3rd"  Mr. & co', "en")
    assert [name for name, _ in shown] == ["quotes and case", "numbers", "abbreviations", "signs", "spaces"]
    assert shown[1][1] == "the third  mr. & co"
    assert shown[-1][1] == normalise('The "3rd"  Mr. & co', "en") == "the third mister and co"


@pytest.mark.parametrize(("language", "package"), [("zh", "pypinyin"), ("ja", "cutlet")])
def test_a_missing_package_names_its_extra(language: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dimts.text.languages import ja

    ja.romaniser.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"dimts\[cjk\]"):
        normalise("世界", language)


def test_identity_is_a_name_and_a_version() -> None:
    name, version = IDENTITY.rsplit("-", 1)
    assert name == "dimts"
    assert int(version) >= 1


@pytest.mark.parametrize("language", [*READY, "ka", "sv"])
@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters()) | st.text("0123456789.,$£€%° -年月日亿元个İーっ가", max_size=30))
def test_never_raises(language: str, text: str) -> None:
    assert isinstance(normalise(text, language), str)


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_generic_is_idempotent(text: str) -> None:
    once = normalise(text, "ka")
    assert normalise(once, "ka") == once


@pytest.mark.parametrize("language", ["en", "de", "ko", "hi", "ka"])
@pytest.mark.parametrize("piece", ["1", "word ", "1.", "1,000 ", "$1", "Dr. "])
def test_time_is_linear(language: str, piece: str) -> None:
    started = time.process_time()
    normalise(piece * (100_000 // len(piece)), language)
    assert time.process_time() - started < 10  # a quadratic scan takes minutes


@pytest.mark.parametrize(("language", "piece", "characters"), [("zh", "12/", 60_000), ("ja", "良い天気。", 400_000)])
def test_a_book_in_one_text(language: str, piece: str, characters: int) -> None:
    need(language)  # MeCab breaks down at some hundred thousand characters
    assert normalise(piece * (characters // len(piece)), language)


def test_parts_end_with_sentences() -> None:
    upper = in_parts(str.upper, "|")
    assert upper("ab. " * 3) == "AB. " * 3
    parts = upper("a" * 99 + "." + "b" * 9_950).split("|")
    assert [len(part) for part in parts] == [100, 9_950]
    assert [len(part) for part in upper("a" * 25_000).split("|")] == [10_000, 10_000, 5_000]
