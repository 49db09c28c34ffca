"""The evaluation: every subject speaks the same lines, every scorer measures every take, and means are compared."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dimts.errors import ConfigError
from dimts.evaluate.ranges import Heard, Ranges
from dimts.evaluate.scorers import Column, Scorer, Values
from dimts.evaluate.speaking import RECORDINGS, Line, Sitting, Speaking, Take, recorded
from dimts.evaluate.subject import Subject
from dimts.text.languages import primary_of

Tell = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@dataclass(frozen=True)
class Plan:
    """What is said and how it is measured."""

    lines: tuple[Line, ...]
    targets: frozenset[str]  # languages that the voice is for; the others tell what was forgotten
    speaking: Speaking
    scorers: tuple[Scorer, ...]
    out: Path
    seed: int = 0
    heard: Heard = field(default_factory=dict)  # clips that tell what likeness is worth


@dataclass(frozen=True)
class Row:
    """A take and all its values."""

    take: Take
    values: Mapping[str, float]

    @property
    def language(self) -> str:
        return primary_of(self.take.line.sentence.language)


@dataclass(frozen=True)
class Judged:
    """A subject and all its rows."""

    name: str
    rows: tuple[Row, ...]
    update: int | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether it is the dataset's recordings: what speech can be at best, and no candidate."""
        return self.name == RECORDINGS


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured."""

    plan: Plan
    columns: tuple[Column, ...]  # of the scorers that are there
    absent: Mapping[str, str]  # why a column is empty
    subjects: tuple[Judged, ...]
    ranges: Mapping[str, Ranges] = field(default_factory=dict)  # of columns: what recordings have


def evaluate(
    plan: Plan,
    subjects: Sequence[Subject],
    tell: Tell = lambda what, done, of: None,
    with_recordings: bool = True,
) -> Evaluation:
    """Judge subjects one after the other, the recordings first; what is known from before is not done again.

    ConfigError when two have one name.
    """
    names = [subject.name for subject in subjects]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"two of what is to be judged are called {twice[0]}; rename a folder")
    reasons = {scorer: scorer.absent() for scorer in plan.scorers}
    present = [scorer for scorer, why in reasons.items() if why is None]
    spoken = [(subject, list(_spoken(plan, subject, tell))) for subject in subjects]
    real = recorded(plan.lines) if with_recordings else []
    groups = [(RECORDINGS, None, real), *((one.name, one.update, takes) for one, takes in spoken)]
    judged = [
        Judged(name, tuple(_measured(takes, present, name, tell)), update) for name, update, takes in groups if takes
    ]
    ranges = _ranges(plan, subjects, present, tell) if with_recordings and plan.heard else {}
    absent = {column.name: why for scorer, why in reasons.items() if why for column in scorer.columns}
    return Evaluation(plan, tuple(column for each in present for column in each.columns), absent, tuple(judged), ranges)


def _ranges(plan: Plan, subjects: Sequence[Subject], present: Sequence[Scorer], tell: Tell) -> dict[str, Ranges]:
    """Hear the dataset's speakers, by every ear: that of the first subject is the same in all of a run."""
    tell("recordings are heard", 0, 1)
    found = {name: ranges for scorer in present for name, ranges in scorer.ranges(plan.heard).items()}
    return found | ({"likeness": Sitting(subjects[0], plan.speaking).own_ranges(plan.heard)} if subjects else {})


def _spoken(plan: Plan, subject: Subject, tell: Tell) -> Iterator[Take]:
    """Let a subject say every line, and foresee each recording once."""
    sitting, foreseen = Sitting(subject, plan.speaking), set[str]()
    for number, line in enumerate(plan.lines):
        tell(f"{subject.name} speaks", number, len(plan.lines))
        take = sitting.take(line)
        if line.sentence.recording and line.sentence.id not in foreseen:
            foreseen.add(line.sentence.id)
            take = replace(take, facts={**take.facts, "foreseen": sitting.foreseen(line.sentence)})
        yield take
    tell(f"{subject.name} speaks", len(plan.lines), len(plan.lines))


def _measured(takes: Sequence[Take], scorers: Sequence[Scorer], name: str, tell: Tell) -> Iterator[Row]:
    """Let every scorer measure every take; put the values of each together."""
    columns: list[list[Values]] = []
    for number, scorer in enumerate(scorers):
        tell(f"{name} is measured", number, len(scorers))
        columns.append(scorer.score(takes))
    for take, *found in zip(takes, *columns, strict=True):
        values = {key: value for each in found for key, value in each.items() if value is not None}
        yield Row(take, values)
    tell(f"{name} is measured", len(scorers), len(scorers))
