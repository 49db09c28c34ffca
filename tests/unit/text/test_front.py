"""One way of reading text: what it gives, what it is called, and how it travels with a folder."""

import sys
from pathlib import Path

import pytest

from dimts.errors import MissingExtra, TextError
from dimts.text import base, extend, g2p
from dimts.text.bpe import Tokenizer
from dimts.text.front import STORED, Choice, Front
from dimts.text.languages import OFFICIAL, find
from dimts.text.normalise import IDENTITY, normalise

SMALL = Tokenizer.from_json(base.vocabulary())


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "words.tsv"
    path.write_text("ገና\tገ፟ና\nCOVID-19\tኮቪድ\n", encoding="utf-8")
    return path


@pytest.fixture
def abbreviations(tmp_path: Path) -> Path:
    path = tmp_path / "short.tsv"
    path.write_text("ጠ/ሸ\tጠቅላላ ሸንጎ\n", encoding="utf-8")
    return path


def test_plain_is_the_normaliser() -> None:
    assert Front().identity == IDENTITY
    for text, language in (("በ1995 ዓ.ም. ፪ ሰው", "am"), ("Mr. 5", "en"), ("25 kr", "sv")):
        assert Front().spoken(text, language) == normalise(text, language)


def test_g2p_is_the_normaliser_and_then_ipa() -> None:
    front = Front("rules")
    assert front.spoken("ፕ/ር 3 ሰው።", "am") == g2p.to_ipa(normalise("ፕ/ር 3 ሰው።", "am"), "am")
    assert front.normalised("ፕ/ር 3 ሰው።", "am") == normalise("ፕ/ር 3 ሰው።", "am")
    assert (front.mode, Front().mode) == ("g2p", "bpe")


def test_a_users_words_are_read_as_the_user_says(lexicon: Path, abbreviations: Path) -> None:
    front = Front(lexicon=lexicon, abbreviations=abbreviations)
    assert front.spoken("ገና COVID-19 ጠ/ሸ", "am") == "ገና ኮቪድ ጠቅላላ ሸንጎ"
    assert front.spoken("ገና COVID-19", "ti") == "ገና ኮቪድ"


def test_gemination_marks_reach_ipa_and_nothing_else(lexicon: Path) -> None:
    assert Front("rules", lexicon).spoken("ገና", "am") == "ɡːəna"
    assert Front("rules").spoken("ገ፟ና", "am") == "ɡːəna"
    assert Front(None, lexicon).spoken("ገና ገ፟ና", "am") == "ገና ገና"


def test_a_language_that_takes_no_words_says_so(lexicon: Path) -> None:
    with pytest.raises(TextError, match="language en takes no files of words"):
        Front(lexicon=lexicon).require("en")
    with pytest.raises(TextError, match="language ka takes no files of words"):
        Front(lexicon=lexicon).require("ka")


def test_require_raises_what_reading_would(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TextError, match="not a language code"):
        Front().require("klingon")
    with pytest.raises(TextError, match="--mode bpe"):
        Front("rules").require("en")
    monkeypatch.setitem(sys.modules, "pypinyin", None)
    with pytest.raises(MissingExtra, match=r"dimts\[cjk\]"):
        Front().require("zh")


def test_the_identity_names_everything(lexicon: Path, abbreviations: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("ገና\tጌና\n", encoding="utf-8")
    fronts = [
        Front(),
        Front("rules"),
        Front("espeak"),
        Front(lexicon=lexicon),
        Front("rules", lexicon),
        Front(lexicon=other),
        Front(abbreviations=abbreviations),
    ]
    assert len({front.identity for front in fronts}) == len(fronts)
    copy = tmp_path / "copy.tsv"
    copy.write_bytes(lexicon.read_bytes())
    assert Front(lexicon=copy).identity == Front(lexicon=lexicon).identity


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tsv", tmp_path):
        with pytest.raises(TextError, match="cannot be read") as raised:
            _ = Front(lexicon=path).identity
        assert len(raised.value.problems) == 1


def test_a_front_travels_with_a_folder(lexicon: Path, abbreviations: Path, tmp_path: Path) -> None:
    front = Front("rules", lexicon, abbreviations)
    folder = tmp_path / "there"
    folder.mkdir()
    assert front.store(folder).identity == front.identity
    assert all(STORED.fullmatch(path.name) for path in folder.iterdir())
    lexicon.unlink()
    again = Front.like(front.identity, folder)
    assert again.identity == front.identity
    assert again.spoken("ገና ጠ/ሸ", "am") == "ɡːəna tʼəkʼlala ʃənɡo"


@pytest.mark.parametrize("backend", [None, "rules", "epitran", "espeak"])
def test_like_gives_the_mode_and_backend(backend: g2p.Backend | None, tmp_path: Path) -> None:
    assert Front.like(Front(backend).identity, tmp_path) == Front(backend)


def test_like_gives_todays_version_of_an_old_identity(tmp_path: Path) -> None:
    assert Front.like("dimts-0", tmp_path) == Front()
    assert Front.like("dimts-0+ipa-rules-0", tmp_path) == Front("rules")
    assert Front.like("dimts-0+ipa-magic-7+what", tmp_path).identity != "dimts-0+ipa-magic-7+what"


def test_a_lost_or_changed_file_is_noticed(lexicon: Path, tmp_path: Path) -> None:
    identity = Front(lexicon=lexicon).store(tmp_path).identity
    stored = next(path for path in tmp_path.iterdir() if STORED.fullmatch(path.name))
    stored.write_text("ገና\tጌና\n", encoding="utf-8")
    assert Front.like(identity, tmp_path).identity != identity
    stored.unlink()
    with pytest.raises(TextError, match="is missing"):
        Front.like(identity, tmp_path)


def test_sweeping_leaves_what_is_read(lexicon: Path, abbreviations: Path, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "lexicon.tsv").write_text("mine", encoding="utf-8")
    Front(abbreviations=abbreviations).store(folder)
    kept = Front(lexicon=lexicon).store(folder)
    kept.sweep(folder)
    assert kept.lexicon
    assert {path.name for path in folder.iterdir()} == {"lexicon.tsv", kept.lexicon.name}


def test_steps_end_in_what_is_spoken(lexicon: Path) -> None:
    for front in (Front(), Front("rules"), Front("rules", lexicon)):
        assert front.steps("ገና 5 ብር።", "am")[-1][1] == front.spoken("ገና 5 ብር።", "am")
    assert Front("rules").steps("ሰላም", "am")[-1] == ("ipa by rules", "səlam")


def test_letters_of_other_scripts_are_named() -> None:
    front = Front()

    def unread(text: str, language: str) -> list[str]:
        return front.unread(front.normalised(text, language), language)

    assert unread("ሰላም я ж я 中 hello 5 ፟።", "am") == ["я", "ж", "中"]
    assert unread("ሰላም hello 5", "ti") == []
    for language in ("en", "zh", "ka"):  # what comes out is not in the script that goes in, or nothing is declared
        assert unread("я 5", language) == []


def test_the_inventory_leaves_no_ipa_unknown() -> None:
    front = Front("rules")
    extended = extend.extend(SMALL, [front.inventory("am")], "am", script_letters=False)
    assert "ሰ" not in extended.vocabulary
    scripts = find("am").scripts
    letters = [chr(point) for first, last in scripts for point in range(first, last + 1)]
    letters = [letter for letter in letters if letter.isalpha() and front.spoken(letter, "am") != letter]
    assert len(letters) > 300
    for letter in [*letters, "ገ፟ና"]:
        assert extended.unknown_id not in extended.encode_spoken(front.spoken(letter, "am"), "am")
    assert Front().inventory("am") == ""
    assert all(Front("espeak").inventory(language) == "" for language in OFFICIAL)


def test_a_choice_falls_back_on_what_is_there(lexicon: Path, abbreviations: Path) -> None:
    own = Front("espeak", lexicon)
    assert Choice().of(own) == own
    assert Choice(abbreviations=abbreviations).of(own) == Front("espeak", lexicon, abbreviations)
    assert Choice("g2p").of(own) == own
    assert Choice().of() == Front()
    assert Choice("g2p").of() == Front("rules")
    assert Choice("g2p", "epitran").of() == Front("epitran")


@pytest.mark.parametrize(
    ("choice", "own", "problem"),
    [
        (Choice("bpe"), Front("rules"), "here: was read with --mode g2p, not bpe"),
        (Choice("g2p"), Front(), "here: was read with --mode bpe, not g2p"),
        (Choice("g2p", "espeak"), Front("rules"), "here: was read with --backend rules, not espeak"),
        (Choice(backend="espeak"), Front(), "mode bpe pronounces nothing"),
        (Choice(backend="espeak"), None, "mode bpe pronounces nothing"),
    ],
)
def test_a_choice_that_does_not_agree_is_refused(choice: Choice, own: Front | None, problem: str) -> None:
    with pytest.raises(TextError, match=problem):
        choice.of(own, "here")
