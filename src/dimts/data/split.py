"""The split into train and eval: by a hash of seed and group, so that adding data never moves a clip across.

A group (by default the spoken text) is on one side as a whole: no sentence is both learned and examined. What was
assigned before stays as it was.
"""

import hashlib
from collections.abc import Collection, Mapping

from dimts.data.manifest import Side

EVAL_EXPECTED_CLIPS = 20  # from here on a dataset without any eval group gets one


def assign(groups: Mapping[str, int], known: Mapping[str, Side], share: float, seed: int) -> dict[str, Side]:
    """Give each group (with its number of clips) its side; `share` (0..1) of the groups go to eval.

    Groups in `known` stay. Of the new ones, the one nearest to eval goes there if `share` > 0, there are at least
    EVAL_EXPECTED_CLIPS clips and no other group is in eval; and the farthest goes to train if otherwise none would.
    """
    sides: dict[str, Side] = {g: known.get(g) or ("eval" if position(g, seed) < share else "train") for g in groups}
    new = sorted(groups.keys() - known.keys(), key=lambda group: position(group, seed))
    if (
        share
        and new
        and len(groups) > 1
        and sum(groups.values()) >= EVAL_EXPECTED_CLIPS
        and "eval" not in sides.values()
    ):
        sides[new[0]] = "eval"
    if new and "train" not in sides.values():
        sides[new[-1]] = "train"
    return sides


def position(group: str, seed: int) -> float:
    """Where a group lies in 0..1, the same on every machine and in every run."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def straddling(sides: Collection[tuple[str, Side]]) -> list[str]:
    """The groups that lie on both sides, sorted."""
    train, evaluation = ({group for group, side in sides if side == wanted} for wanted in ("train", "eval"))
    return sorted(train & evaluation)
