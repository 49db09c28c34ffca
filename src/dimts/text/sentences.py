"""Long text to pieces that can be spoken in one go: at sentence ends, else clauses, else spaces, else hard.

Each piece takes as many whole sentences as fit. The marks of every script count in every language; a dot ends no
sentence after an abbreviation, an initial or a one- or two-digit number, nor before a small letter.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise

from dimts.text.language import Language
from dimts.text.languages import find

SPACED_ENDS = ".!?…"  # end a sentence only before a space
ENDS = "።፧፨。！？｡．؟۔।॥։။។༎"  # end it wherever they stand
SPACED_CLAUSES = ",;:—–-"
CLAUSES = "፣፤፥፦，、；：､،؛"
CLOSERS = "\"'”’»›)]}」』）】〉》"
OPENERS = "\"'“‘„«‹([{¿¡「『（【〈《"

PARAGRAPH = r"\n\s*\n"
SPACE = re.compile(r"\s+|፡+")
NO_END = re.compile(r"\d{1,2}\.|\w\.|(?i:prof|vs|fig|vol|bzw|ca|núm|pág|ул)\.")
NUMBERED = re.compile(r"\w{1,3}\.")  # "No. 5", "p. 12", "ቁ. 7"
BEGINNING = re.compile(rf"(?:^|[{re.escape(SPACED_ENDS)}][{re.escape(CLOSERS)}]*\s)[\s{re.escape(OPENERS)}]*(\w)")
INITIALS = re.compile(r"(?:\w\.)+")
Fits = Callable[[int, int], bool]


def split(text: str, language: str, limit: int, length: Callable[[str], int] = len) -> list[str]:
    """Pieces with `length(piece) <= limit`, in order; nothing is lost but white space between them.

    `length` counts characters, or tokens when a tokenizer's count is given. A single character is never cut, even if
    it alone is longer than the limit. TextError for what is no language code.
    """
    assert limit > 0, limit
    found = find(language)
    sentences = _sentence_ends(text, found)
    levels = (_clause_ends(text, found), [match.end() for match in SPACE.finditer(text)])

    def fits(start: int, end: int) -> bool:
        return length(text[start:end].strip()) <= limit

    pieces: list[str] = []
    start = 0
    while start < len(text):
        end = _furthest(sentences, start, fits) or _inside(text, start, sentences, levels, fits)
        pieces.append(text[start:end].strip())
        start = end
    return [piece for piece in pieces if piece]


def each(text: str, language: str) -> list[str]:
    """Give a text sentence by sentence. TextError for what is no language code."""
    cuts = [0, *_sentence_ends(text, find(language))]
    return [piece for start, end in pairwise(cuts) if (piece := text[start:end].strip())]


def ends(text: str, language: str) -> tuple[list[int], list[int]]:
    """Give where sentences end in a text and where clauses do, in characters from its start; the text's end is both.

    TextError for what is no language code.
    """
    found = find(language)
    return _sentence_ends(text, found), [*_clause_ends(text, found), len(text)]


def _inside(text: str, start: int, sentences: Sequence[int], levels: Sequence[Sequence[int]], fits: Fits) -> int:
    """Where to cut a sentence that does not fit: of two pieces that hold it, near the middle; else as late as fits."""
    sentence_end = sentences[bisect_right(sentences, start)]
    for cuts in levels:
        last = _furthest(cuts, start, fits)
        if last is not None and text[start:last].strip():
            near = sentence_end - start <= 2 * (last - start)
            between = cuts[bisect_right(cuts, start) : bisect_right(cuts, last)] if near else ()
            even = [cut for cut in between if fits(cut, sentence_end)]
            return min(even, key=lambda cut: abs(2 * cut - start - sentence_end), default=last)
    return _hard(text, start, _furthest(range(len(text) + 1), start, fits) or start + 1)


def _hard(text: str, start: int, end: int) -> int:
    """Move a cut back in front of a letter, away from its marks."""
    earlier = end
    while earlier > start and earlier < len(text) and unicodedata.category(text[earlier]) in ("Mn", "Mc", "Me", "Cf"):
        earlier -= 1
    return earlier if earlier > start else end


def _furthest(cuts: Sequence[int], start: int, fits: Fits) -> int | None:
    """The last cut after `start` whose piece fits, found by doubling steps: cuts far away are never measured."""
    index = bisect_right(cuts, start)
    if index == len(cuts) or not fits(start, cuts[index]):
        return None
    step = 1
    while index + step < len(cuts) and fits(start, cuts[index + step]):
        index, step = index + step, step * 2
    while step := step // 2:
        if index + step < len(cuts) and fits(start, cuts[index + step]):
            index += step
    return cuts[index]


def _sentence_ends(text: str, language: Language) -> list[int]:
    marks = re.escape("".join(sorted({*ENDS, *SPACED_ENDS, *language.sentence_ends})))
    pattern = rf"([{marks}]+|፡፡)[{re.escape(CLOSERS)}]*(?:\s»)?|{PARAGRAPH}"
    short = {word.lower() for word in language.abbreviations}
    cased = any(match.group(1).isupper() for match in BEGINNING.finditer(text))
    ends = [match.end() for match in re.finditer(pattern, text) if _ends_sentence(text, match, short, cased)]
    return [*ends, len(text)]


def _ends_sentence(text: str, match: re.Match[str], short: set[str], cased: bool) -> bool:
    marks = match.group(1)
    if marks is None or set(marks) - set(SPACED_ENDS):
        return True
    after = text[match.end() : match.end() + 40]
    if not after[:1].isspace():
        return False
    after = after.lstrip().lstrip(OPENERS)
    if cased and after[:1].islower():
        return False
    if marks != ".":
        return True
    word = text[max(0, match.start() - 40) : match.start()].rsplit(None, 1)[-1:]
    token = (word[0] if word else "").lstrip(OPENERS) + "."
    if token.lower() in short or NO_END.fullmatch(token) or (NUMBERED.fullmatch(token) and after[:1].isdigit()):
        return False
    return not (INITIALS.fullmatch(token) and not after[:1].isupper())


def _clause_ends(text: str, language: Language) -> list[int]:
    anywhere = re.escape("".join(sorted({*CLAUSES, *language.clause_ends} - set(SPACED_CLAUSES))))
    pattern = rf"[{anywhere}]|[{re.escape(SPACED_CLAUSES)}](?=\s)|\n"
    return [match.end() for match in re.finditer(pattern, text)]
