"""A run's metrics.jsonl, read once and then only what was added; curves of any length keep a bounded number of points.

A curve is thinned as it grows: each point is the mean of as many updates as are needed to stay below MOST_POINTS. Of a
file that is long when it is first read, one update in so many is parsed, and everything else. The surprise: a run that
goes on cuts its file first, so all is read anew when the end of what was read is not there any more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from dimts.log import METRICS

MOST_POINTS = 600
BLOCK_BYTES = 1 << 21
QUICK_BYTES = 8 << 20  # of updates, parsed in a quarter of a second; of more, a part is
TAIL_BYTES = 400  # a line, about
UPDATE_HEAD = b'{"kind": "update"'  # as log.py writes it
MOST_FOLLOWED = 4  # runs that are held in memory
RECENT = 50  # updates of which the speed is the mean
NO_CURVE = {"kind", "update", "epoch", "skipped", "clips", "seconds", "grad_norm_clipped"}


@dataclass
class Curve:
    """Points (update, value) of one number; `width` updates make one point."""

    width: int = 1
    points: list[tuple[float, float]] = field(default_factory=list)
    open: list[tuple[float, float]] = field(default_factory=list)  # of the point that is not full yet

    def extend(self, updates: Sequence[float], values: Sequence[float]) -> None:
        """Take more values."""
        self.open += zip(updates, values, strict=True)
        while len(self.open) >= self.width:
            room = (MOST_POINTS - len(self.points)) * self.width
            whole = min(len(self.open) // self.width * self.width, room)
            self.points += [_mean(self.open[i : i + self.width]) for i in range(0, whole, self.width)]
            del self.open[:whole]
            if len(self.points) >= MOST_POINTS:
                self.points = [_mean(self.points[i : i + 2]) for i in range(0, len(self.points), 2)]
                self.width *= 2

    def shown(self) -> list[tuple[float, float]]:
        """Give the points, the last of values that fill none."""
        return [*self.points, _mean(self.open)] if self.open else list(self.points)


@dataclass
class Followed:
    """What is known of a run."""

    path: Path
    offset: int = 0
    tail: bytes = b""  # of what was read
    update: int = 0  # the last one
    curves: dict[str, Curve] = field(default_factory=dict)
    evaluations: dict[int, dict[str, float]] = field(default_factory=dict)  # by update
    last: Mapping[str, Any] = field(default_factory=dict)  # the last update's facts
    recent_s: list[float] = field(default_factory=list)
    stopped: str = ""
    lock: Any = field(default_factory=Lock)

    def read_on(self) -> None:
        """Read what was added since the last time, everything where what was read is not there any more."""
        size = self.path.stat().st_size if self.path.is_file() else 0
        if size < self.offset or self._tail() != self.tail:
            self.forget()
        if size > self.offset:
            for lines in self._blocks():
                self._take(lines)
            self.tail = self._tail()

    def forget(self) -> None:
        """Begin again."""
        self.offset, self.tail, self.update, self.stopped = 0, b"", 0, ""
        self.curves, self.evaluations, self.last, self.recent_s = {}, {}, {}, []

    def _tail(self) -> bytes:
        """The end of what was read: it is another one when a run went on from before."""
        if not self.offset:
            return b""
        with self.path.open("rb") as file:
            file.seek(max(0, self.offset - TAIL_BYTES))
            return file.read(min(self.offset, TAIL_BYTES))

    def _blocks(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the lines from where reading ended, many at once; what a line is torn from comes the next time."""
        step = max(1, (self.path.stat().st_size - self.offset) // QUICK_BYTES)
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while block := file.read(BLOCK_BYTES):
                end = block.rfind(b"\n") + 1
                if not end:
                    return
                self.offset += end
                file.seek(self.offset)
                yield [line for row in _some(block[:end].splitlines(), step) if (line := _parsed(row))]

    def _take(self, lines: Sequence[dict[str, Any]]) -> None:
        updates = [line for line in lines if line["kind"] == "update"]
        for line in lines:
            if line["kind"] == "eval":
                known = {name: line[name] for name in _numbers(line) if line[name] is not None}
                self.evaluations[line["update"]] = known
            elif line["kind"] == "stop":
                self.stopped = str(line.get("why", ""))
        if updates:
            self._take_updates(updates, [line["update"] for line in updates])

    def _take_updates(self, updates: Sequence[dict[str, Any]], numbers: Sequence[int]) -> None:
        self.update, self.last = numbers[-1], updates[-1]
        for name in {**dict.fromkeys(self.curves), **dict.fromkeys(_numbers(self.last))}:
            values = [line.get(name) for line in updates]
            if None in values:  # NaN and infinity are written so
                known = [(number, value) for number, value in zip(numbers, values, strict=True) if value is not None]
                self.curves.setdefault(name, Curve()).extend([x for x, _ in known], [y for _, y in known])
            else:
                self.curves.setdefault(name, Curve()).extend(numbers, values)  # type: ignore[arg-type]
        self.recent_s = [*self.recent_s, *(line.get("seconds") or 0.0 for line in updates[-RECENT:])][-RECENT:]


_followed: dict[Path, Followed] = {}
_lock = Lock()


def follow(run: Path) -> Followed:
    """Give what is known of a run now."""
    path = run / METRICS
    with _lock:
        known = _followed.pop(path, None) or Followed(path)
        _followed[path] = known  # the last that was asked for is the last to be forgotten
        while len(_followed) > MOST_FOLLOWED:
            _followed.pop(next(iter(_followed)))
    with known.lock:
        known.read_on()
    return known


def _numbers(line: Mapping[str, Any]) -> list[str]:
    """Name what a line measures; what was not finite is null."""
    return [name for name, value in line.items() if name not in NO_CURVE and type(value) in (int, float, type(None))]


def _some(rows: list[bytes], step: int) -> list[bytes]:
    """Leave one update of so many, the last, and all other lines."""
    if step == 1:
        return rows
    last = len(rows) - 1
    return [row for i, row in enumerate(rows) if i % step == 0 or i == last or not row.startswith(UPDATE_HEAD)]


def _parsed(row: bytes) -> dict[str, Any] | None:
    try:
        line = orjson.loads(row)
        return line if isinstance(line["update"], int) and isinstance(line["kind"], str) else None
    except (ValueError, KeyError, TypeError):
        return None


def _mean(points: list[tuple[float, float]]) -> tuple[float, float]:
    if len(points) == 1:
        return points[0]
    updates, values = zip(*points, strict=True)
    return sum(updates) / len(points), sum(values) / len(points)
