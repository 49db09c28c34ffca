"""Very long texts in parts, for steps that take quadratic time or whose library breaks down (MeCab)."""

import re
from collections.abc import Callable

MOST = 10_000  # characters; no clip and no spoken piece comes near
PART = re.compile(rf"[\s\S]{{1,{MOST - 1}}}[。！？.!?\n]|[\s\S]{{1,{MOST}}}")


def in_parts(step: Callable[[str], str], between: str = "") -> Callable[[str], str]:
    """The same step, part by part for a text beyond MOST characters; parts end with sentences where they can."""

    def apply(text: str) -> str:
        if len(text) <= MOST:
            return step(text)
        return between.join(step(part) for part in PART.findall(text))

    return apply
