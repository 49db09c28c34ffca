"""JSON transcripts: segments with their times, as Whisper, WhisperX, whisper.cpp and YouTube (json3) write them.

YouTube's captions stay on the screen while the next one comes: each ends, at the latest, where the next begins.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dimts.data.importers import texts
from dimts.data.importers.cues import Broken, Cue
from dimts.data.importers.places import printable
from dimts.errors import DataError

LISTS = ("segments", "transcription", "events")  # Whisper and its kin, whisper.cpp, json3


def accepts(path: Path) -> bool:
    """Whether a JSON file is a transcript rather than a list of recordings. DataError when it is no JSON."""
    content = _content(path)
    return any(isinstance(content, Mapping) and isinstance(content.get(name), list) for name in LISTS) or (
        isinstance(content, list) and bool(content) and all(map(_is_segment, content))
    )


def read(path: Path) -> tuple[list[Cue | Broken], str | None]:
    """The cues of a transcript, numbered from 1, and its language where it says one. DataError in one line."""
    content = _content(path)
    if isinstance(content, Mapping) and isinstance(content.get("events"), list):
        return list(_captions(content["events"])), None
    language = content.get("language") if isinstance(content, Mapping) else None
    segments = next(content[name] for name in LISTS if name in content) if isinstance(content, Mapping) else content
    return [_cue(number, each) for number, each in enumerate(segments, start=1)], language


def _content(path: Path) -> Any:
    try:
        return json.loads(texts.read(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}); write it again") from error


def _is_segment(content: Any) -> bool:
    return isinstance(content, Mapping) and {"text", "start"} <= content.keys() and not _names_audio(content)


def _names_audio(content: Mapping[str, Any]) -> bool:
    from dimts.data.importers import fields

    return bool(set(fields.NAMES["audio"]) - {"id"} & content.keys())


def _cue(number: int, content: Any) -> Cue | Broken:
    """One segment; times in seconds, or in milliseconds under `offsets` as whisper.cpp has them."""
    try:
        if isinstance(offsets := content.get("offsets"), Mapping):
            start_s, end_s = offsets["from"] / 1000, offsets["to"] / 1000
        else:
            start_s = float(content["start"])
            end_s = float(content["end"]) if "end" in content else start_s + float(content["duration"])
        return Cue(number, start_s, end_s, _text(content["text"]), str(content.get("speaker") or ""))
    except (AttributeError, KeyError, TypeError, ValueError):
        return Broken(number, printable(json.dumps(content, ensure_ascii=False)))


def _text(value: Any) -> str:
    if not isinstance(value, str) or printable(value) != value:
        raise TypeError(value)
    return value


def _captions(events: Sequence[Any]) -> Iterator[Cue | Broken]:
    """Events with words; the others place windows or break lines."""
    worded = [(number, each) for number, each in enumerate(events, start=1) if _words(each).strip()]
    starts = [each.get("tStartMs") for _, each in worded] + [None]
    for (number, event), following in zip(worded, starts[1:], strict=True):
        start, length = event.get("tStartMs"), event.get("dDurationMs")
        if not isinstance(start, int) or not isinstance(length, int):
            yield Broken(number, printable(json.dumps(event, ensure_ascii=False)))
            continue
        end = min(start + length, following) if isinstance(following, int) and following > start else start + length
        yield Cue(number, start / 1000, end / 1000, _words(event))


def _words(event: Any) -> str:
    parts = event.get("segs") if isinstance(event, Mapping) else None
    return "".join(str(part.get("utf8", "")) for part in parts or () if isinstance(part, Mapping))
