"""The fence: recordings that listings name outside of the folders that the user allowed are turned away, unread."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dimts.data.importers import Found, Utterance
from dimts.data.importers.places import printable, turned_away

OUTSIDE = "outside"  # the reason in the ledger


def within(found: Iterable[Found], folders: Sequence[Path]) -> Iterator[Found]:
    """Yield every find, those that lead out of the folders turned away; without folders all pass as they are."""
    inside = [folder.resolve() for folder in folders]
    for each in found:
        if inside and isinstance(each, Utterance) and not _is_inside(each.audio, inside):
            limit = printable(f"only below {', '.join(map(str, inside))}")
            yield turned_away(each.audio.stem, OUTSIDE, printable(str(each.audio)), limit, each.source, each.text)
        else:
            yield each


def _is_inside(path: Path, folders: Sequence[Path]) -> bool:
    real = path.resolve()
    return any(real.is_relative_to(folder) for folder in folders)
