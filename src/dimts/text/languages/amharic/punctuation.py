"""Punctuation and spaces: what is kept, how it is spaced, and what is dropped.

Kept as they stand: ። ፣ ፤ ፥ ፦ ፧ ፨ ! ? , . ; : - ' " … (none is mapped to another: the Latin marks that the base
knows stay Latin, a dot at the end of a sentence stays a dot). A run of marks becomes one: ... is …, a question or
an exclamation outweighs the rest (?! stays), a dot gives way to any other mark. A hyphen between letters stays, a
dash between words is " - ", at an edge or beside a mark it goes. Marks before the first word go. No space stands
before a mark, one stands after it; quotation marks and apostrophes are left where they are, doubled ones as one.
"""

import re

KEPT = "።፣፤፥፦፧፨!?,.;:-'\"…"
_MARKS = "።፣፤፥፦፧፨!?,.;:…"
_ENDERS = "።፧፨…"
_RUN = re.compile(rf"[{_MARKS}](?:[ /-]*[{_MARKS}])+")
_JOIN = re.compile(r" ?[/-][ /-]*")
_BEFORE = re.compile(rf" +(?=[{_MARKS}])")
_AFTER = re.compile(rf"(?<=[{_MARKS}])(?=[^\W\d_])")
_QUOTES = re.compile(r"''+|\"\"+")
_LEADING = re.compile(rf"^[{_MARKS} ]+")
_SPACES = re.compile(r" {2,}")
_UNTIDY = re.compile(rf"[/-]|  |[{_MARKS} ] ?[{_MARKS}]|''|\"\"|^[{_MARKS}]")


def _one(run: re.Match[str]) -> str:
    """The mark that stands for a run of marks."""
    marks = re.sub("[ /-]", "", run[0])
    asked = [mark for mark in dict.fromkeys(marks) if mark in "!?"]
    if asked:
        return "".join(asked)
    strong = marks.strip(".…")
    ender = [mark for mark in strong if mark in _ENDERS]
    return ender[0] if ender else strong[0] if strong else "…"


def _joined(found: re.Match[str]) -> str:
    """What a run of hyphens, slashes and spaces becomes between its neighbours."""
    text, start, end = found.string, found.start(), found.end()
    if start == 0 or end == len(text) or text[end] in _MARKS:
        return ""
    if text[start - 1] in _MARKS:
        return " "
    run = found[0].strip()
    if not run.strip("/ "):
        return "/ " if found[0].endswith(" ") else "/"
    return "-" if found[0] == "-" else " - "


def marks(text: str) -> str:
    """Every run of marks becomes one; hyphens, dashes and slashes take their plain form."""
    text = text.strip()
    if _UNTIDY.search(text) is None:
        return text
    text = _QUOTES.sub('"', _SPACES.sub(" ", text))
    text = _JOIN.sub(_joined, _RUN.sub(_one, text))
    return _LEADING.sub("", _BEFORE.sub("", text)).strip()


def spaces(text: str) -> str:
    """One space between words, none before a mark, one after it."""
    text = _BEFORE.sub("", _SPACES.sub(" ", text)).strip()
    return _AFTER.sub(" ", text)
