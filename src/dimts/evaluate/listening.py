"""Blind listening: two voices say the same, nobody knows which is which, and answers are counted.

An evaluation's folder gives the takes. The page holds the sounds and no name; what is behind A and B of each pair lies
beside it in `listening.json`, so that answers count only together with the folder they came from.
"""

import base64
import hashlib
import json
import math
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

from dimts import files
from dimts.errors import ConfigError
from dimts.evaluate.record import SUMMARY, TAKES
from dimts.evaluate.report.embedded import mp3

PAGE, KEY = "listening.html", "listening.json"
TEMPLATE = Path(__file__).with_name("listening.html")
MOST_PAIRS = 30  # what one sits through
Z = 1.96  # of 95 %
CHOICES = ("a", "b", "same")
Line = tuple[str, str, str]  # text, voice, seed
Heard = dict[str, Mapping[str, Any]]  # takes of a line, by who said it


@dataclass(frozen=True)
class Pair:
    """Two takes of one line; `a` and `b` name who is heard first and second."""

    id: str
    text: str
    a: str
    b: str


@dataclass(frozen=True)
class Preference:
    """How often one was preferred to the other; `low` and `high` are Wilson's interval of its share without ties."""

    one: str
    other: str
    won: int
    lost: int
    same: int
    share: float
    low: float
    high: float

    def in_words(self) -> str:
        """Say it."""
        if not self.won + self.lost:
            return f"no answer prefers {self.one} or {self.other}; {self.same} found them alike"
        sure = "" if self.low > 0.5 or self.high < 0.5 else "; that is no sure difference"
        counts = f"{self.won} of {self.won + self.lost} answers"
        share = f"{self.share:.0%}, 95 % interval {self.low:.0%} to {self.high:.0%}"
        return f"{self.one} was preferred to {self.other} in {counts} ({share}), {self.same} found them alike{sure}"


def write(folder: Path, one: str | None, other: str | None, seed: int) -> tuple[Path, list[Pair]]:
    """Write the page and its key into an evaluation's folder: of those named, or the best two by rank that spoke.

    ConfigError where there are no two, or they have no line in common.
    """
    by_line = _by_line(folder)
    names = _named(folder, one, other, by_line.values())
    both = [{name: found[name] for name in names} for found in by_line.values() if found.keys() >= set(names)]
    if not both:
        raise ConfigError(f"{folder}: {' and '.join(names)} said nothing in common; judge both in one evaluation")
    chance = random.Random(f"listening {seed} {names}")
    chance.shuffle(both)
    pairs, shown = [], []
    for number, found in enumerate(both[:MOST_PAIRS]):
        first, second = chance.sample(names, 2)
        pair = Pair(_id(seed, number, found), str(found[first]["text"]), first, second)
        pairs.append(pair)
        sounds = [base64.b64encode(mp3(folder / found[name]["audio"])).decode() for name in (first, second)]
        shown.append({"id": pair.id, "text": pair.text, "sounds": sounds})
    _write(folder, pairs, shown)
    return folder / PAGE, pairs


def preference(folder: Path, answers: Sequence[Path]) -> Preference:
    """Count answer files. ConfigError for what is no answer to this folder's page."""
    pairs = {pair["id"]: Pair(**pair) for pair in json.loads(_read(folder / KEY))}
    one, other = sorted({pair.a for pair in pairs.values()} | {pair.b for pair in pairs.values()})
    chosen = [each for path in answers for each in _answers(path, pairs)]
    won = sum(name == one for name in chosen)
    same = sum(name is None for name in chosen)
    return counted(one, other, won, len(chosen) - won - same, same)


def counted(one: str, other: str, won: int, lost: int, same: int) -> Preference:
    """Give a preference of counts."""
    share, low, high = wilson(won, won + lost)
    return Preference(one, other, won, lost, same, share, low, high)


def wilson(won: int, count: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval (Wilson 1927, JASA 22); 0 to 1 where nothing was counted."""
    if not count:
        return 0.5, 0.0, 1.0
    share = won / count
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    reach = Z / (1 + Z * Z / count) * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return share, max(0.0, middle - reach), min(1.0, middle + reach)


def _by_line(folder: Path) -> dict[Line, Heard]:
    """Give what was said of each line, by who said it."""
    by_line: dict[Line, Heard] = {}
    for take in map(json.loads, _read(folder / TAKES).splitlines()):
        if take["audio"]:
            by_line.setdefault((take["text"], take["voice"], str(take["seed"])), {})[take["subject"]] = take
    return by_line


def _named(folder: Path, one: str | None, other: str | None, said: Collection[Heard]) -> list[str]:
    """Return who is compared: the silent only if named, recordings where there is nobody else."""
    order = [each["name"] for each in json.loads(_read(folder / SUMMARY))["rank"]["order"]]
    known = [*order, "recordings"]
    if wrong := [name for name in (one, other) if name and name not in known]:
        raise ConfigError(f"{folder}: judged no {wrong[0]!r}; there are {', '.join(known)}")
    rest = [name for name in known if name not in (one, other) and any(name in found for found in said)]
    names = [name or (rest.pop(0) if rest else "") for name in (one, other)]
    if not all(names) or names[0] == names[1]:
        raise ConfigError(f"{folder}: two different voices are needed to compare; there are {', '.join(known)}")
    return names


def _write(folder: Path, pairs: Sequence[Pair], shown: Sequence[Mapping[str, Any]]) -> None:
    mark = hashlib.sha256("".join(pair.id for pair in pairs).encode()).hexdigest()[:12]
    content = json.dumps({"mark": mark, "pairs": shown}, ensure_ascii=False).replace("<", "\\u003c")
    page = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(title="Which is better?", content=content)
    with files.writing(folder):
        files.write_text(
            folder / KEY, json.dumps([asdict(pair) for pair in pairs], indent=1, ensure_ascii=False) + "\n"
        )
        files.write_text(folder / PAGE, page)


def _answers(path: Path, pairs: Mapping[str, Pair]) -> Iterable[str | None]:
    """Read who was preferred; None for nobody."""
    try:
        content = json.loads(_read(path))["answers"]
        found = [(pairs[pair], choice) for pair, choice in content.items()]
        if any(choice not in CHOICES for _, choice in found):
            raise ValueError("a choice is none of " + ", ".join(CHOICES))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path}: no answers to this folder's page ({error}); save them from the page again"
        ) from error
    return [{"a": pair.a, "b": pair.b, "same": None}[choice] for pair, choice in found]


def _id(seed: int, number: int, found: Mapping[str, Mapping[str, Any]]) -> str:
    sounds = " ".join(sorted(str(take["audio"]) for take in found.values()))
    return hashlib.sha256(f"{seed} {number} {sounds}".encode()).hexdigest()[:12]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); give the folder of `dimts evaluate`") from error
