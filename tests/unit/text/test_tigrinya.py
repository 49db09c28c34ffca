"""Tigrinya: its own words on the shared patterns, and its spelling unfolded."""

from pathlib import Path

import pytest

from dimts.text.languages import ti

PAIRS = [
    # numbers: every part of a compound takes -ን, the teens do not
    ("0", "ዜሮ"),
    ("7", "ሸውዓተ"),
    ("10", "ዓሰርተ"),
    ("15", "ዓሰርተ ሓሙሽተ"),
    ("20", "ዕስራ"),
    ("25", "ዕስራን ሓሙሽተን"),
    ("100", "ሓደ ሚእቲ"),
    ("110", "ሓደ ሚእትን ዓሰርተን"),
    ("127", "ሓደ ሚእትን ዕስራን ሸውዓተን"),
    ("1000", "ሓደ ሽሕ"),
    ("1015", "ሓደ ሽሕን ዓሰርተ ሓሙሽተን"),
    ("15000", "ዓሰርተ ሓሙሽተ ሽሕ"),
    ("200,000", "ክልተ ሚእቲ ሽሕ"),
    ("1234567", "ሓደ ሚልዮንን ክልተ ሚእትን ሰላሳን ኣርባዕተን ሽሕን ሓሙሽተ ሚእትን ሱሳን ሸውዓተን"),
    ("5.05", "ሓሙሽተ ነጥቢ ዜሮ ሓሙሽተ"),
    ("-5", "ኣሉታ ሓሙሽተ"),
    ("40%", "ኣርብዓ ሚእታዊት"),
    ("፲፰፻፹፯", "ሓደ ሽሕን ሸሞንተ ሚእትን ሰማንያን ሸውዓተን"),
    ("0911234567", "ዜሮ ትሽዓተ ሓደ ሓደ ክልተ ሰለስተ ኣርባዕተ ሓሙሽተ ሽዱሽተ ሸውዓተ"),
    # ordinals, prefixes, endings
    ("1ይ", "ቀዳማይ"),
    ("2ይ ክፍሊ", "ካልኣይ ክፍሊ"),
    ("3ይቲ", "ሳልሰይቲ"),
    ("10ይ", "ዓስራይ"),
    ("25ይ", "መበል ዕስራን ሓሙሽተን"),
    ("ብ5", "ብሓሙሽተ"),
    ("ን 10", "ንዓሰርተ"),
    ("ካብ5", "ካብ ሓሙሽተ"),
    ("1960ታት", "ሓደ ሽሕን ትሽዓተ ሚእትን ሱሳታት"),
    ("5ን 6ን", "ሓሙሽተን ሽዱሽተን"),
    ("5ሰባት", "ሓሙሽተ ሰባት"),
    # ranges, scores, fractions, dates, times
    ("5-10", "ካብ ሓሙሽተ ክሳብ ዓሰርተ"),
    ("ካብ 5-10", "ካብ ሓሙሽተ ክሳብ ዓሰርተ"),
    ("3-1", "ሰለስተ ብሓደ"),
    ("2½", "ክልተን ፈረቓን"),
    ("2/3", "ክልተ ካብ ሰለስተ"),
    ("ሰዓት 3:45", "ሰዓት ሰለስተን ኣርብዓን ሓሙሽተን ደቒቕን"),
    ("ኣብ ሰዓት 8:30", "ኣብ ሰዓት ሸሞንተን ፈረቓን"),
    ("ሰነ 30/2014", "ሰነ ሰላሳ ዓመተ ክልተ ሽሕን ዓሰርተ ኣርባዕተን"),
    ("2015 ዓ.ም", "ክልተ ሽሕን ዓሰርተ ሓሙሽተን ዓመተ ምሕረት"),
    # money, units, abbreviations, Latin
    ("$2.5 ሚልዮን", "ክልተ ነጥቢ ሓሙሽተ ሚልዮን ዶላር"),
    ("500 ናቕፋ", "ሓሙሽተ ሚእቲ ናቕፋ"),
    ("Nfk 20", "ዕስራ ናቕፋ"),
    ("5 ኪ.ሜ", "ሓሙሽተ ኪሎ ሜተር"),
    ("10 km", "ዓሰርተ ኪሎ ሜተር"),
    ("ዶ/ር ገ/ማርያም", "ዶክተር ገብረ ማርያም"),
    ("ቤ/ት", "ቤት ትምህርቲ"),
    ("ሕ.ሃ", "ሕቡራት ሃገራት"),
    ("ህ.ግ.ደ.ፍ", "ህግደፍ"),
    ("BBC", "ቢቢሲ"),
    ("NGO", "ኤንጂኦ"),
    ("iPhone", "ኣይፎን"),
    # nothing is folded
    ("ሓደ ዓለም ፀሓይ ጸሓይ ሠላም ኃይሊ ዐይኒ ኣነ", "ሓደ ዓለም ፀሓይ ጸሓይ ሠላም ኃይሊ ዐይኒ ኣነ"),
    ("ቐዳም ቕ ኸመይ ዀነ", "ቐዳም ቕ ኸመይ ዀነ"),
    ("ሰላም፡ዓለም፡፡", "ሰላም ዓለም።"),
]


def spoken(text: str) -> str:
    for _, step in ti.LANGUAGE.steps:
        text = step(text)
    return text


@pytest.mark.parametrize(("written", "expected"), PAIRS, ids=[written for written, _ in PAIRS])
def test_spoken(written: str, expected: str) -> None:
    assert spoken(written) == expected == spoken(expected)


def test_no_letter_is_folded() -> None:
    assert "fold" not in dict(ti.LANGUAGE.steps)


def test_foreign_letters_are_reported() -> None:
    assert ti.foreign("ሰላም мир") == ["м", "и", "р"]


def test_a_users_files(tmp_path: Path) -> None:
    lexicon = tmp_path / "lexicon.tsv"
    lexicon.write_text("ዓለም\tዓዓለም\n", encoding="utf-8")
    mine = ti.with_files(lexicon=lexicon)
    assert dict(mine.steps)["lexicon"]("ዓለም አለም") == "ዓዓለም አለም"
