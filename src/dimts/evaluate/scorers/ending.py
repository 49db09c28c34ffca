"""Does speech end where its text does? Length against the text, silence at the end, and nothing said at all.

The expected length is the text's letters at the pace of the dataset, or at what is usual for its script.
"""

from collections.abc import Sequence

import numpy as np

from dimts.audio.levels import levels
from dimts.evaluate.pace import Paces
from dimts.evaluate.scorers.base import Column, Scorer, Values
from dimts.evaluate.speaking import Take

SILENT_DB = -50.0  # dBFS: speech is 20 dB louder and more
UNDER_PEAK_DB = 40.0  # quieter than the loudest 10 ms by so much is silence
LONG, SHORT = 2.0, 0.5  # times its expected length
SLACK_S = 0.5  # of very short texts


class Ending(Scorer):
    """Measures how speech ends."""

    columns = (
        Column("unsaid", "nothing said", "low", "Share of sentences with no sound, or refused.", share=True),
        Column("run_on", "runs on", "low", "Share that does not end, or takes twice its time.", share=True),
        Column("cut_off", "cut off", "low", "Share that takes less than half its time.", share=True),
        Column("tail_s", "silent tail, s", "low", "Silence after the last sound, in seconds."),
        Column("letters_s", "letters/s", "", "Letters and digits a second, without silence at both ends.", digits=1),
        Column("pace", "pace", "", "Letters a second against the dataset's, or the script's usual: 1 is as fast."),
    )

    def __init__(self, paces: Paces) -> None:
        self.paces = paces

    def score(self, takes: Sequence[Take]) -> list[Values]:
        return [self._score(take) for take in takes]

    def _score(self, take: Take) -> Values:
        sentence, audio = take.line.sentence, take.audio()
        levels_db = levels(np.nan_to_num(audio.samples), audio.rate_hz)
        heard = np.flatnonzero(levels_db > max(SILENT_DB, levels_db.max(initial=SILENT_DB) - UNDER_PEAK_DB))
        if not len(heard) or not take.facts["codes"]:
            return {"unsaid": 1.0, "run_on": float(bool(take.facts["codes"]) and not take.facts["ended"])}
        spoken_s = (heard[-1] + 1 - heard[0]) / 100
        expected_s = self.paces.expected_s(sentence.text, sentence.language)
        letters_s = self.paces.letters(sentence.text, sentence.language) / spoken_s
        long = not take.facts["ended"] or audio.duration_s > LONG * expected_s + SLACK_S
        return {
            "unsaid": 0.0,
            "run_on": float(long),
            "cut_off": float(not long and spoken_s < SHORT * expected_s),
            "tail_s": audio.duration_s - (heard[-1] + 1) / 100,
            "letters_s": letters_s,
            "pace": letters_s / self.paces.of(sentence.text, sentence.language),
        }
