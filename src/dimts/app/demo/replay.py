"""What the demo holds against forgetting: clips of the languages that the base speaks, heard along with Amharic."""

from collections.abc import Sequence
from pathlib import Path

from dimts.app.demo import corpus
from dimts.data import prepare as preparing

LANGUAGES = {"en": "en-us", "es": "es", "it": "it", "de": "de", "pl": "pl"}  # espeak-ng's names
SPEAKERS = ("m1", "f1")  # two of the base's voices, so that a prompt is another clip
SENTENCES = 60  # of each language: plain ones, which the base heard too
SHARE = 0.4  # of the clips that training hears


def prepare(folder: Path, seed: int) -> int:
    """Speak and prepare a dataset of each language; return how many clips they have together."""
    return sum(_dataset(folder / language, language, seed) for language in LANGUAGES)


def datasets(folder: Path) -> Sequence[str]:
    """Return the folders of the datasets."""
    return [str(folder / language / "dataset") for language in LANGUAGES]


def references(folder: Path) -> tuple[Path, ...]:
    """Return a recording of each speaker."""
    return tuple(folder / "en" / "corpus" / "wavs" / f"{LANGUAGES['en']}+{each}-001.wav" for each in SPEAKERS)


def _dataset(folder: Path, language: str, seed: int) -> int:
    voices = [f"{LANGUAGES[language]}+{speaker}" for speaker in SPEAKERS]
    texts = corpus.read_sentences(f"base/{language}.txt")[:SENTENCES]
    table = corpus.build(folder / "corpus", voices, texts)
    return len(preparing.prepare([table], folder / "dataset", language, preparing.Options(seed=seed)).clips)
