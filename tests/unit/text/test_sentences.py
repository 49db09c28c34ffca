"""Long text cut into pieces: where, and that nothing is lost."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.errors import TextError
from dimts.text.sentences import split

# language, limit, the text with a mark where it must be cut (the mark stands for a space, or for nothing)
CASES = [
    # Latin scripts: sentence ends
    ("en", 100, "Short enough."),
    ("en", 15, "Hello world.|How are you?"),
    ("en", 15, "Hello world!|How are you?"),
    ("en", 12, "One. Two.|Three. Four."),
    ("en", 12, "Really?!|No... Yes…|Fine."),
    ("en", 22, "He said “Go home.”|Then he left."),
    ("en", 22, 'He said "Go home."|Then he left.'),
    ("en", 22, "He said 'Go home.'|Then he left."),
    ("en", 22, "(He had left.)|She stayed on."),
    ("es", 20, "¿Cómo está usted?|¡Muy bien, gracias!"),
    # dots that end nothing
    ("en", 30, "Dr. Smith paid $3.50 for it.|He left."),
    ("en", 24, "Mr. and Mrs. Brown sat.|They ate."),
    ("en", 24, "Then Prof. Brown sat up.|They ate."),
    ("en", 24, "The price is 1,250.75.|Too much."),
    ("en", 24, "J. R. R. Tolkien wrote.|He smoked."),
    ("en", 20, "We ate, e.g. apples.|It was good."),
    ("en", 20, "Approx. five of us.|Others too."),
    ("en", 20, "Go to dimts.org now.|Then come back."),
    ("en", 18, "It was the U.S.A.|He went home."),
    ("en", 22, "In the U.S. army.|He went home."),
    ("en", 18, "It was 1999.|We were young."),
    ("en", 26, "The rule is in no. 12 now.|It is good."),
    ("de", 22, "Am 1. Mai 1999.|Dann kam er wieder."),
    ("de", 18, "Fr. Dr. Meier.|Sie kam gestern."),
    ("es", 24, "El Sr. García vive.|La Sra. Paz también."),
    ("ru", 24, "Это г-н Иванов.|Он живёт здесь."),
    ("pl", 20, "Dr. Nowak tu jest.|Pan Kowal też."),
    ("tr", 20, "Dr. Can geldi.|Sonra gitti o da."),
    # normalised texts are small letters throughout
    ("en", 14, "hello world.|how are you?"),
    ("de", 22, "das sind zwölf Euro.|das ist viel."),
    ("en", 20, "doctor no sat down.|he ate. he slept."),
    # other scripts: no space needed
    ("am", 10, "ሰላም ነው።|እንዴት ነህ?|ደህና ነኝ።"),
    ("am", 10, "ሰላም ነው።|ደህና ነኝ።"),
    ("am", 10, "ሰላም ነው፡፡|ደህና ነኝ፡፡"),
    ("am", 12, "እንዴት ነህ፧|ደህና ነኝ።"),
    ("am", 14, "ዋጋው 3.5 ብር ነው።|ርካሽ ነው።"),
    ("am", 22, "በ1995 ዓ.ም. ተወለደ።|አሁን አድጓል።"),
    ("am", 22, "ዶ/ር አበበ መጣ!|ወ/ሮ አልማዝ ሄደች።"),
    ("ti", 12, "ሰላም እዩ።|ከመይ ኣለኻ፧"),
    ("zh", 6, "你好。|世界很大！|是吗？"),
    ("zh", 8, "他说：「好的。」|然后走了。"),
    ("ja", 8, "今日は良い。|明日も晴れ！"),
    ("ja", 9, "「東京へ。」|と彼は言った。"),
    ("ko", 12, "안녕하세요.|반갑습니다."),
    ("hi", 16, "यह परीक्षण है।|अच्छा है।"),
    ("ar", 16, "كيف حالك؟|أنا بخير."),
    ("ur", 16, "یہ کتاب ہے۔|وہ قلم ہے۔"),
    ("hy", 14, "Սա գիրք է։|Դա գրիչ է։"),
    ("el", 14, "Καλημέρα σας.|Τι κάνετε;"),
    ("ka", 16, "გამარჯობა.|როგორ ხარ?"),
    # clauses, when no sentence fits
    ("en", 17, "This is a clause,|and this another"),
    ("en", 12, "One, two,|three, four"),
    ("en", 16, "First the one;|then the other"),
    ("en", 16, "He came late —|as he always did"),
    ("en", 18, "It costs 1,250 and|1,300 birr, all"),
    ("en", 18, "Meet me at 8:30,|not at 9:15 sharp"),
    ("am", 12, "አበበ፣ ከበደ፣|አልማዝ መጡ ሁሉም"),
    ("am", 12, "መጣ፤ አየ፤ ሄደ፤|ተመለሰ ደገመ"),
    ("zh", 6, "苹果、香蕉，|还有橘子"),
    ("ar", 12, "خبز، ماء،|ملح و سكر"),
    # spaces, near the middle when two pieces are enough
    ("en", 30, "One two three four five|six seven eight nine ten"),
    ("en", 5, "ab cd|ef gh"),
    ("am", 8, "አንድ ሁለት|ሦስት አራት"),
    ("am", 6, "አንድ፡|ሁለት፡|ሦስት"),
    # nowhere to cut
    ("en", 4, "abcd|efgh|ij"),
    ("zh", 3, "一二三|四五六|七"),
    ("th", 4, "กขคง|จฉชซ"),
    ("hi", 4, "नमस्|ते"),
    ("en", 40, "One.   Two.\tThree."),
]


UNSPACED = ("zh", "ja", "th")


@pytest.mark.parametrize(("language", "limit", "marked"), CASES)
def test_cut(language: str, limit: int, marked: str) -> None:
    unspaced = language in UNSPACED or marked.startswith(("abcd", "नमस्", "አንድ፡"))
    text = marked.replace("|", "" if unspaced else " ")
    assert split(text, language, limit) == marked.split("|")


def test_a_blank_line_ends_a_sentence() -> None:
    assert split("A title\n\nThen the text", "en", 20) == ["A title", "Then the text"]
    assert split("A line\nthen the next one", "en", 20) == ["A line", "then the next one"]


def test_french_quotes_stay_whole() -> None:
    assert split("« Viens ici. » Il est parti.", "fr", 20) == ["« Viens ici. »", "Il est parti."]


def test_length_may_count_tokens() -> None:
    pieces = split("One two three. Four five six. Seven", "en", 3, length=lambda piece: len(piece.split()))
    assert pieces == ["One two three.", "Four five six.", "Seven"]


def test_one_character_that_is_too_long_is_kept_whole() -> None:
    assert split("ab", "en", 1, length=lambda piece: 3 * len(piece)) == ["a", "b"]


def test_nothing_makes_no_piece() -> None:
    assert split("", "en", 10) == split(" \n\t ", "am", 10) == []


def test_what_is_no_language_is_refused() -> None:
    with pytest.raises(TextError):
        split("text", "", 10)


TEXTS = st.text() | st.text("ab1 .,!?።፧፡፣。，\"'»…\n\u0301\u093f", max_size=80)


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, limit=st.integers(1, 30), language=st.sampled_from(["en", "am", "zh", "ka"]))
def test_nothing_is_lost_and_every_piece_fits(text: str, limit: int, language: str) -> None:
    pieces = split(text, language, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert all(piece == piece.strip() for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_a_text_that_fits_stays_whole(text: str) -> None:
    assert split(text, "am", max(1, len(text))) == ([text.strip()] if text.strip() else [])


@pytest.mark.parametrize("piece", ["ሰላም ነው። ", "a", ".", '" ', "a,", "\n", "፡"])
def test_time_is_linear(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    started = time.perf_counter()
    split(text, "am", 250)
    assert time.perf_counter() - started < 5  # a quadratic scan takes minutes
