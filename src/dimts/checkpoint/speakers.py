"""The names of the voices that came with a base, where no torch is loaded: the strings of a pickle, not its objects."""

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path

OFFICIAL = "speakers_xtts.pth"
MOST_BYTES = 1 << 20  # of the pickle without its tensors; of 58 voices it has 20 kB


def names(folder: Path) -> list[str]:
    """Return the names in a base's file of voices, in its order; [] where there is none, or one that does not read."""
    try:
        with zipfile.ZipFile(folder / OFFICIAL) as packed:
            place = next((each for each in packed.infolist() if each.filename.endswith("data.pkl")), None)
            if place is None or place.file_size > MOST_BYTES:
                return []
            return list(_of_inner_dicts(packed.read(place)))
    except (OSError, ValueError, zipfile.BadZipFile):
        return []


def _of_inner_dicts(pickle: bytes) -> Iterator[str]:
    """Yield the strings that stand before a dict begins: its name in the dict around it."""
    name = None
    for code, value, _ in pickletools.genops(pickle):
        if "PUT" in code.name or code.name == "MEMOIZE":
            continue
        if code.name == "EMPTY_DICT" and name is not None:
            yield name
        name = str(value) if "UNICODE" in code.name else None
