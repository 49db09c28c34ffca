"""Who speaks much faster or slower here than elsewhere: a sign of a text that is not what is said."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from dimts.data.filters import Limits
from dimts.data.manifest import Clip

LEAST_CLIPS = 10  # of a speaker: a median of fewer tells nothing
FAST, SLOW = "faster than the speaker's others", "slower than the speaker's others"


def with_pace(clips: Sequence[Clip], limits: Limits) -> list[Clip]:
    """Warn of clips whose characters a second are far from the median of their speaker's."""
    paces = defaultdict(list)
    for clip in clips:
        paces[clip.speaker].append(len(clip.spoken) / clip.duration_s)
    medians = {speaker: median(each) for speaker, each in paces.items() if len(each) >= LEAST_CLIPS}
    return [replace(clip, warnings=_warnings(clip, medians.get(clip.speaker), limits)) for clip in clips]


def _warnings(clip: Clip, usual: float | None, limits: Limits) -> tuple[str, ...]:
    others = tuple(warning for warning in clip.warnings if warning not in (FAST, SLOW))
    pace = len(clip.spoken) / clip.duration_s
    if usual and pace > limits.warn_pace_ratio * usual:
        return (*others, FAST)
    return (*others, SLOW) if usual and usual > limits.warn_pace_ratio * pace else others
