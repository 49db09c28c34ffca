"""Amharic as a careful speaker reads it: the hand-written table, a user's files, foreign letters."""

from pathlib import Path

import pytest

from dimts.errors import TextError
from dimts.text.language import Language
from dimts.text.languages import am

TABLE = Path(__file__).with_name("amharic_table.tsv")
PAIRS = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("## ")]


def spoken(text: str, language: Language = am.LANGUAGE) -> str:
    for _, step in language.steps:
        text = step(text)
    return text


def test_the_table_is_whole() -> None:
    assert len(PAIRS) >= 300
    assert all(len(pair) == 2 and pair[1] for pair in PAIRS)
    assert len({written for written, _ in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize(("written", "expected"), PAIRS, ids=[written for written, _ in PAIRS])
def test_table(written: str, expected: str) -> None:
    assert spoken(written) == expected


def test_spoken_text_is_left_alone() -> None:
    for _, expected in PAIRS:
        assert spoken(expected) == expected


def test_abbreviations_are_spelled_out_before_folding() -> None:
    names = [name for name, _ in am.LANGUAGE.steps]
    assert names.index("abbreviations") < names.index("fold") == len(names) - 2
    assert spoken("ዓ.ዓ") == "አመተ አለም" and spoken("አ.አ") == "አዲስ አበባ"


def test_every_shipped_abbreviation_is_read() -> None:
    lines = (Path(am.__file__).parent / "amharic" / "abbreviations.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines:
        written, _, rest = line.partition("\t")
        if line and line[0] != "#" and written[-1] not in "./":
            expected = spoken(rest.split("\t")[0])
            assert spoken(written) == spoken(written.replace(".", "/")) == expected, written


@pytest.mark.parametrize("letters", ["ሀሃሐሓኀኃኻ", "አኣዐዓ", "ሁሑኁኹ", "ህሕኅኽ", "ሰሠ", "ሷሧ", "ጸፀ", "ጾፆ", "እዕ", "ኋሗዃ"])
def test_homophones_are_one(letters: str) -> None:
    assert len({spoken(letter) for letter in letters}) == 1


def test_what_is_no_homophone_stays() -> None:
    assert (
        spoken("ኸ ኧ ሏ ሟ ሯ ሷ ሿ ቋ ቧ ቷ ኗ ኟ ኳ ዟ ዷ ጇ ጓ ጧ ጯ ጿ ፏ ቈ ኰ ጐ ⶀ ꬁ")
        == "ኸ ኧ ሏ ሟ ሯ ሷ ሿ ቋ ቧ ቷ ኗ ኟ ኳ ዟ ዷ ጇ ጓ ጧ ጯ ጿ ፏ ቈ ኰ ጐ ⶀ ꬁ"
    )


def test_foreign_letters_are_reported() -> None:
    assert am.foreign("ሰላም привет BBC 5 ሠላም! 中 é") == ["п", "р", "и", "в", "е", "т", "中"]
    assert am.foreign("ዶ/ር አበበ በ1995 ዓ.ም.") == []


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    abbreviations, lexicon = tmp_path / "abbreviations.tsv", tmp_path / "lexicon.tsv"
    abbreviations.write_text("# ours\nቡ/ዳ\tቡና ዳቦ\nዶ/ር\tሐኪም\nክክ\tክብ ክብ\n\nዛ.ዛ.ዛ\tዛፍ\tjoined\n", encoding="utf-8")
    lexicon.write_text("ሺህ\tሺ\nሃምሳ\tአም\u135fሳ\nCOVID-19\tኮሮና\n4G\tፎር ጂ\nNewton\tኒውተን\nዐባይ\tጣና\n", encoding="utf-8")
    return abbreviations, lexicon


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("የቡ/ዳው ዋጋ", "የቡና ዳቦው ዋጋ"),
        ("ዶ/ር አበበ", "ሀኪም አበበ"),
        ("ክክ እና ዛዛዛ", "ክብ ክብ እና ዛፍ"),
        ("1950 ዓ.ም", "አንድ ሺ ዘጠኝ መቶ አምሳ አመተ ምህረት"),
        ("የCOVID-19 እና በ4G", "የኮሮና እና በፎር ጂ"),
        ("newton", "ኒውተን"),
        ("የአባይ ወንዝ", "የጣና ወንዝ"),
    ],
)
def test_a_users_files(files: tuple[Path, Path], written: str, expected: str) -> None:
    mine = am.with_files(*files)
    assert spoken(written, mine) == expected == spoken(expected, mine)


def test_gemination_marks_are_kept_on_request(files: tuple[Path, Path]) -> None:
    marked = am.with_files(lexicon=files[1], keep_marks=True)
    assert spoken("50 ለ\u135fለ", marked) == "አም\u135fሳ ለ\u135fለ"
    assert spoken("50 ለ\u135fለ", am.with_files(lexicon=files[1])) == "አምሳ ለለ"


@pytest.mark.parametrize("content", ["ዶ/ር", "ዶ/ር\tDoctor", "ዶ//ር\tዶክተር", "ዶ/ር\tዶክተር\tmaybe", "5\tአምስት"])
def test_a_bad_abbreviation_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(f"# fine\n{content}\n", encoding="utf-8")
    with pytest.raises(TextError, match=r"bad\.tsv, line 2"):
        am.with_files(abbreviations=path)


@pytest.mark.parametrize("content", ["ሀሁ", "ሀሁ\t", "ሀሁ\tha hu", "ሀሁ\t5"])
def test_a_bad_lexicon_line_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TextError, match=r"bad\.tsv, line 1"):
        am.with_files(lexicon=path)


@pytest.mark.parametrize("content", ["ላሊበላ\tሮሃ\nሮሃ\tላሊበላ", "ላሊበላ\tላሊበላ ላሊበላ"])
def test_a_lexicon_that_goes_in_circles_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "circle.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TextError, match="leads back to itself"):
        am.with_files(lexicon=path)


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="nowhere.tsv: cannot be read"):
        am.with_files(abbreviations=tmp_path / "nowhere.tsv")
    (tmp_path / "latin1.tsv").write_bytes(b"\xe9\xff\tx")
    with pytest.raises(TextError, match="UTF-8"):
        am.with_files(lexicon=tmp_path / "latin1.tsv")
