"""Captions: the cues of a recording as utterances, each a stretch of it, or turned away.

Words that stand for sounds, and cues that speak over one another, are no transcript of one voice. The cues of one
recording are one group. The surprise: a cue that reaches a little into the next one is cut there, and says so.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dimts.audio import io
from dimts.data.importers import Found, Utterance, wording
from dimts.data.importers.cues import Broken, Cue
from dimts.data.importers.places import printable, turned_away
from dimts.data.importers.wording import Wording
from dimts.data.manifest import Rejection

TRIMMED_S = 0.5  # so far may a cue reach into the next one: reading time that editors add
TRIMMED_SHARE = 0.5  # of the shorter of the two
DIARISED = re.compile(r"SPEAKER_\d+$")  # such a name holds within one recording
ENDS_S = 0.5  # past the end of the recording: players count so loosely
Extra = tuple[tuple[str, str], ...]
Problem = tuple[str, float | str, str]  # reason, measured, limit


@dataclass(frozen=True)
class Pair:
    """Subtitles and their recording, with what holds for all of its cues."""

    source: str  # of the cues, up to their line
    media: Path
    language: str | None = None
    extra: Extra = ()


def finds(pair: Pair, found: Sequence[Cue | Broken]) -> Iterator[Found]:
    """Give one utterance or rejection for each cue, in the order of the file."""
    whole = [each for each in found if isinstance(each, Cue)]
    texts = wording.unrolled(each.text for each in whole)
    said = wording.labelled(wording.of(text, cue.speaker) for text, cue in zip(texts, whole, strict=True))
    length_s = _length_s(pair.media)
    problems = {
        cue.line: problem for cue, words in zip(whole, said, strict=True) if (problem := _problem(cue, words, length_s))
    }
    ends_s = _parted([cue for cue in whole if cue.line not in problems], problems)
    words_of = {cue.line: words for cue, words in zip(whole, said, strict=True)}
    for each in found:
        if isinstance(each, Broken):
            yield _away(pair, each, ("bad cue", each.content[:200], "times and words"), each.content)
        elif problem := problems.get(each.line):
            yield _away(pair, each, problem, words_of[each.line].text or each.text)
        else:
            yield _utterance(pair, each, words_of[each.line], ends_s[each.line])


def _problem(cue: Cue, words: Wording, length_s: float) -> Problem | None:
    """What speaks against a cue on its own."""
    times = f"{cue.start_s:.3f} to {cue.end_s:.3f} s"
    if not (math.isfinite(cue.start_s) and math.isfinite(cue.end_s) and 0 <= cue.start_s < cue.end_s):
        return "bad time", times, "the end after the start"
    if words.problem:
        return words.problem, cue.text[:200], "the words of one speaker"
    if cue.end_s > length_s + ENDS_S:
        return "outside the recording", times, f"{length_s:.3f} s of recording"
    return None


def _parted(cues: Sequence[Cue], problems: dict[int, Problem]) -> dict[int, float]:
    """Give the end of each cue, cut where the next begins; those that overlap too far get their problem."""
    ends_s = {cue.line: cue.end_s for cue in cues}
    last: Cue | None = None  # of those so far, the one that ends last
    for cue in sorted(cues, key=lambda cue: (cue.start_s, cue.end_s)):
        over_s = min(ends_s[last.line], cue.end_s) - cue.start_s if last else 0.0
        if last and over_s > 0:
            shorter_s = min(ends_s[last.line] - last.start_s, cue.end_s - cue.start_s)
            if (last.text, last.start_s, last.end_s) == (cue.text, cue.start_s, cue.end_s):
                problems[cue.line] = ("repeated", f"line {last.line}", "each cue once")
                continue
            if over_s <= min(TRIMMED_S, TRIMMED_SHARE * shorter_s):
                ends_s[last.line] = cue.start_s
            else:
                limit = f"at most {TRIMMED_S:g} s, and {TRIMMED_SHARE:.0%} of the shorter"
                problems.setdefault(last.line, ("overlapping cues", f"{over_s:.3f} s with line {cue.line}", limit))
                problems[cue.line] = ("overlapping cues", f"{over_s:.3f} s with line {last.line}", limit)
        if last is None or ends_s[cue.line] > ends_s[last.line]:
            last = cue
    return ends_s


def _utterance(pair: Pair, cue: Cue, words: Wording, end_s: float) -> Utterance:
    speaker = f"{pair.media.stem}-{words.speaker}" if DIARISED.match(words.speaker) else words.speaker
    trimmed = (("trimmed", f"{cue.end_s - end_s:.3f} s that the next cue overlaps"),) if end_s < cue.end_s else ()
    group = printable("/".join(pair.media.parts[-2:]))
    utterance = Utterance(pair.media, words.text, speaker or None, f"{pair.source}{cue.line}", group, pair.language)
    return replace(utterance, start_s=cue.start_s, end_s=end_s, extra=(*pair.extra, *trimmed))


def _away(pair: Pair, cue: Cue | Broken, problem: Problem, text: str) -> Rejection:
    """Turn a cue away, with its stretch of the recording where it has one."""
    away = turned_away(pair.media.stem, *problem, f"{pair.source}{cue.line}", text)
    away = replace(away, recording=printable(str(pair.media)))
    if isinstance(cue, Broken) or problem[0] == "bad time":
        return away
    return replace(away, start_s=cue.start_s, end_s=cue.end_s, duration_s=round(cue.end_s - cue.start_s, 4))


def _length_s(media: Path) -> float:
    """Length by the header; what only ffmpeg reads may be of any length."""
    frames, rate_hz = io.length(media) or (math.inf, 1)
    return frames / rate_hz if frames and rate_hz else math.inf
