"""An extension only appends: ids and encodings of the base stay, holes stay, every new token is reached."""

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.errors import TextError
from dimts.text import base, extend
from dimts.text.bpe import Tokenizer
from dimts.text.extend import OCCURRENCES, TOKENS
from dimts.text.normalise import normalise

ORACLE = Path(__file__).parents[4] / "shared" / "oracle"
PAIRS = [
    json.loads(line) for line in Path(__file__).with_name("upstream.jsonl").read_text(encoding="utf-8").splitlines()
]
SMALL = Tokenizer.from_json(base.vocabulary())
AMHARIC = ["ሰላም ለዓለም።", "ኢትዮጵያ ውብ ሀገር ናት፣ ሰላም ነው።", "ሰላምታ ለሁሉም ሰው", "አበበ በሶ በላ።", "ጫላ ጩቤ ጨበጠ"] * 30


def with_holes() -> Tokenizer:
    """The small base with two ids left out, as the official v1.1 has them."""
    document = json.loads(base.vocabulary())
    last = SMALL.rows - 1
    document["model"]["vocab"]["[hi]"] = last + 2
    document["added_tokens"][-1]["id"] = last + 2
    return Tokenizer.from_json(json.dumps(document))


def bases() -> list[Tokenizer]:
    official = [Tokenizer.read(ORACLE / name) for name in ("vocab-v2.json", "vocab-v1.1.json") if ORACLE.is_dir()]
    return [SMALL, with_holes(), *official]


@pytest.fixture(params=bases(), ids=lambda tokenizer: f"{tokenizer.rows} rows")
def any_base(request: pytest.FixtureRequest) -> Tokenizer:
    found: Tokenizer = request.param
    return found


def base_sentences(tokenizer: Tokenizer, count: int) -> list[tuple[str, str]]:
    """Texts of every language of the base, made of its own tokens; always the same."""
    draw = random.Random(3)
    words = [token for token in tokenizer.vocabulary if not token.startswith("[")]
    texts = [" ".join(draw.choices(words, k=8)) for _ in range(count)]
    glued = ["".join(draw.choices(words, k=8)) for _ in range(count)]
    return [(text, draw.choice(tokenizer.languages)) for text in texts + glued]


def test_base_ids_and_encodings_never_change(any_base: Tokenizer) -> None:
    extended = extend.extend(any_base, AMHARIC, "am", 700)
    assert any_base.vocabulary.items() <= extended.vocabulary.items()
    assert extended.merges[: len(any_base.merges)] == any_base.merges
    known = {language.replace("zh-cn", "zh") for language in any_base.languages}
    upstream = [(pair["cleaned"], pair["language"]) for pair in PAIRS if pair["language"] in known]
    sentences = base_sentences(any_base, 2000) + upstream
    assert len(sentences) > 4000
    for text, language in sentences:
        assert extended.encode_spoken(text, language) == any_base.encode_spoken(text, language)


def test_new_ids_start_at_the_rows_and_holes_stay(any_base: Tokenizer) -> None:
    extended = extend.extend(any_base, AMHARIC, "am")
    new = {index for token, index in extended.vocabulary.items() if token not in any_base.vocabulary}
    assert new == set(range(any_base.rows, extended.rows))
    assert extended.vocabulary["[am]"] == any_base.rows
    assert "am" in extended.languages


def test_every_new_token_is_reached(any_base: Tokenizer) -> None:
    extended = extend.extend(any_base, AMHARIC, "am", 700)
    assert extend.unreachable(any_base, extended) == []
    longer = [token for token in extended.vocabulary.keys() - any_base.vocabulary.keys() if len(token) > 4]
    assert longer  # "[am]" is one; merges make others
    assert "ሰላም" in extended.vocabulary


def test_unreachable_finds_a_token_without_a_merge() -> None:
    document = json.loads(SMALL.to_json())
    document["model"]["vocab"]["zqzq"] = SMALL.rows
    assert extend.unreachable(SMALL, Tokenizer.from_json(json.dumps(document))) == ["zqzq"]


def test_no_amharic_is_unknown() -> None:
    extended = extend.extend(SMALL, AMHARIC[:3], "am")
    rare = "ሟ ቧ ዃ ጯ ፏ ⶀ ꬁ ᎀ ፟ ። ፣ ፤ ፥ ፧"
    assert extended.unknown_id not in extended.encode_spoken(rare, "am")
    assert all(extended.encode(letter, "am") for letter in rare)


def test_the_result_depends_on_the_texts_alone() -> None:
    shuffled = random.Random(1).sample(AMHARIC, len(AMHARIC))
    assert extend.extend(SMALL, AMHARIC, "am").to_json() == extend.extend(SMALL, shuffled, "am").to_json()


def test_running_again_appends() -> None:
    first = extend.extend(SMALL, AMHARIC, "am")
    assert extend.extend(first, AMHARIC, "am").to_json() == first.to_json()
    more = [*AMHARIC, *["ትምህርት ቤት ተማሪዎች ፈተና"] * 40]
    second = extend.extend(first, more, "am")
    assert first.vocabulary.items() < second.vocabulary.items()
    assert second.merges[: len(first.merges)] == first.merges
    assert extend.unreachable(first, second) == []
    for text in more:  # fewer tokens, and the same ones once they are taken apart
        assert second.decode(second.encode_spoken(text, "am")) == first.decode(first.encode_spoken(text, "am"))
        assert len(second.encode_spoken(text, "am")) <= len(first.encode_spoken(text, "am"))


def test_two_languages_one_after_the_other() -> None:
    amharic = extend.extend(SMALL, AMHARIC, "am")
    georgian = extend.extend(amharic, ["გამარჯობა მსოფლიო", "გამარჯობა ხალხო"] * 30, "ka")
    assert {"am", "ka"} <= set(georgian.languages)
    assert "გამარჯობა" in georgian.vocabulary
    for text in AMHARIC[:5]:
        assert georgian.encode_spoken(text, "am") == amharic.encode_spoken(text, "am")
    again = extend.extend(georgian, AMHARIC + ["ተማሪዎች"] * 30, "am")
    assert "ተማሪዎች" in again.vocabulary


def test_a_latin_language_merges_only_around_its_new_letters() -> None:
    texts = ["ɓarawo ƙasa the ɗaki", "ƙofa ɓera thing"] * 30
    hausa = extend.extend(SMALL, texts, "ha")
    added = hausa.merges[len(SMALL.merges) :]
    assert added
    assert all(set("ɓƙɗ") & set(left + right) for left, right in added)
    assert "ƙofa" in hausa.vocabulary


def test_an_official_language_adds_only_what_it_lacks() -> None:
    english = extend.extend(SMALL, ["the thing with the tail"] * 50, "en")
    assert english.vocabulary == SMALL.vocabulary
    assert english.merges == SMALL.merges


def test_the_number_of_new_tokens_is_kept() -> None:
    letters = extend.extend(SMALL, AMHARIC, "am", 0)
    assert letters.merges == SMALL.merges
    assert letters.unknown_id not in letters.encode_spoken(AMHARIC[1], "am")
    wanted = letters.rows - SMALL.rows + 12
    assert extend.extend(SMALL, AMHARIC, "am", wanted).rows == SMALL.rows + wanted


def test_the_criterion() -> None:
    rare = extend.extend(SMALL, ["ሰላም"] * (OCCURRENCES - 1), "am")
    often = extend.extend(SMALL, ["ሰላም"] * OCCURRENCES, "am")
    assert "ሰላም" not in rare.vocabulary
    assert "ሰላም" in often.vocabulary
    draw = random.Random(5)
    letters = [chr(point) for point in range(0x1208, 0x1246)]
    words = ["".join(draw.choices(letters, k=3)) for _ in range(3000)]
    texts = [" ".join(draw.choices(words, k=10)) for _ in range(9000)]
    full = extend.extend(SMALL, texts, "am")
    assert full.rows == SMALL.rows + TOKENS
    assert extend.extend(full, texts, "am").rows == full.rows
    assert extend.extend(full, texts, "am", 10).rows == full.rows + 10


def test_ipa_needs_no_ethiopic_letters() -> None:
    ipa = extend.extend(SMALL, ["səlam ləʔaləm"] * 30, "am", script_letters=False)
    assert "ʔ" in ipa.vocabulary
    assert "ሰ" not in ipa.vocabulary


def test_no_texts_give_the_letters() -> None:
    extended = extend.extend(SMALL, [], "am")
    assert "ሰ" in extended.vocabulary
    assert extended.merges == SMALL.merges


def test_list_merges_stay_lists() -> None:
    document = json.loads(SMALL.to_json())
    document["model"]["merges"] = [merge.split(" ") for merge in document["model"]["merges"]]
    extended = extend.extend(Tokenizer.from_json(json.dumps(document)), AMHARIC, "am")
    assert extended.merges[-1] not in SMALL.merges
    assert extended.vocabulary == extend.extend(SMALL, AMHARIC, "am").vocabulary


def test_report() -> None:
    extended = extend.extend(SMALL, AMHARIC, "am")
    found = extend.report(SMALL, extended, AMHARIC, "am", durations_s=[2.0] * len(AMHARIC), limit_tokens=12)
    assert found.new_tokens == extended.rows - SMALL.rows
    assert found.new_merges == len(extended.merges) - len(SMALL.merges) > 0
    assert found.coverage_before < 0.2
    assert found.unknown_before > 0.5
    assert (found.coverage, found.unknown, found.missing, found.unreachable) == (1.0, 0.0, "", 0)
    assert found.tokens_per_character < found.tokens_per_character_before
    assert 1 <= found.fertility < found.fertility_before
    assert found.over_limit < found.over_limit_before
    counted = sum(len(extended.encode_spoken(text, "am")) - 1 for text in AMHARIC)
    assert found.tokens_per_s == pytest.approx(counted / (2.0 * len(AMHARIC)))


def test_report_names_what_is_missing() -> None:
    found = extend.report(SMALL, SMALL, ["the ሰ"], "en")
    assert found.missing == "ሰ"
    assert found.coverage == pytest.approx(3 / 4)
    assert found.tokens_per_s is None


def test_report_of_nothing() -> None:
    found = extend.report(SMALL, SMALL, [], "en")
    assert (found.texts, found.coverage, found.unknown, found.fertility) == (0, 1.0, 0.0, 0.0)


def test_read_takes_an_extension_and_the_base(tmp_path: Path) -> None:
    extended = extend.extend(SMALL, AMHARIC, "am")
    (tmp_path / "vocab.json").write_text(extended.to_json(), encoding="utf-8")
    assert extend.read(None, SMALL) is SMALL
    assert extend.read(tmp_path / "vocab.json", SMALL).sha256 == extended.sha256
    (tmp_path / "vocab.json").write_text(SMALL.to_json(), encoding="utf-8")
    assert extend.read(tmp_path / "vocab.json", SMALL).sha256 == SMALL.sha256


def swapped(document: dict[str, object]) -> None:
    vocabulary = document["model"]["vocab"]  # type: ignore[index]
    vocabulary["q"], vocabulary["z"] = vocabulary["z"], vocabulary["q"]


def reordered(document: dict[str, object]) -> None:
    merges = document["model"]["merges"]  # type: ignore[index]
    merges[0], merges[1] = merges[1], merges[0]


def prepended(document: dict[str, object]) -> None:
    document["model"]["merges"].insert(0, "x y")  # type: ignore[index]
    document["model"]["vocab"]["xy"] = 10**5  # type: ignore[index]


@pytest.mark.parametrize(("change", "problem"), [(swapped, "another id"), (reordered, "merges"), (prepended, "merges")])
def test_read_refuses_what_does_not_only_append(change: object, problem: str, tmp_path: Path) -> None:
    document = json.loads(extend.extend(SMALL, AMHARIC, "am").to_json())
    change(document)  # type: ignore[operator]
    path = tmp_path / "vocab.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(TextError, match=problem) as raised:
        extend.read(path, SMALL)
    assert str(path) in str(raised.value)


def test_read_refuses_a_token_in_a_hole(tmp_path: Path) -> None:
    holed = with_holes()
    document = json.loads(holed.to_json())
    document["model"]["vocab"]["ሰ"] = holed.rows - 2
    path = tmp_path / "vocab.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(TextError, match="below the base's"):
        extend.read(path, holed)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("ሀለመሰa bc። [", max_size=25), max_size=12), st.sampled_from(["am", "ka", "en"]), st.integers(0, 600)
)
def test_any_texts(texts: list[str], language: str, new_tokens: int) -> None:
    extended = extend.extend(SMALL, texts, language, new_tokens)
    assert SMALL.vocabulary.items() <= extended.vocabulary.items()
    assert extend.unreachable(SMALL, extended) == []
    assert all(extended.unknown_id not in extended.encode_spoken(text.replace("[", ""), language) for text in texts)
    for text, code in base_sentences(SMALL, 5):
        assert extended.encode_spoken(text, code) == SMALL.encode_spoken(text, code)


def test_ten_thousand_lines_take_seconds() -> None:
    draw = random.Random(7)
    letters = [chr(point) for point in range(0x1208, 0x1300)]
    words = ["".join(draw.choices(letters, k=draw.randint(2, 7))) for _ in range(4000)]
    texts = [" ".join(draw.choices(words, k=10)) for _ in range(10_000)]
    started = time.perf_counter()
    extend.extend(SMALL, texts, "am")
    assert time.perf_counter() - started < 20


def test_two_languages_of_one_script_both_learn_merges() -> None:
    amharic = extend.extend(SMALL, AMHARIC, "am")
    tigrinya = extend.extend(amharic, ["ከመይ ኣሎኻ ሓወይ", "ከመይ ኣለኺ"] * 30, "ti")
    assert {"ከመይ", "[ti]"} <= tigrinya.vocabulary.keys()
    assert amharic.vocabulary.items() < tigrinya.vocabulary.items()
    assert extend.unreachable(SMALL, tigrinya) == []
    for text, language in base_sentences(SMALL, 50):
        assert tigrinya.encode_spoken(text, language) == SMALL.encode_spoken(text, language)


def test_what_a_language_has_is_from_its_tag_to_the_next() -> None:
    amharic = extend.extend(SMALL, AMHARIC, "am")
    both = extend.extend(amharic, ["გამარჯობა"] * 30, "ka")
    assert len(extend.tokens_of(both, "am")) == amharic.rows - SMALL.rows
    assert len(extend.tokens_of(both, "ka")) == both.rows - amharic.rows
    assert extend.tokens_of(both, "en") == extend.tokens_of(both, "ti") == set()


def test_nothing_of_the_ethiopic_blocks_is_unknown_once_normalised() -> None:
    """LibreOffice's messages hold U+1316, to which Unicode gives no letter."""
    extended = extend.extend(SMALL, ["ሰላም"], "am")
    blocks = ((0x1200, 0x139F), (0x2D80, 0x2DDF), (0xAB00, 0xAB2F), (0x1E7E0, 0x1E7FF))
    for point in (point for first, last in blocks for point in range(first, last + 1)):
        spoken = normalise(f"ሰ{chr(point)}ላ", "am")
        assert extended.unknown_id not in extended.encode_spoken(spoken, "am"), hex(point)
