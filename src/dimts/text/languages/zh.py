"""Chinese: numbers, then pinyin with tone numbers (the fifth is the neutral one). Needs pypinyin, extra `cjk`."""

from dimts.errors import MissingExtra
from dimts.text.language import Language
from dimts.text.languages import chinese_numbers
from dimts.text.languages.official import Tables, lower, words
from dimts.text.languages.parts import in_parts


def pinyin(text: str) -> str:
    """Pinyin for every run of characters that has it; the rest stays. MissingExtra without pypinyin."""
    try:
        from pypinyin import Style, pinyin
    except ImportError as error:
        raise MissingExtra("pypinyin", "cjk", "reading Chinese") from error
    found = pinyin(text, style=Style.TONE3, heteronym=False, neutral_tone_with_five=True)
    return "".join(readings[0] for readings in found)


LANGUAGE = Language(
    code="zh",
    name="Chinese",
    steps=(
        ("quotes and case", lower),
        ("numbers", in_parts(chinese_numbers.read)),
        *words(Tables(signs="和|在|百分之|号|美元|英镑|度")),
        ("pinyin", in_parts(pinyin)),
    ),
    scripts=((0x2E80, 0x2FDF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3134F)),
    sentence_ends="。！？｡．.!?…",
    clause_ends="，、；：,;:",
    character_limit=82,
)
