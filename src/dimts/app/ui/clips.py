"""Which clips to show: all of a dataset by filter and order, read once and again only when the folder has changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from dimts.data import manifest, review
from dimts.data.manifest import Clip, Dataset, Rejection
from dimts.data.report.quantities import QUANTITIES, Quantity
from dimts.data.review import Decision

FILTERS = ("accepted", "with a warning", "held back", "turned away", "decided")
AS_LISTED = "as listed"
_lock = Lock()
_opened: dict[Path, tuple[tuple[int, int], Dataset]] = {}  # one dataset: the last that was looked at


@dataclass(frozen=True)
class Page:
    """Some clips of a filter, and how many there are."""

    clips: Sequence[Clip | Rejection]
    number: int  # from 0
    pages: int
    total: int


def opened(folder: Path) -> Dataset:
    """Read a dataset, or give it as it was read when nothing has changed. DataError where there is none."""
    head = folder / manifest.HEAD
    with _lock:
        stamp = (head.stat().st_mtime_ns, head.stat().st_size) if head.is_file() else (0, 0)
        known = _opened.get(folder)
        if known is None or known[0] != stamp or stamp == (0, 0):
            _opened.clear()
            known = _opened[folder] = (stamp, manifest.read(folder, any_normaliser=True))
        return known[1]


def orders() -> list[str]:
    """Name the orders: as listed, and the worst first by each end of each measure."""
    return [AS_LISTED, *(name for quantity in QUANTITIES for name in (quantity.low, quantity.high) if name)]


def page(folder: Path, which: str, order: str, search: str, number: int, size: int) -> Page:
    """Choose the clips of a page; a number beyond the last page gives the last."""
    dataset = opened(folder)
    found = _ordered(_filtered(dataset, which, review.read(folder)), order)
    if words := search.strip().casefold():
        found = [each for each in found if words in each.text.casefold() or words in each.id.casefold()]
    pages = max(1, -(-len(found) // size))
    number = min(max(0, number), pages - 1)
    return Page(found[number * size : (number + 1) * size], number, pages, len(found))


def find(folder: Path, name: str) -> Clip | Rejection | None:
    """Return a clip, accepted or turned away, by its id."""
    dataset = opened(folder)
    return next((each for each in _all(dataset) if each.id == name), None)


def measured(clip: Clip) -> list[str]:
    """Write what was measured of a clip."""
    values = ((quantity, quantity.of(clip)) for quantity in QUANTITIES)
    return [quantity.written(value) for quantity, value in values if value is not None]


def _all(dataset: Dataset) -> Iterator[Clip | Rejection]:
    yield from dataset.clips
    yield from dataset.rejected


def _filtered(dataset: Dataset, which: str, decisions: dict[str, Decision]) -> list[Clip | Rejection]:
    if which == "turned away":
        return list(dataset.rejected)
    if which == "decided":
        return [each for each in _all(dataset) if each.id in decisions]
    clips = dataset.clips
    if which == "with a warning":
        return [clip for clip in clips if clip.warnings]
    return [clip for clip in clips if which != "held back" or clip.split == "eval"]


def _ordered(found: list[Clip | Rejection], order: str) -> list[Clip | Rejection]:
    quantity, sign = _quantity(order)
    if quantity is None:
        return found
    clips = [(quantity.of(clip), clip) for clip in found if isinstance(clip, Clip)]
    known = sorted(((value, clip) for value, clip in clips if value is not None), key=lambda each: sign * each[0])
    return [clip for _, clip in known]


def _quantity(order: str) -> tuple[Quantity | None, int]:
    for quantity in QUANTITIES:
        if order in (quantity.low, quantity.high) and order:
            return quantity, 1 if order == quantity.low else -1
    return None, 1
