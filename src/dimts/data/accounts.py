"""The accounts of the sources that are read now: rows, clips and seconds, counted before anything is decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dimts.data import importers
from dimts.data.importers import Found
from dimts.data.manifest import Clip, Rejection
from dimts.data.reading import Reading
from dimts.data.totals import Totals, account_of
from dimts.data.works import Piece, Planned


def accounts(
    sources: Sequence[Path | str],
    found: Sequence[Found],
    planned: Sequence[Planned],
    readings: Mapping[Piece, Reading],
    returned: Sequence[Clip],
) -> dict[str, Totals]:
    """Count what every source named, in rows, clips and seconds, before anything is decided."""
    found_in: dict[str, Totals] = {}
    folders = {str(listing) for listing in map(importers.listing, sources) if listing.is_dir()}

    def count(source: str, rows: int = 0, clips: int = 0, seconds: float = 0.0, not_speech_s: float = 0.0) -> None:
        name = account_of(source, folders)
        now = found_in.get(name, Totals(name))
        found_in[name] = replace(
            now,
            rows=now.rows + rows,
            found=now.found + clips,
            found_s=now.found_s + seconds,
            not_speech_s=now.not_speech_s + not_speech_s,
        )

    cut = {row for plan in planned for row, _ in plan.work.away}
    for row, each in enumerate(found):
        alone = isinstance(each, Rejection) and row not in cut
        count(each.source, 1, int(alone), each.duration_s if isinstance(each, Rejection) and alone else 0.0)
    for plan in planned:
        whole_s = sum(readings[piece].duration_s for piece in plan.pieces if piece.span is None)
        count(plan.work.first.source, 0, len(plan.pieces) + len(plan.lost), plan.found_s + whole_s, plan.not_speech_s)
    for clip in returned:
        count(clip.source, seconds=clip.duration_s)
    return found_in
