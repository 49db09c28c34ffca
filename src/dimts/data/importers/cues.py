"""Cues: SRT, WebVTT and ASS/SSA as lines with times, each with the line of the file that holds its times.

What has the look of a cue and cannot be read is kept as `Broken`, so that nothing of a file is lost unseen.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dimts.data.importers import texts

SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
CLOCK = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"  # hours are optional in WebVTT
TIMES = re.compile(rf"\s*(-?){CLOCK}\s*-+>\s*(-?){CLOCK}(?:\s.*)?$")
ARROW = re.compile(r"-->|\d\s*->\s*-?\d")
HEADERS = re.compile(r"(NOTE|STYLE|REGION)(\s|$)")  # blocks of WebVTT that are no cues
ASS_TIME = re.compile(r"\s*(\d+):(\d{1,2}):(\d{1,2})[.:](\d{1,3})\s*$")
ASS_FIELDS = ("Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text")


@dataclass(frozen=True)
class Cue:
    """Words on the screen from `start_s` to `end_s`, with their markup; `line` is where the file has them."""

    line: int
    start_s: float
    end_s: float
    text: str
    speaker: str = ""


@dataclass(frozen=True)
class Broken:
    """What should be a cue and is none."""

    line: int
    content: str


def read(path: Path) -> list[Cue | Broken]:
    """The cues of a subtitle file, in its order. DataError in one line when it is no text."""
    lines = texts.read(path).split("\n")
    return list(_ass(lines) if path.suffix.lower() in (".ass", ".ssa") else _blocks(lines))


def _blocks(lines: Sequence[str]) -> Iterator[Cue | Broken]:
    """SRT and WebVTT: a line of times begins a cue, whatever lies before it; its words end where the next begins.

    Blank lines inside the words are kept out, not taken as an end: many editors write them.
    """
    starts = [number for number, line in enumerate(lines) if ARROW.search(line)]
    for start, following in zip(starts, [*starts, None][1:], strict=True):
        words = lines[start + 1 : following]
        yield _timed(start + 1, lines[start], _words(words, following is not None))


def _timed(number: int, times: str, text: str) -> Cue | Broken:
    found = TIMES.match(times)
    if found is None:
        return Broken(number, f"{times.strip()} {text}")
    before, *begin = found.groups()[:5]
    after, *end = found.groups()[5:]
    if before or after:  # a minus: shifted too far to the left
        return Broken(number, f"{times.strip()} {text}")
    return Cue(number, _seconds(begin), _seconds(end), text)


def _words(lines: Sequence[str], goes_on: bool) -> str:
    """The words of a cue: up to a block that is none, without the number or name of the cue that follows."""
    kept: list[str] = []
    for index, line in enumerate(lines):
        if HEADERS.match(line) and (index == 0 or not lines[index - 1].strip()):
            goes_on = False
            break
        kept.append(line)
    if goes_on and kept and (kept[-1].strip().isdigit() or len(kept) > 1 and kept[-1].strip() and not kept[-2].strip()):
        kept.pop()  # the number or name of the cue that follows
    return "\n".join(line.strip() for line in kept if line.strip())


def _seconds(clock: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in clock)
    return float(hours) * 3600 + int(minutes) * 60 + float(f"{seconds}.{fraction}")


def _ass(lines: Sequence[str]) -> Iterator[Cue | Broken]:
    """ASS and SSA: the `Dialogue:` lines, their fields as the last `Format:` line names them."""
    names: Sequence[str] = ASS_FIELDS
    for number, line in enumerate(lines, start=1):
        kind, _, content = line.partition(":")
        if kind.strip() == "Format" and "Text" in content:
            names = [name.strip() for name in content.split(",")]
        if kind.strip() == "Dialogue":
            yield _dialogue(number, dict(zip(names, content.split(",", len(names) - 1), strict=False)), content)


def _dialogue(number: int, fields: dict[str, str], content: str) -> Cue | Broken:
    begin, end = (ASS_TIME.match(fields.get(name, "")) for name in ("Start", "End"))
    if begin is None or end is None or "Text" not in fields:
        return Broken(number, content.strip())
    name = (fields.get("Name") or fields.get("Actor") or "").strip()
    text = re.sub(r"\{[^{}\\]*\}", "", fields["Text"])  # comments
    text = re.sub(r"\\[Nn]", "\n", text).replace("\\h", " ")
    return Cue(number, _seconds(begin.groups()), _seconds(end.groups()), text, name)
