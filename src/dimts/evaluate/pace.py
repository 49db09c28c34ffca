"""How long a sentence should last: letters a second of the dataset's speaker, or what is usual for the script.

It tells speech that runs on, or is cut off, from speech that ends where its text does; and bounds how long a network
that never ends is listened to.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from dimts.data.manifest import Dataset
from dimts.model.shapes import CODE_SAMPLES, SAMPLE_RATE_HZ
from dimts.text.front import Front
from dimts.text.languages import primary_of

USUAL_LETTERS_S = 13.0  # of alphabets: LJ Speech has 13.1, espeak-ng at 150 words a minute 11.5 to 13.7
USUAL_SYLLABLES_S = 6.0  # of scripts whose letters are syllables: Amharic by espeak-ng has 5.9
SYLLABLES = re.compile("[\u1200-\u139f\u2d80-\u2ddf\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
CLIPS = 200  # of a dataset are enough for its median
ROOM, SPARE_CODES = 3.0, 30  # times its expected length, and codes: what a network may take at most


@dataclass(frozen=True)
class Paces:
    """Letters a second by language; a language that no dataset speaks goes by its script."""

    measured: Mapping[str, float] = field(default_factory=dict)
    fronts: Mapping[str, Front] = field(default_factory=dict)  # how languages are read, where not as the base's

    def letters(self, text: str, language: str) -> int:
        """Count what is spoken of a text: letters and digits after numbers and signs are words."""
        front = self.fronts.get(primary_of(language), Front())
        return sum(map(str.isalnum, front.normalised(text, language)))

    def expected_s(self, text: str, language: str) -> float:
        """Tell how long a text should last, in seconds."""
        return self.letters(text, language) / self.of(text, language)

    def of(self, text: str, language: str) -> float:
        """Tell the letters a second that are usual."""
        syllabic = len(SYLLABLES.findall(text)) > len(text) / 2
        return self.measured.get(primary_of(language), USUAL_SYLLABLES_S if syllabic else USUAL_LETTERS_S)

    def most_codes(self, text: str, language: str) -> int:
        """Tell after how many codes a network has run on."""
        codes = self.expected_s(text, language) * SAMPLE_RATE_HZ / CODE_SAMPLES
        return round(ROOM * codes) + SPARE_CODES


def of_datasets(datasets: Sequence[Dataset]) -> Paces:
    """Measure the paces of datasets; a dataset is one language."""
    fronts = {primary_of(data.language): data.front for data in datasets}
    reading = Paces({}, fronts)
    found: dict[str, list[float]] = {}
    for data in datasets:
        clips = [clip for clip in data.clips if clip.duration_s > 0][:: max(1, len(data.clips) // CLIPS)]
        paces = [reading.letters(clip.text, clip.language) / clip.duration_s for clip in clips]
        found.setdefault(primary_of(data.language), []).extend(paces)
    return Paces({language: median(paces) for language, paces in found.items() if paces}, fronts)
