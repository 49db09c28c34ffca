"""Intelligibility offline, for any language: phones that `hama` hears against the text's; see intelligibility.py."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from dimts.errors import DimtsError
from dimts.evaluate import intelligibility
from dimts.evaluate.cache import Cache
from dimts.evaluate.intelligibility import Said
from dimts.evaluate.scorers.base import Column, Scorer, Values
from dimts.evaluate.speaking import Take

HEARD = "heard"


class Phones(Scorer):
    """Hears phones; `pool` holds more texts that a sentence is told from."""

    columns = (
        Column(
            "nearest", "right text", "high", "Share whose own text is the nearest of twenty; chance 5 %.", share=True
        ),
        Column("phone_distance", "phone distance", "low", "Wrong phones, neighbours less, as a share of the text's."),
        Column(
            "phone_error", "phone error", "low", "Wrong phones as a share of the text's; compare within a language."
        ),
    )

    def __init__(self, cache: Cache, pool: Sequence[Said], processes: int = 1, seed: int = 0) -> None:
        self.cache, self.pool, self.processes, self.seed = cache, pool, processes, seed

    def absent(self) -> str | None:
        missing = missing_ear()
        return f"needs {missing}: pip install 'dimts[eval]'" if missing else None

    def score(self, takes: Sequence[Take]) -> list[Values]:
        """Score takes; those in a language that nobody pronounces get no values."""
        readable = self._readable({take.line.sentence.language for take in takes})
        scored = [take for take in takes if take.line.sentence.language in readable]
        heard = self._heard(scored)
        said = [(take.line.sentence.text, take.line.sentence.language) for take in scored]
        pool = [each for each in self.pool if each[1] in readable]
        told = dict(zip(map(id, scored), intelligibility.compare(heard, said, pool, self.seed), strict=True))
        return [_values(told.get(id(take))) for take in takes]

    def _heard(self, takes: Sequence[Take]) -> list[list[str]]:
        """Hear what nobody heard before."""
        known: list[Any] = [self.cache.find(take.key, HEARD) for take in takes]
        new = [take for take, found in zip(takes, known, strict=True) if found is None]
        for take, phones in zip(
            new, intelligibility.hear_all([take.audio() for take in new], self.processes), strict=True
        ):
            self.cache.keep(take.key, HEARD, phones)
        fresh = {take.key: self.cache.find(take.key, HEARD) for take in new}
        return [fresh[take.key] if found is None else found for take, found in zip(takes, known, strict=True)]

    def _readable(self, languages: set[str]) -> set[str]:
        found = set()
        for language in languages:
            try:
                intelligibility.meant(["a"], language)
                found.add(language)
            except DimtsError:
                continue
        return found


def missing_ear() -> str:
    """Name the programs that are missing to hear phones; "" where none is."""
    return " and ".join(name for name in ("hama", "espeakng_loader") if not find_spec(name))


def _values(told: intelligibility.Told | None) -> Values:
    if told is None:
        return {}
    return {"nearest": told.nearest, "phone_distance": told.distance, "phone_error": told.error}
