"""Times of day, said in the hour that is written (8:30 is never shifted by six), and verses, which look like times.

A time is an hour up to 24 and two digits of minutes; ሰዓት after it is not said twice. `3:1` and `8:75` are no times
but ratios, which `arithmetic` reads. After the name of a book of the Bible, 3:16 is chapter and verse.
"""

import re
from collections.abc import Callable

from dimts.text.languages.amharic.grammar import Grammar, listed
from dimts.text.languages.amharic.letters import LETTER

_TIME = r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?(?![0-9]|:[0-9])"
# stems and short forms of the books, as they begin a citation
_BOOKS = listed(
    "ዘፍጥረት ዘፍ ዘጸአት ዘፀአት ዘጸ ዘፀ ዘሌዋውያን ዘሌ ዘኍልቍ ዘኁልቁ ዘኁ ዘዳግም ዘዳ ኢያሱ ኢያ መሳፍንት መሳ ሩት ሳሙኤል ሳሙ ነገሥት ነገ ዕዝራ ነህምያ ነህ "
    "አስቴር ኢዮብ ኢዮ መዝሙር መዝ ምሳሌ ምሳ መክብብ መክ ኢሳይያስ ኢሳ ኤርምያስ ኤር ሕዝቅኤል ሕዝ ዳንኤል ዳን ሆሴዕ ኢዩኤል አሞጽ ዮናስ ሚክያስ ዘካርያስ ዘካ "
    "ሚልክያስ ማቴዎስ ማቴ ማርቆስ ማር ሉቃስ ሉቃ ዮሐንስ ዮሐ ሮሜ ቆሮንቶስ ቆሮ ገላትያ ገላ ኤፌሶን ኤፌ ፊልጵስዩስ ፊልጵ ቆላስይስ ቆላ ተሰሎንቄ ተሰ "
    "ጢሞቴዎስ ጢሞ ቲቶ ዕብራውያን ዕብ ያዕቆብ ያዕ ጴጥሮስ ጴጥ ይሁዳ ራእይ ራዕይ ራእ"
)
_VERSE = re.compile(rf"(?<!{LETTER})((?:{'|'.join(_BOOKS)})\.?) ([0-9]{{1,3}}):([0-9]{{1,3}})(?![0-9:])")


def step(grammar: Grammar) -> Callable[[str], str]:
    """The step that opens up times and verses."""
    prefixes = "|".join(sorted((*grammar.glued, *grammar.apart), key=len, reverse=True))
    prefix = rf"(?:(?<!{LETTER})({prefixes}) ?)?"
    said_once = rf"(?: ?{grammar.hour}(?!{LETTER}))?"
    time = re.compile(rf"{prefix}(?<![0-9:.,]){_TIME}(?: ?- ?{_TIME})?{said_once}")
    dotted = re.compile(rf"(?<!{LETTER})({'|'.join(grammar.dayparts)}) ([0-9]{{1,2}})\.([0-5][0-9])(?![0-9]|\.[0-9])")

    def spoken(found: re.Match[str]) -> str:
        before = found[1] or ""
        start = (int(found[2]), int(found[3]), int(found[4]) if found[4] else None)
        if not found[5]:
            return grammar.clock(before, *start)
        end = (int(found[5]), int(found[6]), int(found[7]) if found[7] else None)
        return grammar.span(before, grammar.clock("", *start), grammar.clock("", *end))

    def times(text: str) -> str:
        if ":" not in text and not dotted.search(text):
            return text
        text = _VERSE.sub(lambda found: f"{found[1]} {grammar.verse.format(found[2], found[3])}", text)
        return time.sub(spoken, dotted.sub(r"\1 \2:\3", text))

    return times
