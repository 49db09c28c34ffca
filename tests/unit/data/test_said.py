"""What checks ask of a text, and each check of sound and text at its limit."""

from dataclasses import replace
from pathlib import Path

import pytest

from dimts.data.filters import Limits, Said, judge, warnings
from dimts.data.manifest import Clip
from dimts.data.measures import Measures
from dimts.data.pace import FAST, SLOW, with_pace
from dimts.data.saying import Reader
from dimts.text.base import vocabulary
from dimts.text.front import Front

GOOD = Measures(44_100, 22_050, -3.0, "", -40.0, -40.0, 40.0, -23.0, 0.0, 11_000, 0.0)
SAID = Said("hello there")
LIMITS = Limits()


def reason(measures: Measures = GOOD, said: Said = SAID, limits: Limits = LIMITS) -> str | None:
    finding = judge(measures, said, limits)
    return finding.reason if finding else None


@pytest.mark.parametrize(
    ("measures", "inside", "outside", "expected"),
    [
        ("clipped_share", 0.01, 0.011, "clipped"),
        ("snr_db", 5.0, 4.9, "low SNR"),
        ("music", 0.5, 0.51, "music"),
        ("same_voice", 0.64, 0.63, "several speakers"),
    ],
)
def test_limits_of_the_sound(measures: str, inside: float, outside: float, expected: str) -> None:
    assert reason(replace(GOOD, **{measures: inside})) is None  # type: ignore[arg-type]
    assert reason(replace(GOOD, **{measures: outside})) == expected  # type: ignore[arg-type]
    assert reason(replace(GOOD, **{measures: None})) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "inside", "outside", "expected"),
    [
        ("foreign_share", 0.3, 0.31, "wrong script"),
        ("unknown_tokens", 0, 1, "unknown tokens"),
        ("tokens", 402, 403, "too many tokens"),
        ("alignment", LIMITS.min_alignment, LIMITS.min_alignment - 0.1, "not what is said"),
    ],
)
def test_limits_of_the_text(said: str, inside: float, outside: float, expected: str) -> None:
    assert reason(said=replace(SAID, **{said: inside})) is None  # type: ignore[arg-type]
    assert reason(said=replace(SAID, **{said: outside})) == expected  # type: ignore[arg-type]


def test_a_band_is_asked_for() -> None:
    narrow = replace(GOOD, bandwidth_hz=3_400)
    assert reason(narrow) is None and warnings(narrow, SAID, LIMITS) == ("narrow band",)
    assert reason(narrow, limits=replace(LIMITS, min_bandwidth_hz=5_000)) == "narrow band"


def test_what_may_be_two_voices_is_kept_with_a_warning() -> None:
    assert warnings(replace(GOOD, same_voice=0.68), SAID, LIMITS) == ()
    assert warnings(replace(GOOD, same_voice=0.67), SAID, LIMITS) == ("several speakers",)


def test_a_word_that_we_cut_is_refused_one_of_a_whole_file_warned_of() -> None:
    loud = replace(GOOD, tail_db=-3.0)
    assert reason(loud) is None and warnings(loud, SAID, LIMITS) == ("loud edge",)
    assert reason(loud, replace(SAID, cut=True)) == "word cut at an edge"
    assert reason(replace(GOOD, head_db=-6.0), replace(SAID, cut=True)) is None


def test_warnings_keep_the_clip() -> None:
    poor = replace(GOOD, clipped_share=0.001, snr_db=10.0, bandwidth_hz=4_000, head_db=-1.0)
    said = replace(SAID, foreign="ж", foreign_share=0.1)
    assert reason(poor, said) is None
    found = warnings(poor, said, LIMITS)
    assert found == ("clipped", "low SNR", "narrow band", "loud edge", "letters of another script")
    assert warnings(GOOD, SAID, LIMITS) == ()


@pytest.mark.parametrize(
    ("language", "text", "share", "foreign"),
    [
        ("am", "ሰላም ለዓለም።", 0.0, ""),
        ("am", "ሰላም Привет", 6 / 9, "привет"),
        ("am", "ኮቪድ COVID", 0.0, ""),
        ("en", "Hello, café!", 0.0, ""),
        ("en", "Привет", 1.0, "Привет"[:5] + "т"),
        ("ru", "Привет, мир", 0.0, ""),
        ("ja", "これは日本語です", 0.0, ""),
        ("xx", "anything Привет", 0.0, ""),
        ("en", "123", 0.0, ""),
    ],
)
def test_scripts(language: str, text: str, share: float, foreign: str) -> None:
    said = Reader(Front(), language).said(text)
    assert said.foreign_share == pytest.approx(share, abs=1e-4)
    assert set(said.foreign.casefold()) == set(foreign.casefold())


def test_tokens(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(vocabulary(), encoding="utf-8")
    reader = Reader(Front(), "en", tmp_path / "vocab.json")
    said = reader.said("hello there")
    assert said.tokens and said.unknown_tokens == 0
    assert (reader.said("hello ሰላም").unknown_tokens or 0) > 0
    assert Reader(Front(), "en").said("hello").tokens is None


def test_pace_against_the_speakers_median() -> None:
    clip = Clip("0", "a", 16_000, 16_000, "", "", "x" * 12, "en", "s", "t:1", "train", "g")
    clips = [replace(clip, id=str(n), spoken="x" * (12 + n % 3)) for n in range(12)]
    clips += [
        replace(clip, id="fast", spoken="x" * 30),
        replace(clip, id="slow", spoken="x" * 5, warnings=("low SNR",)),
    ]
    clips += [replace(clip, id="alone", speaker="other", spoken="x" * 30)]
    found = {each.id: each.warnings for each in with_pace(clips, LIMITS) if each.warnings}
    assert found == {"fast": (FAST,), "slow": ("low SNR", SLOW)}
    mended = [replace(each, warnings=(FAST,)) for each in with_pace(clips, LIMITS)[:1]]
    assert with_pace(mended, LIMITS)[0].warnings == ()
