"""Pages: videos and recordings on the web, with their subtitles, kept in a folder of their own with a list of them.

`pages.jsonl` names for each page its recording, its subtitles and who made these, or why there is nothing. What is
there is not asked for again; what failed is.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dimts import files
from dimts.data.importers import Found, Utterance, download, subtitles, texts
from dimts.data.importers.places import printable, turned_away
from dimts.data.importers.remote import Access, folder_of
from dimts.errors import DataError

LIST = "pages.jsonl"


@dataclass(frozen=True)
class Page:
    """One page as it was brought; files are named within the folder."""

    url: str
    id: str = ""  # a page may hold several recordings
    media: str = ""
    subtitles: str = ""
    kind: str = ""  # of the subtitles: manual or automatic
    asked: str | None = None  # the language that subtitles were asked for in
    licence: str = ""
    channel: str = ""
    error: str = ""  # why there is nothing
    listed: bool = False  # one of a list that may grow


def accepts(source: Path) -> bool:
    """Whether this is the list of pages that were brought."""
    return source.name == LIST


def bring(url: str, access: Access) -> Path:
    """Bring what lies at an address; give the list of it. DataError when nothing does, or it cannot be reached."""
    folder = folder_of(url, access)
    known = {(page.url, page.id): page for page in _read(folder / LIST)} if (folder / LIST).is_file() else {}
    if known and all(_is_here(page, folder, access) and not page.listed for page in known.values()):
        return folder / LIST
    entries, is_list = _entries(url, access, known)
    for entry in entries:
        asked = Page(entry.get("webpage_url") or entry["url"], entry.get("id") or "", listed=is_list)
        page = known.get((asked.url, asked.id))
        if page is None or not _is_here(page, folder, access):
            known[asked.url, asked.id] = _brought(asked, entry, folder, access)
            lines = (json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in known.values())
            files.write_text(folder / LIST, "".join(lines))
    if not known:
        raise DataError(f"{url}: holds no video and no recording; give the address of a page that does")
    return folder / LIST


def _entries(url: str, access: Access, known: dict[tuple[str, str], Page]) -> tuple[list[dict[str, Any]], bool]:
    """What lies at the address today; what is known of it where it cannot be reached."""
    try:
        return download.listed(url, access)
    except DataError as error:
        if not any(page.media for page in known.values()):
            raise
        access.say(f"{error}; going on with what was brought before")
        return [], True


def _brought(page: Page, entry: dict[str, Any], folder: Path, access: Access) -> Page:
    """Bring one page, or say why it cannot be."""
    access.say(f"bringing {page.url}")
    page = replace(page, asked=access.language)
    try:
        info, chosen = download.bring(entry, folder, access)
    except DataError as error:
        access.say(str(error))
        return replace(page, error=str(error))
    media = Path(info["requested_downloads"][0]["filepath"]).name
    words = Path(info["requested_subtitles"][chosen.tag]["filepath"]).name if chosen else ""
    access.say(f"  {media} with {f'{chosen.kind} subtitles ({chosen.tag})' if chosen else 'no subtitles'}")
    licence, channel = (str(info.get(name) or "") for name in ("license", "channel"))
    kind = chosen.kind if chosen else ""
    return replace(page, media=media, subtitles=words, kind=kind, licence=licence, channel=channel)


def _is_here(page: Page, folder: Path, access: Access) -> bool:
    wanted = [name for name in (page.media, page.subtitles) if name]
    return bool(page.media) and page.asked == access.language and all((folder / name).is_file() for name in wanted)


def _read(path: Path) -> list[Page]:
    """The list of a folder. DataError when it is none."""
    try:
        return [Page(**json.loads(line)) for line in texts.read(path).split("\n") if line]
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: is no list of pages ({error}); delete it and give the address again") from error


def read(source: Path, language: str | None = None) -> Iterator[Found]:
    """Find what the pages hold: each cue of their subtitles, or a whole recording; a page that failed once."""
    for line, page in enumerate(_read(source), start=1):
        try:
            yield from _finds(source, line, page)
        except DataError as error:
            yield turned_away(page.url, "bad text", printable(str(error)), "subtitles", printable(f"{source}:{line}"))


def _finds(source: Path, line: int, page: Page) -> Iterator[Found]:
    named = printable(f"{source}:{line}")
    stated = {"url": page.url, "licence": page.licence, "channel": page.channel, "subtitles": page.kind}
    extra = tuple((name, value) for name, value in stated.items() if value)
    if page.error:
        yield turned_away(page.url, "download failed", page.error, "a page that can be reached", named)
    elif page.subtitles:
        folder = source.parent
        yield from subtitles.read_pair(folder / page.subtitles, folder / page.media, f"{named} ", extra)
    else:
        yield Utterance(source.parent / page.media, "", None, named, extra=extra)
