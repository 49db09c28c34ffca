"""Times of day, said in the hour that is written (8:30 is never shifted by six), and verses, which look like times.

A time is an hour up to 24 and two digits of minutes; ሰዓት after it is not said twice. `3:1` and `8:75` are no times
but ratios, which `arithmetic` reads. After the name of a book of the Bible, 3:16 is chapter and verse.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar, listed
from dimts.text.languages.amharic.letters import LETTER
from dimts.text.languages.amharic.money import either

_TIME = r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?(?![0-9]|:[0-9])"
# stems and short forms of the books, as they begin a citation
_BOOKS = listed(
    "ዘፍጥረት ዘፍ ዘጸአት ዘፀአት ዘጸ ዘፀ ዘሌዋውያን ዘሌ ዘኍልቍ ዘኁልቁ ዘኁ ዘዳግም ዘዳ ኢያሱ ኢያ መሳፍንት መሳ ሩት ሳሙኤል ሳሙ ነገሥት ነገ ዕዝራ ነህምያ ነህ "
    "አስቴር ኢዮብ ኢዮ መዝሙር መዝ ምሳሌ ምሳ መክብብ መክ ኢሳይያስ ኢሳ ኤርምያስ ኤር ሕዝቅኤል ሕዝ ዳንኤል ዳን ሆሴዕ ኢዩኤል አሞጽ ዮናስ ሚክያስ ዘካርያስ ዘካ "
    "ሚልክያስ ማቴዎስ ማቴ ማርቆስ ማር ሉቃስ ሉቃ ዮሐንስ ዮሐ ሮሜ ቆሮንቶስ ቆሮ ገላትያ ገላ ኤፌሶን ኤፌ ፊልጵስዩስ ፊልጵ ቆላስይስ ቆላ ተሰሎንቄ ተሰ "
    "ጢሞቴዎስ ጢሞ ቲቶ ዕብራውያን ዕብ ያዕቆብ ያዕ ጴጥሮስ ጴጥ ይሁዳ ራእይ ራዕይ ራእ"
)
_VERSE = re.compile(rf"(?<!{LETTER})((?:{either(_BOOKS)}))\.? ([0-9]{{1,3}})[:፥] ?([0-9]{{1,3}})(?![0-9:])")


def _parts(found: re.Match[str], at: int) -> tuple[int, int, int | None] | None:
    """Hour, minute and second from three groups; None where no time was written."""
    hour, minute, second = found.group(at, at + 1, at + 2)
    return (int(hour), int(minute), int(second) if second else None) if hour else None


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that opens up times and verses."""
    prefixes = either((*grammar.glued, *grammar.apart))
    before_hour = either(set(grammar.glued) - {grammar.source})  # ከሰዓት is a word of its own, the afternoon
    prefix = rf"(?:(?<!{LETTER})((?:{before_hour})?){grammar.hour}[፦:]? |(?<!{LETTER})({prefixes}) ?)?"
    time = re.compile(
        rf"{prefix}(?<![0-9:.,]){_TIME}(?: ?- ?{_TIME})?(?: ?{grammar.hour}(?!{LETTER}))?"  # ሰዓት is said once
    )
    colon = re.compile(rf"(?<=[0-9])፥(?=[0-5][0-9] ?{grammar.hour}(?!{LETTER}))")
    dotted = re.compile(rf"(?<!{LETTER})({either(grammar.dayparts)}) ([0-9]{{1,2}})\.([0-5][0-9])(?![0-9]|\.[0-9])")

    def spoken(found: re.Match[str]) -> str:
        before = (found[1] or found[2] or "").strip()
        start, end = _parts(found, 3), _parts(found, 6)
        if end is None or start is None:
            return grammar.clock(before, *start) if start else found[0]
        return grammar.span(before, grammar.clock("", *start), grammar.clock("", *end))

    def times(text: str) -> str:
        if "." in text:
            text = dotted.sub(r"\1 \2:\3", text)
        if "፥" in text:
            text = colon.sub(":", text)
        if ":" in text or "፥" in text:
            text = _VERSE.sub(lambda found: f"{found[1]} {grammar.verse.format(found[2], found[3])}", text)
            text = time.sub(spoken, text)
        return text

    return times
