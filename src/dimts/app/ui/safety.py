"""What the page lets through: paths under the user's folders, uploads of a size and kind, hosts that are meant.

Paths are resolved before they are compared, so that neither `..` nor a link leads out. Uploads get names of ours:
letters, digits, and little else.
"""

import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dimts.data.importers.cues import SUFFIXES as CUES
from dimts.data.importers.places import MEDIA_SUFFIXES
from dimts.errors import ConfigError, DataError

TEXTS = (".csv", ".tsv", ".psv", ".txt", ".lab", ".json", ".jsonl", *CUES)
KINDS = (*MEDIA_SUFFIXES, *TEXTS)
MOST_BYTES = 4 << 30  # of an upload: ten hours of 48 kHz in 16 bit, stereo
LONGEST_NAME = 80  # letters
HEAD_BYTES = 4096  # of a file, to tell what it is
FOREIGN = (b"<!DOCTYPE", b"<html", b"<svg", b"<script", b"<?xml", b"PK\x03\x04", b"\x7fELF", b"MZ", b"%PDF", b"#!/")
OWN_HOST = ("127.0.0.1", "localhost", "::1")
REMOTE = re.compile(r"https?://\S+|hf:[\w.-]+/[\w.-]+(:[\w.-]+){0,2}")


@dataclass(frozen=True)
class Roots:
    """Folders that the page may touch, resolved."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, folders: Iterable[Path]) -> "Roots":
        """Take folders as the user named them. ConfigError for what is no folder."""
        found = [folder.expanduser().resolve() for folder in folders]
        if wrong := [str(folder) for folder in found if not folder.is_dir()]:
            raise ConfigError(*(f"{folder}: no such folder; make it first" for folder in wrong))
        return cls(tuple(dict.fromkeys(found)))

    def inside(self, path: str | Path) -> Path:
        """Resolve a path. ConfigError when it is empty, odd, or leads out of these folders."""
        if not str(path).strip() or "\0" in str(path):
            raise ConfigError("no path given")
        try:
            real = Path(str(path).strip()).expanduser().resolve()
        except (OSError, RuntimeError, ValueError):
            raise ConfigError(f"{str(path)[:200]}: is no path") from None
        if not any(real.is_relative_to(folder) for folder in self.folders):
            named = ", ".join(map(str, self.folders))
            raise ConfigError(
                f"{path}: is outside the folders that this page may use ({named}); copy it there, or start"
                " `dimts ui` with --root FOLDER"
            )
        return real

    def source(self, text: str) -> str:
        """Check a source of recordings as the user wrote it: a path, SUBTITLES=RECORDING, hf:NAME or an address."""
        text = text.strip()
        if REMOTE.fullmatch(text):
            return text
        if text.startswith(("hf:", "http:", "https:")):
            raise ConfigError(f"{text}: is no address; give https://... or hf:ORGANISATION/DATASET")
        first, equals, second = text.partition("=")
        if equals and first.lower().endswith(CUES):
            return f"{self._present(first)}={self._present(second)}"
        return str(self._present(text))

    def _present(self, path: str) -> Path:
        real = self.inside(path)
        if not real.exists():
            raise ConfigError(f"{path}: no such file or folder")
        return real


def own_name(given: str) -> str:
    """Make a file name of ours from a foreign one; letters of any script stay."""
    name = PurePosixPath(unicodedata.normalize("NFC", given).replace("\\", "/")).name
    stem, dot, suffix = name.rpartition(".")
    kept = re.sub(r"[^\w .-]", "_", stem if dot else suffix).strip(" .-")[:LONGEST_NAME].strip(" .-")
    return f"{kept or 'file'}.{re.sub(r'[^a-z0-9]', '', suffix.lower())}" if dot else kept or "file"


def accept(upload: Path, folder: Path, kinds: Sequence[str] = KINDS, most_bytes: int = MOST_BYTES) -> Path:
    """Move an upload into a folder under a name of ours. DataError for a wrong kind, size or content, a full disk."""
    name = own_name(upload.name)
    refuse(upload, name, kinds, most_bytes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = _free(folder / name)
        shutil.move(upload, place)
    except OSError as error:
        raise DataError(f"{name}: cannot be stored ({error.strerror}); free some disk and try again") from error
    return place


def refuse(path: Path, name: str, kinds: Sequence[str] = KINDS, most_bytes: int = MOST_BYTES) -> None:
    """DataError when a file is not what its name promises, or too large."""
    if not name.lower().endswith(tuple(kinds)):
        raise DataError(f"{name}: this kind of file is not taken; give {' '.join(kinds)}")
    size = path.stat().st_size
    if size > most_bytes:
        raise DataError(
            f"{name}: {size / 1e6:,.0f} MB are more than {most_bytes / 1e6:,.0f}; split it, or name its path"
        )
    if not size:
        raise DataError(f"{name}: is empty")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    is_text = name.lower().endswith(TEXTS)
    binary = b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16 may hold zeros
    if head.lstrip().startswith(FOREIGN) or (is_text and binary) or (not is_text and _is_text(head)):
        what = "text" if is_text else "a recording"
        raise DataError(f"{name}: is not {what}, whatever its name says; give the right file")


def refuse_open_door(host: str, user: str | None, password: str | None) -> None:
    """ConfigError when others could reach the page without a password."""
    if bool(user) != bool(password):
        raise ConfigError("--user and --password: give both")
    if host not in OWN_HOST and not password:
        raise ConfigError(
            f"--host {host}: others could reach this page, and with it your files; give --user NAME and --password"
            " WORD (or the variable DIMTS_UI_PASSWORD), or keep 127.0.0.1 and come by `ssh -L 7860:127.0.0.1:7860 HOST`"
        )


def _is_text(head: bytes) -> bool:
    """Whether a beginning reads as text; no recording does."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and b"\0" not in head  # cut within a letter
    return b"\0" not in head


def _free(path: Path) -> Path:
    """Give the path, with a number where something has its name."""
    number, free = 2, path
    while os.path.lexists(free):
        number, free = number + 1, path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
