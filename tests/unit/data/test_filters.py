"""Every limit: just inside passes, just outside is turned away with the measure and the limit."""

from dataclasses import replace

import numpy as np
import pytest

from dimts.audio.io import Audio
from dimts.data.filters import Limits, Said, as_settings, from_settings, judge
from dimts.data.measures import Measures, measure
from dimts.errors import ConfigError

GOOD = Measures(samples=22_050, rate_hz=22_050, peak_dbfs=-3.0, content="")
LIMITS = Limits()


def reason(measures: Measures, spoken: str = "hello") -> str | None:
    finding = judge(measures, Said(spoken), LIMITS)
    return finding.reason if finding else None


def test_a_good_clip_passes() -> None:
    assert reason(GOOD) is None


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_too_short(rate_hz: int) -> None:
    edge = round(0.4 * rate_hz)
    assert reason(replace(GOOD, samples=edge, rate_hz=rate_hz)) is None
    assert reason(replace(GOOD, samples=edge - 1, rate_hz=rate_hz)) == "too short"


@pytest.mark.parametrize(
    ("rate_hz", "longest"), [(22_050, 255_995), (44_100, 511_990), (16_000, 185_756), (24_000, 278_634)]
)
def test_too_long_counts_samples_at_the_network_rate(rate_hz: int, longest: int) -> None:
    spoken = "long text " * 5
    assert reason(replace(GOOD, samples=longest, rate_hz=rate_hz), spoken) is None
    assert reason(replace(GOOD, samples=longest + 1, rate_hz=rate_hz), spoken) == "too long"


def test_silent() -> None:
    assert reason(replace(GOOD, peak_dbfs=-50.0)) is None
    assert reason(replace(GOOD, peak_dbfs=-50.1)) == "silent"


@pytest.mark.parametrize("spoken", ["", "  ", "…", "።", "-- ?!"])
def test_text_empty(spoken: str) -> None:
    assert reason(GOOD, spoken) == "text empty"


@pytest.mark.parametrize("spoken", ["ሰ", "1", "q", "好"])
def test_one_letter_is_text(spoken: str) -> None:
    assert reason(GOOD, spoken) is None


def test_characters_a_second() -> None:
    assert reason(GOOD, "a" * 40) is None
    assert reason(GOOD, "a" * 41) == "too many characters a second"
    two_s = replace(GOOD, samples=44_100)
    assert reason(two_s, "ab") is None
    assert reason(two_s, "a") == "too few characters a second"


def test_a_finding_says_measure_and_limit() -> None:
    finding = judge(replace(GOOD, samples=2205), Said("hello"), LIMITS)
    assert finding and (finding.reason, finding.measured, finding.limit) == ("too short", 0.1, 0.4)


def test_measures() -> None:
    measures = measure(Audio(np.array([0, 0.5, -0.5, 0], np.float32), 8_000))
    assert (measures.samples, measures.rate_hz, measures.peak_dbfs, measures.duration_s) == (4, 8_000, -6.0, 0.0005)
    assert measure(Audio(np.zeros(8_000, np.float32), 8_000)).peak_dbfs <= -100


def test_content_is_the_sound_and_its_rate() -> None:
    sound = Audio(np.array([0, 0.5], np.float32), 8_000)
    inaudible = Audio(np.array([0, 0.500001], np.float32), 8_000)  # the same in 16 bits
    assert measure(sound).content == measure(inaudible).content
    assert measure(sound).content != measure(Audio(sound.samples, 11_025)).content
    assert measure(sound).content != measure(Audio(-sound.samples, 8_000)).content


def test_override_by_name() -> None:
    assert LIMITS.override({"min_duration_s": "1.5"}) == replace(LIMITS, min_duration_s=1.5)
    assert judge(GOOD, Said("hello"), LIMITS.override({"min_duration_s": 1.5}))


def test_override_reports_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        LIMITS.override({"min_lenght_s": 1, "min_duration_s": "short", "max_duration_s": "nan"})
    unknown, word, nan = caught.value.problems
    assert "no limit min_lenght_s" in unknown and "max_characters_per_s" in unknown
    assert "short is not a number" in word and "nan is not a number" in nan


def test_settings_survive() -> None:
    changed = replace(LIMITS, min_peak_dbfs=-40)
    assert from_settings(as_settings(changed)) == changed
    assert from_settings({"min_peak_dbfs": -40, "of_a_later_version": 1}) == changed
