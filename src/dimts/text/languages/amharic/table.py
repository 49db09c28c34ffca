"""The table of abbreviations, read from files: ours, and a user's after it.

A line is `written<TAB>spoken`, its parts joined by a dot or a slash, and in a third column `joined` where it is also
written without any sign (ዓም). What ends with a slash stands before any word (ገ/ማርያም), a single part with a dot before
anything (ቁ.), a single part alone is only a joined form. A later line replaces an earlier one.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from dimts.errors import TextError
from dimts.text.languages.amharic.letters import LETTER

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


def read(path: Path, table: Table | None = None) -> Table:
    """Add a file's lines to a table; empty lines and lines with # are skipped. TextError for a bad line."""
    table = Table() if table is None else table
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        written, _, rest = line.partition("\t")
        spoken, _, flag = rest.partition("\t")
        if not spoken.strip() or not _LINE.fullmatch(written.strip()) or flag.strip() not in ("", "joined"):
            raise TextError(
                f"{path}, line {number}: not an abbreviation; write it as ዶ/ር<TAB>ዶክተር or ዓ.ም<TAB>ዓመተ ምሕረት<TAB>joined"
            )
        table.add(written.strip(), spoken.strip(), bool(flag.strip()))
    return table
