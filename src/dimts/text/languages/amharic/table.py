"""The table of abbreviations, read from files: ours, and a user's after it.

A line is `written<TAB>spoken`, its parts joined by a dot or a slash, and in a third column `joined` where it is
also written without any sign (ዓም). What ends with a slash stands before any word (ገ/ማርያም), a single part with a
dot before anything (ቁ.), a single part alone is only a joined form. A later line replaces an earlier one.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from dimts.errors import TextError
from dimts.text.languages.amharic.letters import LETTER

WORD = re.compile(rf"(?:{LETTER}[\u135d-\u135f]?)+")  # with gemination marks
SPOKEN = re.compile(rf"{WORD.pattern}(?:[ -]{WORD.pattern})*")
_LINE = re.compile(rf"{LETTER}+(?:[./]{LETTER}+)*[./]?")


@dataclass
class Table:
    """The lines of one or more files, ready to look up; keys are parts joined by dots."""

    chains: dict[str, str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    before_words: dict[str, str] = field(default_factory=dict)  # ገ/
    before_all: dict[str, str] = field(default_factory=dict)  # ቁ.

    def add(self, written: str, spoken: str, also_joined: bool) -> None:
        key = re.sub("[./]", ".", written.rstrip("./"))
        if written.endswith("/"):
            self.before_words[key] = spoken
        elif written.endswith(".") and "." not in key:
            self.before_all[key] = spoken
        elif "." not in key:
            self.joined[key] = spoken
        else:
            self.chains[key] = spoken
            if also_joined:
                self.joined[key.replace(".", "")] = spoken


def lines_of(path: Path) -> list[tuple[int, str]]:
    """The numbered lines of a table file that hold something. TextError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise TextError(f"{path}: cannot be read ({problem}); a UTF-8 text file is expected") from None
    numbered = enumerate(text.splitlines(), start=1)
    return [(number, line) for number, line in numbered if line.strip() and not line.startswith("#")]


def read(path: Path, table: Table) -> None:
    """Add a file's lines to a table. TextError for a bad line."""
    for number, line in lines_of(path):
        written, spoken, flag = (*(part.strip() for part in line.split("\t")), "", "")[:3]
        if not _LINE.fullmatch(written) or not SPOKEN.fullmatch(spoken) or flag not in ("", "joined"):
            raise TextError(f"{path}, line {number}: expected an abbreviation, a tab, its words in Ethiopic letters")
        table.add(written, spoken, bool(flag))
