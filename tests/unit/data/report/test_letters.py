"""Coverage: in how many clips a character is, which are rare, which syllables are missing."""

from dataclasses import replace
from pathlib import Path

from dimts.data.report.letters import Character, Coverage, coverage
from dimts.text.front import Front
from tests.unit.data.report.clips import clip, dataset


def letters(some: list[Character]) -> str:
    return "".join(each.character for each in some)


def syllable(found: Coverage, letter: str) -> Character | None:
    return next((each for each in found.expected if each.character == letter), None)


def test_a_character_counts_once_a_clip(tmp_path: Path) -> None:
    found = coverage(dataset(tmp_path, clip(0, "ሰሰሰ ላ"), clip(1, "ሰ።", split="eval")))
    assert found.characters == (Character("ሰ", 2, 1), Character("ላ", 1, 1), Character("።", 1, 0))
    assert letters(found.untrained) == "።"


def test_rare_is_fewer_than_ten_clips(tmp_path: Path) -> None:
    clips = [clip(n, "ሰላ" if n < 9 else "ሰ") for n in range(10)]
    assert letters(coverage(dataset(tmp_path, *clips)).rare) == "ላ"


def test_syllables_that_are_missing_are_those_that_the_language_writes(tmp_path: Path) -> None:
    found = coverage(dataset(tmp_path, clip(0, "ሰላም")))
    assert syllable(found, "ላ") == Character("ላ", 1, 1) and syllable(found, "ሉ") == Character("ሉ", 0, 0)
    missing = letters(found.missing)
    assert "ሉ" in missing and "ጰ" in missing and "ኳ" in missing and "ሰ" not in missing
    assert not set("ሐሠዐፀሃ") & set(missing)  # written as another letter
    assert not set("ቐሇቇዏ") & set(missing)  # of other languages
    assert len(found.rows) == 33 and all(len(row.syllables) == 8 for row in found.rows)


def test_letters_of_rows_that_the_language_does_not_write_are_shown_when_they_occur(tmp_path: Path) -> None:
    found = coverage(dataset(tmp_path, clip(0, "ቐሇ")))
    assert syllable(found, "ቐ") and syllable(found, "ቑ") and syllable(found, "ሇ") == Character("ሇ", 1, 1)


def test_tigrinya_keeps_its_own_letters(tmp_path: Path) -> None:
    found = coverage(dataset(tmp_path, clip(0, "ሰላም", language="ti"), language="ti"))
    assert set("ሐዐቐ") <= set(letters(found.missing))


def test_other_scripts_have_no_chart(tmp_path: Path) -> None:
    found = coverage(dataset(tmp_path, clip(0, "hello, it's me", language="en"), language="en"))
    assert found.rows == () and found.missing == []
    assert {each.character for each in found.characters} == set("hello,it'sme")


def test_ipa_is_counted_as_the_network_reads_it_and_syllables_as_written(tmp_path: Path) -> None:
    front = Front("rules")
    whole = dataset(tmp_path, clip(0, "ሓላም", spoken=front.spoken("ሓላም", "am")))
    found = coverage(replace(whole, normaliser=front.identity))
    assert {"l", "m"} <= {each.character for each in found.characters}
    assert syllable(found, "ላ") == Character("ላ", 1, 1) and syllable(found, "ሀ") == Character("ሀ", 1, 1)


def test_names() -> None:
    assert Character("ሰ", 1, 1).name == "U+1230 ETHIOPIC SYLLABLE SA" and Character("\x07", 1, 1).name == "U+0007"
