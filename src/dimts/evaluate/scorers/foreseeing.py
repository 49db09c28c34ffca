"""Teacher forcing on the recordings of held-back sentences: see teacher.py. Sentences without a recording have none."""

from collections.abc import Sequence

from dimts.evaluate.scorers.base import Column, Scorer, Values
from dimts.evaluate.speaking import Take


class Foreseeing(Scorer):
    """How well the network foresaw the recordings."""

    columns = (
        Column("code_loss", "code loss", "low", "Nats for each code of the recording outside the prompt."),
        Column("code_accuracy", "codes right", "high", "Share of these codes that are the likeliest.", share=True),
        Column("text_loss", "text loss", "low", "Nats for each token of the text."),
        Column("stop", "stops at the end", "high", "Probability of stopping where the recording ends."),
    )

    def score(self, takes: Sequence[Take]) -> list[Values]:
        return [self._values(take) for take in takes]

    def _values(self, take: Take) -> Values:
        foreseen = take.facts.get("foreseen") or {}
        return {column.name: foreseen.get(column.name) for column in self.columns}
