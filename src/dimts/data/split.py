"""The split into train and eval: clips that share a recording, a text or a group are on one side, and stay there.

Clips hang together through their keys; what hangs together is one group. Groups of earlier runs keep their side. The
surprise: a new clip that would tie an eval group to a train group is turned away, for moving either would spoil what
was measured with them. Of new groups so many go to eval that it holds its share of every length of clip.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from dimts.data.manifest import Clip, Rejection, Side
from dimts.data.words import group_of

EVAL_EXPECTED_CLIPS = 20  # from here on a dataset without any eval group gets one
EXPECTED_GROUPS = 20  # with fewer groups by recording, eval would be one recording or two: `auto` then goes by text
STRATA_S = (3.0, 6.0, 9.0)  # bounds of short, middle, long and very long clips
RECORDING = "recording "  # begins the key of clips that were cut from one file
By = Literal["recording", "speaker", "text"]


@dataclass
class Ties:
    """Which keys hang together (union-find), and the side of each group that has one."""

    _parents: dict[str, str] = field(default_factory=dict)
    _sides: dict[str, Side] = field(default_factory=dict)

    def root(self, key: str) -> str:
        """Name what stands for all that hangs together with a key."""
        parent = self._parents.setdefault(key, key)
        while parent != key:
            self._parents[key] = self._parents[parent]
            key, parent = parent, self._parents[parent]
        return key

    def sides(self, keys: Iterable[str]) -> set[Side]:
        """Give the sides on which keys lie already."""
        return {self._sides[root] for root in map(self.root, keys) if root in self._sides}

    def tie(self, keys: Sequence[str], side: Side | None = None) -> None:
        """Make keys one group; `side` is where it goes if none of them has one."""
        known = self.sides(keys)
        assert len(known) <= 1, keys
        first = self.root(keys[0])
        for key in keys[1:]:
            self._parents[self.root(key)] = first
        if known or side:
            self._sides[first] = known.pop() if known else side  # type: ignore[assignment]


def choose(clips: Iterable[Clip]) -> By:
    """Give what `auto` stands for: groups by recording where there are enough of them, else by text."""
    ties = Ties()
    keys = [keys_of(clip, "recording") for clip in clips]
    for each in keys:
        ties.tie(each)
    return "recording" if len({ties.root(each[0]) for each in keys}) >= EXPECTED_GROUPS else "text"


def divide(
    clips: Sequence[Clip], old: Mapping[str, Clip], by: By, share: float, seed: int
) -> tuple[list[Clip], list[Clip]]:
    """Give every clip its group and side; also give the clips that no side can take.

    `old` holds the clips of the last run by id. `share` (0..1) of the clips go to eval, by whole groups; at least one
    group where there are EVAL_EXPECTED_CLIPS, and never all of them.
    """
    ties, torn, keys = Ties(), [], {clip.id: keys_of(clip, by) for clip in clips}
    for clip in _oldest_first(clips, old):
        if len(ties.sides(keys[clip.id])) > 1:
            torn.append(clip)
            continue
        before = old.get(clip.id)
        ties.tie(keys[clip.id], before.split if before else None)
    gone = {clip.id for clip in torn}
    grouped = _named([clip for clip in clips if clip.id not in gone], old, keys, ties)
    known = {clip.group: side for clip in grouped for side in ties.sides(keys[clip.id])}
    sides = assign(grouped, known, share, seed)
    return [replace(clip, split=sides[clip.group]) for clip in grouped], torn


def keys_of(clip: Clip, by: By) -> tuple[str, ...]:
    """Name all that ties a clip to others; a recording, and the group its source gave it, tie what was cut from it."""
    cut = clip.start_s is not None
    if by == "text" and cut:
        return (group_of(clip.spoken),)
    keys = [clip.group, group_of(clip.spoken)]
    if by != "text" and cut and clip.origin:
        keys.append(f"{RECORDING}{clip.origin[:16]}")
    if by == "speaker":
        keys.append(f"speaker {clip.speaker}")
    return tuple(dict.fromkeys(keys))


def turned_away(clip: Clip) -> Rejection:
    """Give the ledger's line of a clip that ties train to eval."""
    what, limit = f"{clip.group[:80]}, {clip.spoken[:80]}", "train and eval share no text, recording or group"
    place = (clip.source, clip.text, clip.duration_s, "", clip.start_s, clip.end_s)
    return Rejection(clip.id, "split", "ties eval to train", what, limit, *place)


def assign(clips: Sequence[Clip], known: Mapping[str, Side], share: float, seed: int) -> dict[str, Side]:
    """Give each group its side; those in `known` stay. Of the new, eval gets what its lengths lack, in hash order."""
    groups = {clip.group: Counter[int]() for clip in clips}
    for clip in clips:
        groups[clip.group][stratum(clip.duration_s)] += 1
    sides: dict[str, Side] = {group: known.get(group, "train") for group in groups}
    new = sorted(groups.keys() - known.keys(), key=lambda group: position(group, seed))
    lacking = Counter({s: share * sum(g[s] for g in groups.values()) for s in range(len(STRATA_S) + 1)})
    for group, side in sides.items():
        lacking.subtract(groups[group] if side == "eval" else {})
    for group in _chosen(new, groups, lacking):
        sides[group] = "eval"
    if share and new and len(groups) > 1 and len(clips) >= EVAL_EXPECTED_CLIPS and "eval" not in sides.values():
        sides[min(new, key=lambda group: (sum(groups[group].values()), position(group, seed)))] = "eval"
    if new and "train" not in sides.values():
        sides[new[-1]] = "train"
    return sides


def _chosen(new: Sequence[str], groups: Mapping[str, Counter[int]], lacking: Counter[int]) -> Iterable[str]:
    """Yield what goes to eval: for the length that lacks most the next in order, while that brings us nearer."""
    queues = {s: [g for g in reversed(new) if groups[g].most_common(1)[0][0] == s] for s in lacking}
    while sum(lacking.values()) >= 0.5 and any(queues.values()):
        most = max((s for s in queues if queues[s]), key=lambda s: lacking[s])
        group = queues[most].pop()
        if sum(groups[group].values()) < 2 * sum(lacking.values()):
            lacking.subtract(groups[group])
            yield group


def stratum(duration_s: float) -> int:
    """Give the place of a length among the strata."""
    return sum(duration_s >= bound for bound in STRATA_S)


def position(group: str, seed: int) -> float:
    """Where a group lies in 0..1, the same on every machine and in every run."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def straddling(sides: Collection[tuple[str, Side]]) -> list[str]:
    """The groups that lie on both sides, sorted."""
    train, evaluation = ({group for group, side in sides if side == wanted} for wanted in get_args(Side))
    return sorted(train & evaluation)


def _oldest_first(clips: Sequence[Clip], old: Mapping[str, Clip]) -> list[Clip]:
    """Clips that stand as they stood, those of train first; then what is new or says something else now."""

    def age(clip: Clip) -> tuple[bool, bool]:
        before = old.get(clip.id)
        same = before is not None and before.spoken == clip.spoken
        return not same, before is not None and before.split != "train"

    return sorted(clips, key=age)


def _named(clips: Sequence[Clip], old: Mapping[str, Clip], keys: Mapping[str, Sequence[str]], ties: Ties) -> list[Clip]:
    """Give each clip its group's name: the one it had, else a recording's, else the first text's."""
    names: dict[str, tuple[bool, bool, str]] = {}
    for clip in clips:
        had = {old[clip.id].group} if clip.id in old else set()
        root = ties.root(keys[clip.id][0])
        ranks = [(key not in had, not key.startswith(RECORDING), key) for key in keys[clip.id]]
        names[root] = min([*ranks, *([names[root]] if root in names else [])])
    return [replace(clip, group=names[ties.root(keys[clip.id][0])][2]) for clip in clips]
