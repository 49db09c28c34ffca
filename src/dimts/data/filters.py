"""The checks of a clip, each a small function, each limit in one place: some turn it away, some only warn.

A check sees what was measured of the sound, so changing a limit never means decoding again.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace

from dimts.data.measures import Measures
from dimts.errors import ConfigError

MODEL_HZ = 22_050  # the rate the network hears; its longest clip is counted in samples of it


@dataclass(frozen=True)
class Limits:
    """What a clip may be; `--limit name=value` changes one. Those named `warn_` keep the clip."""

    min_duration_s: float = 0.4
    max_duration_s: float = 255_995 / MODEL_HZ  # 11.6 s: what the network's positions hold, see DESIGN section 3
    min_peak_dbfs: float = -50.0
    min_characters_per_s: float = 1.0  # spoken characters, spaces included; far outside any careful speaker
    max_characters_per_s: float = 40.0
    max_clipped_share: float = 0.01  # of the samples
    min_snr_db: float = 5.0
    min_bandwidth_hz: float = 0.0  # 0 takes telephone speech too
    max_music: float = 0.5  # of the time, where music is listened for
    min_same_voice: float = 0.64  # cosine of voice prints, where voices are told apart: chosen in benchmarks/README.md
    max_edge_db: float = -6.0  # of a cut clip: louder at an edge, a word was cut
    max_foreign_share: float = 0.3  # of the letters, in scripts that are not the language's
    max_unknown_tokens: float = 0.0  # where a vocabulary is given
    max_text_tokens: float = 402.0  # what the base's positions hold
    min_alignment: float = 0.25  # 0..1, where a recogniser listened: chosen in benchmarks/README.md
    same_marks: float = 0.15  # share of marks in common from which a clip is a copy of one with the same text
    other_marks: float = 0.6  # of one with another text: synthetic voices repeat whole words exactly
    warn_clipped_share: float = 0.0005
    warn_snr_db: float = 15.0
    warn_bandwidth_hz: float = 6_000.0
    warn_edge_db: float = -12.0
    warn_same_voice: float = 0.68
    warn_pace_ratio: float = 1.8  # characters a second, to the speaker's median or the median to them

    def override(self, values: Mapping[str, float | str]) -> "Limits":
        """Change limits by name. ConfigError names every unknown limit and every value that is no number."""
        known = [each.name for each in fields(self)]
        problems = [f"there is no limit {name}; choose from {', '.join(known)}" for name in values if name not in known]
        numbers = {name: _number(value) for name, value in values.items()}
        problems += [f"limit {name}: {values[name]} is not a number" for name, n in numbers.items() if n is None]
        if problems:
            raise ConfigError(*problems)
        return replace(self, **{name: number for name, number in numbers.items() if number is not None})


@dataclass(frozen=True)
class Said:
    """What a clip says, as far as checks ask; None where nobody counted."""

    spoken: str
    foreign_share: float = 0.0  # of its letters, in scripts that are not the language's
    foreign: str = ""  # those letters
    tokens: int | None = None
    unknown_tokens: int | None = None
    cut: bool = False  # from a longer recording, by us
    alignment: float | None = None


@dataclass(frozen=True)
class Finding:
    """Why a clip is turned away or warned of: a stable reason, the measured value and the limit it broke."""

    reason: str
    measured: float | str
    limit: float | str


Check = Callable[[Measures, Said, Limits], Finding | None]


def judge(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Give the first reason to turn a clip away, None if there is none."""
    return next(_found(CHECKS, measures, said, limits), None)


def warnings(measures: Measures, said: Said, limits: Limits) -> tuple[str, ...]:
    """Give the reasons to listen to a clip that is kept."""
    return tuple(finding.reason for finding in _found(WARNINGS, measures, said, limits))


def _found(checks: Iterable[Check], measures: Measures, said: Said, limits: Limits) -> Iterator[Finding]:
    return (finding for check in checks if (finding := check(measures, said, limits)))


def too_short(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse what is shorter than any word: a click or a wrong cut."""
    if measures.duration_s >= limits.min_duration_s:
        return None
    return Finding("too short", round(measures.duration_s, 3), limits.min_duration_s)


def too_long(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse what the network's positions cannot hold, counted in samples after resampling to MODEL_HZ."""
    duration_s = -(-measures.samples * MODEL_HZ // measures.rate_hz) / MODEL_HZ
    if duration_s <= limits.max_duration_s:
        return None
    return Finding("too long", round(duration_s, 3), round(limits.max_duration_s, 3))


def silent(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse recordings in which nothing is to be heard."""
    return _under("silent", measures.peak_dbfs, limits.min_peak_dbfs)


def clipped(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse recordings whose peaks are cut off."""
    return _over("clipped", measures.clipped_share, limits.max_clipped_share)


def noisy(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse recordings in which noise is nearly as loud as the speech."""
    return _under("low SNR", measures.snr_db, limits.min_snr_db)


def narrow(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse recordings whose high tones are missing."""
    return _under("narrow band", measures.bandwidth_hz, limits.min_bandwidth_hz)


def music(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse music."""
    return _over("music", measures.music, limits.max_music)


def many_voices(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse clips in which two people speak."""
    return _under("several speakers", measures.same_voice, limits.min_same_voice)


def word_cut(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse a clip of ours that begins or ends inside a word."""
    return _over("word cut at an edge", _edge_db(measures) if said.cut else None, limits.max_edge_db)


def wordless(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse texts of which the normaliser leaves no letter or digit."""
    return None if any(map(str.isalnum, said.spoken)) else Finding("text empty", said.spoken, "a letter or a digit")


def wrong_script(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse texts of another language's letters."""
    return _over("wrong script", said.foreign_share, limits.max_foreign_share)


def unknown_tokens(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse texts that the vocabulary cannot write."""
    return _over("unknown tokens", said.unknown_tokens, limits.max_unknown_tokens)


def too_many_tokens(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse texts longer than the network's positions."""
    return _over("too many tokens", said.tokens, limits.max_text_tokens)


def too_slow(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse texts too short for their recording: words are missing."""
    return _under("too few characters a second", pace(measures, said.spoken), limits.min_characters_per_s)


def too_fast(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse texts too long for their recording: nobody speaks so fast."""
    return _over("too many characters a second", pace(measures, said.spoken), limits.max_characters_per_s)


def misread(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Refuse texts that are not what a recogniser heard."""
    return _under("not what is said", said.alignment, limits.min_alignment)


def warn_clipped(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Warn of some peaks that are cut off."""
    return _over("clipped", measures.clipped_share, limits.warn_clipped_share)


def warn_noisy(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Warn of noise."""
    return _under("low SNR", measures.snr_db, limits.warn_snr_db)


def warn_narrow(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Warn of missing high tones: the voice will sound like that."""
    return _under("narrow band", measures.bandwidth_hz, limits.warn_bandwidth_hz)


def warn_edge(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Warn of a clip that is loud at an edge, for a word may be cut."""
    return _over("loud edge", _edge_db(measures), limits.warn_edge_db)


def warn_voices(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Warn of clips in which two people may speak."""
    return _under("several speakers", measures.same_voice, limits.warn_same_voice)


def warn_script(measures: Measures, said: Said, limits: Limits) -> Finding | None:
    """Warn of letters that nobody reads."""
    return Finding("letters of another script", said.foreign, "the language's own") if said.foreign else None


CHECKS: tuple[Check, ...] = (wordless, too_short, too_long, silent, wrong_script, too_slow, too_fast, clipped, noisy,
                             narrow, music, many_voices, word_cut, unknown_tokens, too_many_tokens,
                             misread)  # fmt: skip
WARNINGS: tuple[Check, ...] = (warn_clipped, warn_noisy, warn_narrow, warn_edge, warn_voices, warn_script)


def pace(measures: Measures, spoken: str) -> float:
    """Spoken characters a second."""
    return len(spoken) / measures.duration_s


def as_settings(limits: Limits) -> dict[str, float]:
    """Limits as `dataset.json` keeps them."""
    return asdict(limits)


def from_settings(settings: Mapping[str, float]) -> Limits:
    """Limits as `dataset.json` kept them; names that this version does not know are left alone."""
    known = {each.name for each in fields(Limits)}
    return Limits(**{name: value for name, value in settings.items() if name in known})


def _under(reason: str, measured: float | None, least: float) -> Finding | None:
    return None if measured is None or measured >= least else Finding(reason, round(measured, 4), least)


def _over(reason: str, measured: float | None, most: float) -> Finding | None:
    return None if measured is None or measured <= most else Finding(reason, round(measured, 4), most)


def _edge_db(measures: Measures) -> float | None:
    """The louder edge of a clip."""
    levels = [level for level in (measures.head_db, measures.tail_db) if level is not None]
    return max(levels, default=None)


def _number(value: float | str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return None if math.isnan(number) else number
