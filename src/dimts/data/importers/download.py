"""Download: one page's sound and subtitles through yt-dlp.

Subtitles that people wrote are preferred to automatic ones, and these only where they are of what is said: YouTube
offers translations as automatic captions too. The surprise: yt-dlp writes its cookies back, so it gets a copy.
"""

import io
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dimts.data.importers.remote import Access
from dimts.errors import DataError, MissingExtra

FORMATS = ("json3", "vtt", "srt", "ass", "ssa")  # of subtitles, best first
TRANSLATED = re.compile(r"[?&]tlang=")  # in the address of what a machine translated
TIMEOUT_S = 30
NEST = 3  # lists in lists: a channel, its tabs, their videos


@dataclass(frozen=True)
class Subtitles:
    """Which subtitles to bring: their language as the page names it, and who made them."""

    tag: str
    manual: bool

    @property
    def kind(self) -> str:
        """As the dataset names it."""
        return "manual" if self.manual else "automatic"


class _Quiet:
    """Takes yt-dlp's own words; its errors come as exceptions."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


def listed(url: str, access: Access) -> tuple[list[dict[str, Any]], bool]:
    """What lies at an address, as yt-dlp describes it, and whether it is a list. DataError when it gives nothing."""
    with _opened(access) as program, _one_line(url):
        top = program.extract_info(url, download=False)
        return list(_flat(top)), top.get("_type") == "playlist"


def _flat(found: Mapping[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    if found.get("_type") == "playlist" and depth < NEST:
        for each in found.get("entries") or ():
            yield from _flat(each, depth + 1) if each else ()
    else:
        yield dict(found)


def bring(entry: Mapping[str, Any], folder: Path, access: Access) -> tuple[dict[str, Any], Subtitles | None]:
    """Bring sound and subtitles of one page into the folder; give its description. DataError in one line."""
    url = entry.get("webpage_url") or entry["url"]
    info = dict(entry)
    if info.get("_type") in ("url", "url_transparent"):
        with _opened(access) as program, _one_line(url):
            info = program.extract_info(url, download=False)
    chosen = subtitles_of(info, access.language)
    wanted = {
        "subtitleslangs": [re.escape(chosen.tag)] if chosen else [],
        "writesubtitles": bool(chosen and chosen.manual),
        "writeautomaticsub": bool(chosen and not chosen.manual),
        "subtitlesformat": "/".join(FORMATS),
        "outtmpl": str(folder).replace("%", "%%") + "/%(id)s.%(ext)s",
    }
    with _opened(access, wanted) as program, _one_line(url):
        return program.process_ie_result(info, download=True), chosen


def subtitles_of(info: Mapping[str, Any], language: str | None) -> Subtitles | None:
    """Choose among a page's subtitles: those of the language that people wrote, else what a machine heard."""
    for name, manual in (("subtitles", True), ("automatic_captions", False)):
        found = info.get(name) or {}
        fitting = [tag for tag in found if _fits(tag, language) and _readable(found[tag])]
        if fitting:
            return Subtitles(min(fitting, key=lambda tag: (tag != language, len(tag), tag)), manual)
    return None


def _fits(tag: str, language: str | None) -> bool:
    return language is None or re.split("[-_]", tag)[0].lower() == language.lower()


def _readable(formats: Any) -> bool:
    """Whether there is a form that the importer reads, of the words themselves."""
    return any(each.get("ext") in FORMATS and not TRANSLATED.search(each.get("url") or "") for each in formats if each)


@contextmanager
def _opened(access: Access, options: Mapping[str, Any] | None = None) -> Iterator[Any]:
    """Give yt-dlp as a library. MissingExtra where it is not installed, DataError for what are no cookies."""
    try:
        from yt_dlp import YoutubeDL
    except ImportError as error:
        raise MissingExtra("yt-dlp", "youtube", "reading pages") from error
    settings = {
        "format": "bestaudio/best",
        "extract_flat": "in_playlist",
        "noplaylist": True,
        "quiet": True,
        "noprogress": True,
        "color": "never",
        "logger": _Quiet(),
        "socket_timeout": TIMEOUT_S,
        "proxy": access.proxy,
        "js_runtimes": {name: {} for name in ("deno", "node") if shutil.which(name)},
        **({"cookiefile": io.StringIO(access.cookie_text)} if access.cookies else {}),
        **(options or {}),
    }
    with YoutubeDL(settings) as program:
        yield program


@contextmanager
def _one_line(url: str) -> Iterator[None]:
    from yt_dlp.utils import YoutubeDLError

    try:
        yield
    except YoutubeDLError as error:
        words = re.sub(r"\s*\(caused by .*|; please report this issue.*|^ERROR:\s*", "", str(error).split("\n")[0])
        raise DataError(f"{url}: {words}") from error
    except OSError as error:
        raise DataError(f"{url}: cannot be kept: {error.strerror or error}; make room, then run again") from error
