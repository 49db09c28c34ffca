"""What is spoken to judge a voice: sentences that training has not heard, short and long, and where they come from.

Each language that matters here has a built-in set of twenty, of one to twenty words, with numbers and questions. A
dataset's held-back clips come with recordings to compare with; a file of one's own has one sentence a line.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dimts.data.importers import texts
from dimts.data.manifest import Clip, Dataset
from dimts.errors import ConfigError
from dimts.text.languages import primary_of

FOLDER = Path(__file__).with_name("texts")
QUESTION_MARKS = "?？؟፧"
SHORT_WORDS, LONG_WORDS = 4, 12  # at most, at least


@dataclass(frozen=True)
class Sentence:
    """A text to speak, and a recording of it where there is one."""

    text: str
    language: str
    recording: Path | None = None
    id: str = ""  # of the clip, where it is one

    @property
    def kinds(self) -> tuple[str, ...]:
        """Name what it tests: its length, and numbers or a question."""
        words = len(self.text.split())
        length = "short" if words <= SHORT_WORDS else "long" if words >= LONG_WORDS else "medium"
        found = {"number": any(map(str.isdigit, self.text)), "question": self.text.rstrip()[-1:] in QUESTION_MARKS}
        return (length, *(name for name, holds in found.items() if holds))


def built_in_languages() -> list[str]:
    """Return the languages that have a built-in set."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def built_in(language: str, count: int | None = None) -> list[Sentence]:
    """Return a language's built-in sentences, or so many of them spread over all lengths; [] where there are none."""
    path = FOLDER / f"{primary_of(language)}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [Sentence(line, language) for line in _spread(lines, count)]


def of_file(path: Path, language: str) -> list[Sentence]:
    """Read one sentence a line, of `language` or of the one before a tab. ConfigError where there is none."""
    found = [_line(line, language) for line in texts.read(path).splitlines() if line.strip()]
    if not found:
        raise ConfigError(f"--texts {path}: holds no sentence; write one a line")
    return list(dict.fromkeys(found))


def of_dataset(dataset: Dataset, count: int | None = None) -> list[Sentence]:
    """Return held-back clips of different texts with their recordings, or so many of them, chosen by their ids."""
    clips = {clip.text: clip for clip in dataset.side("eval")}.values()
    chosen = sorted(clips, key=lambda clip: hashlib.sha256(clip.id.encode()).digest())[:count]
    return [_of_clip(dataset, clip) for clip in chosen]


def _of_clip(dataset: Dataset, clip: Clip) -> Sentence:
    return Sentence(clip.text, clip.language, dataset.folder / clip.audio, clip.id)


def _line(line: str, language: str) -> Sentence:
    code, tab, text = line.partition("\t")
    if not tab:
        return Sentence(line.strip(), language)
    primary_of(code)
    return Sentence(text.strip(), code.strip())


def _spread(lines: Sequence[str], count: int | None) -> list[str]:
    """Take lines at equal steps, from the first to the last."""
    if count is None or count >= len(lines):
        return list(lines)
    step = (len(lines) - 1) / max(1, count - 1)
    return [lines[round(number * step)] for number in range(count)]
