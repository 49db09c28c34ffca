"""Remote: what lies on pages or on the Hugging Face hub is brought to this disk, and read there by other importers.

What was brought is kept and not brought again; an interrupted transfer goes on where it stopped.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dimts.data import importers
from dimts.data.importers import texts
from dimts.errors import DataError

ADDRESS = re.compile(r"https?://\S+$")
HUB = "hf:"
BATCH_SUFFIXES = (".txt", ".list", ".urls")
COMMENT = "#"
COOKIE_HEAD = re.compile(r"#( Netscape)? HTTP Cookie File")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Access:
    """How to reach what is not on this disk, and the folder to keep it in."""

    downloads: Path
    language: str | None = None  # of the subtitles to bring
    cookies: Path | None = None  # a browser's, in Netscape's format
    proxy: str | None = None
    say: Say = lambda line: None  # told what is brought

    @property
    def cookie_text(self) -> str:
        """The cookies. DataError when they cannot be read or are none."""
        text = texts.read(self.cookies) if self.cookies else ""
        if text and not COOKIE_HEAD.match(text):
            raise DataError(f"{self.cookies}: holds no cookies in Netscape's format; export them again")
        return text


def fetch(sources: Sequence[str], access: Access) -> list[Path]:
    """Bring what is remote to this disk; give the sources as `read` takes them, each once.

    DataError or MissingExtra in one line when nothing of a source can be had. Of many pages, those that fail are
    found as turned away.
    """
    from dimts.data.importers import hugging_face, pages

    each_once = list(dict.fromkeys(each for batch in sources for each in _addresses(batch)))
    for source in each_once:
        if not source.startswith(HUB) and not ADDRESS.match(source):
            importers.require(source)  # before long transfers
    local: list[Path] = []
    for source in each_once:
        if ADDRESS.match(source):
            local.append(pages.bring(source, access))
        elif hugging_face.accepts(source):
            local.append(hugging_face.bring(source, access))
        else:
            local.append(Path(source))
    return local


def folder_of(name: str, access: Access, key: str = "") -> Path:
    """The folder to keep a remote source in, by its name; made where it is not. DataError when it cannot be."""
    words = re.sub(r"[^\w.-]+", "-", re.sub(r"^https?://", "", name), flags=re.ASCII).strip("-.")[:60]
    folder = access.downloads / f"{words}-{hashlib.sha256((key or name).encode()).hexdigest()[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made: {error.strerror}; choose another folder for downloads") from error
    return folder


def _addresses(source: str) -> Iterator[str]:
    """Open a batch: a text file of which every line is an address; `#` begins a comment."""
    path = Path(source)
    if path.suffix.lower() not in BATCH_SUFFIXES or not path.is_file():
        yield source
        return
    lines = [line.strip() for line in texts.read(path).split("\n")]
    lines = [line for line in lines if line and not line.startswith(COMMENT)]
    yield from lines if lines and all(map(ADDRESS.match, lines)) else [source]
