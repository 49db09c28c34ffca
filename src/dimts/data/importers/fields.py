"""Fields: the names under which tables and JSON lines keep what makes an utterance.

Normalised text wins where it is filled. `duration` ends a stretch that `start` begins; alone it says nothing, as the
recording knows its length.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from dimts.data.importers import Found, Utterance
from dimts.data.importers.places import locate, missing, turned_away

NAMES = {  # that people use, best first
    "audio": ("audio_file", "audio_path", "audio_filepath", "audio", "path", "file_name", "filename", "file", "wav")
    + ("wav_file", "id", "clip"),
    "normalised": ("normalized_text", "normalised_text", "normalized_transcription", "normalized", "normalised"),
    "text": ("text", "sentence", "transcription", "transcript"),
    "speaker": ("speaker_name", "speaker", "speaker_id", "client_id"),
    "language": ("language", "lang", "locale"),
    "group": ("group",),
    "start": ("start_s", "start", "start_time", "begin", "offset"),
    "end": ("end_s", "end", "end_time"),
    "start_ms": ("start_ms", "offset_ms"),
    "end_ms": ("end_ms",),
    "duration": ("duration_s", "duration"),
    "licence": ("licence", "license"),
    "consent": ("consent",),
    "url": ("url", "source_url", "original_url"),
}
EXTRA = ("licence", "consent", "url")
Row = Mapping[str, str]  # what was found of each kind


def named(names: Iterable[str]) -> dict[str, str]:
    """Give each kind of field the name that holds it, as it is spelled; kinds without one are left out."""
    spelled = {name.strip().strip('"').lower(): name for name in reversed(list(names))}
    found = {kind: next((spelled[name] for name in known if name in spelled), None) for kind, known in NAMES.items()}
    return {kind: name for kind, name in found.items() if name is not None}


def find(row: Row, root: Path, source: str) -> Found:
    """One row as an utterance, or turned away: no recording, a stretch that is none."""
    name, text = row.get("audio", "").strip(), row.get("normalised", "").strip() or row.get("text", "").strip()
    audio = locate(root, name)
    if audio is None:
        return missing(root, name, source, text)
    try:
        start_s, end_s = _stretch(row)
    except ValueError as error:
        return turned_away(Path(name).stem, "bad time", str(error), "seconds, the end after the start", source, text)
    extra = tuple((kind, row[kind].strip()) for kind in EXTRA if row.get(kind, "").strip())
    speaker, group, language = (row.get(kind, "").strip() or None for kind in ("speaker", "group", "language"))
    return Utterance(audio, text, speaker, source, group, language, start_s, end_s, extra)


def _stretch(row: Row) -> tuple[float | None, float | None]:
    """Start and end in seconds, None where the row says nothing. ValueError when they make no stretch."""
    start_s = _number(row, "start") if row.get("start") else _number(row, "start_ms", 1000)
    end_s = _number(row, "end") if row.get("end") else _number(row, "end_ms", 1000)
    if start_s is not None and end_s is None and (duration_s := _number(row, "duration")) is not None:
        end_s = start_s + duration_s
    return checked(start_s, end_s)


def checked(start_s: float | None, end_s: float | None) -> tuple[float | None, float | None]:
    """The same stretch. ValueError when it begins before the recording or ends before it begins."""
    if not 0 <= (start_s or 0) < (math.inf if end_s is None else end_s) or not math.isfinite(end_s or 0):
        raise ValueError(f"{start_s or 0:g} to {'the end' if end_s is None else f'{end_s:g}'} s")
    return start_s, end_s


def _number(row: Row, kind: str, unit: float = 1) -> float | None:
    value = row.get(kind, "").strip()
    try:
        return float(value) / unit if value else None
    except ValueError:
        raise ValueError(f"{value[:40]!r} as {kind}") from None
