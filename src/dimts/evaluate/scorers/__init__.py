"""Scorers: each measures takes in its own columns; one that is absent says why, and its columns stay empty."""

from collections.abc import Sequence

from dimts.evaluate.cache import Cache
from dimts.evaluate.intelligibility import Said
from dimts.evaluate.pace import Paces
from dimts.evaluate.scorers.base import Column, Scorer, Values

__all__ = ["Column", "Scorer", "Values", "all_of"]


def all_of(
    cache: Cache, paces: Paces, pool: Sequence[Said], recogniser: str | None, language: str, workers: int
) -> tuple[Scorer, ...]:
    """Make every scorer that there is, in the order of the report; `recogniser` writes down `language`."""
    from dimts.evaluate.scorers.distortion import Distortion
    from dimts.evaluate.scorers.ending import Ending
    from dimts.evaluate.scorers.foreseeing import Foreseeing
    from dimts.evaluate.scorers.likeness import OwnLikeness, VoiceLikeness
    from dimts.evaluate.scorers.phones import Phones
    from dimts.evaluate.scorers.quality import Cleanness, Naturalness
    from dimts.evaluate.scorers.words import Words

    return (
        Phones(cache, pool, workers),
        Words(cache, recogniser, language),
        Ending(paces),
        OwnLikeness(),
        VoiceLikeness(cache),
        Naturalness(cache, workers),
        Cleanness(cache, workers),
        Foreseeing(),
        Distortion(cache),
    )
