"""Ethiopic words in IPA by rules, other languages by backends that may be missing."""

import sys
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.errors import MissingExtra, TextError
from dimts.text import base, extend, g2p
from dimts.text.bpe import Tokenizer
from dimts.text.g2p import Backend, romanise, to_ipa
from dimts.text.languages.am import LANGUAGE as AMHARIC_LANGUAGE

AMHARIC = {
    "ሰላም": "səlam",
    "ኢትዮጵያ": "ʔitjopʼja",
    "አገር": "ʔaɡər",
    "ሀገር": "haɡər",
    "ዓመት": "ʔamət",
    "ኧረ": "ʔərə",
    # ɨ at the beginning
    "ልብ": "lɨb",
    "ይመጣል": "jɨmətʼal",
    "እንደምን": "ʔɨndəmɨn",
    "ሥራ": "sɨra",
    "ይ": "jɨ",
    # ɨ inside and at the end
    "ክብር": "kɨbɨr",
    "ምክር": "mɨkɨr",
    "ፍቅር": "fɨkʼɨr",
    "ትምህርት": "tɨmhɨrt",
    "እንግሊዝ": "ʔɨnɡɨliz",
    "መንግሥት": "mənɡɨst",
    "አስተማሪ": "ʔastəmari",
    "ስእል": "sɨʔɨl",
    # two consonants may end a word
    "ወንድ": "wənd",
    "ስልክ": "sɨlk",
    "ልብስ": "lɨbs",
    "ድምፅ": "dɨmt͡sʼ",
    # a prefix of one letter
    "በምሥራቅ": "bəmɨsrakʼ",
    "የምትገኝ": "jəmɨtɡəɲ",
    "ከብት": "kəbt",
    "ለምለም": "ləmləm",
    # labialised letters
    "ቋንቋ": "kʷʼankʷʼa",
    "ጓደኛ": "ɡʷadəɲa",
    "ሙሏል": "mulʷal",
    "ኳስ": "kʷas",
    # consonants
    "ጨው": "t͡ʃʼəw",
    "ችግር": "t͡ʃɨɡɨr",
    "ጃንጥላ": "d͡ʒantʼɨla",
    "ዣንጥላ": "ʒantʼɨla",
    "ጳጳስ": "pʼapʼas",
    "ፋሲል": "fasil",
    "ቪዛ": "viza",
    # gemination as a lexicon may mark it
    "ገ፟ና": "ɡːəna",
}


@pytest.mark.parametrize("word", AMHARIC)
def test_amharic_word(word: str) -> None:
    assert to_ipa(word, "am") == AMHARIC[word]


def test_tigrinya_keeps_its_throat() -> None:
    assert to_ipa("ሓቂ ዓዲ", "ti") == "ħakʼi ʕadi"
    assert to_ipa("ሓቂ ዓዲ", "am") == "hakʼi ʔadi"


def test_punctuation_becomes_ascii_and_spaces_stay() -> None:
    assert to_ipa("ሰላም፣ «ልብ»። ነው? (አዎ)", "am") == "səlam, «lɨb». nəw? (ʔawo)"


def test_romanisation_is_plain_latin() -> None:
    assert romanise("ሰላም ለዓለም። ድምፅ ጨው ኢትዮጵያ") == "selam lealem. dimts chew ityopya"


def test_every_ethiopic_letter_is_pronounced() -> None:
    letters = [chr(point) for first, last in AMHARIC_LANGUAGE.scripts for point in range(first, last + 1)]
    basic = [letter for letter in letters if 0x1200 <= ord(letter) <= 0x135A and letter.isalpha()]
    assert len(basic) > 300
    assert [letter for letter in basic if to_ipa(letter, "am") == letter] == []
    assert all(romanise(letter).isascii() for letter in basic)


@pytest.mark.parametrize(("language", "backend"), [("en", "rules"), ("xx", "epitran")])
def test_a_language_that_a_backend_does_not_know_is_refused(language: str, backend: Backend) -> None:
    with pytest.raises(TextError, match="--mode bpe"):
        to_ipa("text", language, backend)


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(TextError, match="not one of rules, epitran, espeak"):
        to_ipa("text", "am", "magic")  # type: ignore[arg-type]


@pytest.mark.parametrize(("backend", "package"), [("epitran", "epitran"), ("espeak", "espeakng_loader")])
def test_a_missing_package_names_its_extra(backend: Backend, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    g2p._converter.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"dimts\[g2p\]"):
        to_ipa("ሰላም", "am", backend)


@pytest.mark.skipif(not find_spec("espeakng_loader"), reason="needs espeakng-loader")
def test_espeak() -> None:
    assert to_ipa("ሰላም፣ ነው።", "am", "espeak") == "sˈəlam, nˈəw."
    assert to_ipa("hello, world", "en", "espeak").endswith("wˈɜːld")
    with pytest.raises(TextError, match="no such voice"):
        to_ipa("text", "qq", "espeak")


@pytest.mark.skipif(not find_spec("epitran"), reason="needs epitran")
def test_epitran() -> None:
    assert to_ipa("ሰላም።", "am", "epitran") == "səlam."


def test_the_identity_tells_the_backend() -> None:
    assert len({g2p.identity("rules"), g2p.identity("espeak"), g2p.identity("epitran")}) == 3


def test_the_vocabulary_serves_ipa() -> None:
    texts = [to_ipa("ሰላም ለዓለም። ድምፅ", "am")] * 30
    small = Tokenizer.from_json(base.vocabulary())
    extended = extend.extend(small, texts, "am", script_letters=False)
    ids = extended.encode_spoken(texts[0], "am")
    assert extended.unknown_id not in ids
    assert extended.decode(ids) == texts[0]


@settings(max_examples=300, deadline=None)
@given(text=st.text() | st.text("ሰላምእግዚብሔርቋ፟። ", max_size=20), language=st.sampled_from(["am", "ti"]))
def test_never_raises(text: str, language: str) -> None:
    assert isinstance(to_ipa(text, language), str)
