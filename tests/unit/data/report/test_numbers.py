"""The numbers of a report: who, how much, why, how it spreads."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import builds, floats, integers, lists

from dimts.data.report import numbers
from dimts.data.report.numbers import Amount
from dimts.data.report.quantities import MOST_BARS, QUANTITIES, Histogram, histogram
from tests.unit.data.report.clips import clip, dataset, rejection

DURATION, PACE, SNR = QUANTITIES[:3]
LIMITS = {"min_duration_s": 0.4, "max_duration_s": 11.6, "min_snr_db": 5.0, "warn_snr_db": 15.0}


def spread(values: Sequence[float]) -> Histogram:
    found = histogram(SNR, [clip(number, snr_db=value) for number, value in enumerate(values)], LIMITS)
    assert found is not None and sum(found.counts) == len(values)
    return found


def test_who_speaks_how_much_and_how(tmp_path: Path) -> None:
    clips = [clip(n, "ሰላም ነው", 2.0, speaker="Abebe", snr_db=10.0 * n, loudness_lufs=-20.0 - n) for n in range(3)]
    clips += [clip(9, duration_s=7.0), clip(10, duration_s=1.0, split="eval", snr_db=3.0)]
    report = numbers.of(dataset(tmp_path, *clips))
    sara, abebe = report.speakers
    assert (sara.name, sara.amount, sara.eval_clips, sara.snr_db) == ("Sara", Amount(2, 8.0), 1, 3.0)
    assert (abebe.amount, abebe.eval_clips, abebe.pace) == (Amount(3, 6.0), 0, 3.0)
    assert (abebe.snr_db, abebe.loudness_lufs, sara.loudness_lufs) == (10.0, -21.0, None)
    assert (report.accepted, report.train, report.eval) == (Amount(5, 14.0), Amount(4, 13.0), Amount(1, 1.0))


def test_many_speakers_and_sources_are_added_up(tmp_path: Path) -> None:
    clips = [clip(n, duration_s=1 + n, speaker=f"s{n}", source=f"t{n}.csv:1") for n in range(23)]
    report = numbers.of(dataset(tmp_path, *clips))
    assert [each.name for each in report.speakers] == [f"s{n}" for n in range(22, 2, -1)]
    assert (report.other_speakers, report.other_speakers_count) == (Amount(3, 6.0), 3)
    assert report.other_sources == 3 and len(report.sources) == 21
    rest = report.sources[-1]
    assert (rest.found, rest.accepted, rest.found_s, rest.accepted_s) == (3, 3, 6.0, 6.0)
    assert sum(each.accepted_s for each in report.sources) == report.accepted.seconds


def test_reasons_and_warnings_with_counts_and_seconds(tmp_path: Path) -> None:
    rejected = (rejection(0), rejection(1, "low SNR", 3.0), rejection(2, "low SNR", 4.0))
    clips = (clip(0, warnings=("low SNR", "loud edge")), clip(1, warnings=("low SNR",)), clip(2))
    report = numbers.of(dataset(tmp_path, *clips, rejected=rejected))
    assert [(each.reason, each.amount) for each in report.reasons] == [
        ("low SNR", Amount(2, 7.0)),
        ("too short", Amount(1, 0.3)),
    ]
    assert report.reasons[0].example == rejected[1]
    assert report.warnings == {"low SNR": Amount(2, 4.0), "loud edge": Amount(1, 2.0)}
    (account,) = report.sources
    assert (account.found, account.accepted, account.rejected) == (6, 3, 3)
    assert account.found_s == pytest.approx(report.accepted.seconds + report.rejected.seconds)
    assert report.balanced


def test_accounts_that_do_not_add_up_are_told(tmp_path: Path) -> None:
    whole = dataset(tmp_path, clip(0))
    torn = replace(whole, totals=(replace(whole.totals[0], found=2),))
    assert numbers.of(whole).balanced and not numbers.of(torn).balanced


def test_what_sources_say_of_their_clips(tmp_path: Path) -> None:
    clips = [clip(n, extra={"licence": "CC0" if n else "CC-BY", "url": f"https://x/{n}"}) for n in range(12)]
    licence, url = numbers.of(dataset(tmp_path, *clips)).said
    assert (licence.values, licence.others) == ({"CC0": Amount(11, 22.0), "CC-BY": Amount(1, 2.0)}, 0)
    assert (len(url.values), url.others) == (8, 4)


def test_histograms_have_round_bars_that_hold_every_clip() -> None:
    found = spread([20.2, 20.9, 21.5, 39.9])
    assert found.edges[0] == 20.0 and found.edges[1] == 20.5 and found.edges[-1] == 40.0
    assert found.counts[0] == found.counts[1] == found.counts[3] == found.counts[-1] == 1
    assert (found.smallest, found.largest) == (20.2, 39.9) and found.median == 21.5
    assert (found.limits, found.warned) == ((5.0,), (15.0,))


def test_an_outlier_does_not_squeeze_the_others_into_one_bar() -> None:
    found = spread([20 + n / 100 for n in range(1000)] + [1e6])
    assert found.edges[-1] < 50 and found.counts[-1] == 1 and found.largest == 1e6
    assert sum(count > 0 for count in found.counts) > 15


@pytest.mark.parametrize("values", [[7.0], [7.0] * 9, [0.0, 1e-12], [-0.1, 0.1]])
def test_histograms_of_nearly_nothing(values: list[float]) -> None:
    assert spread(values).edges[0] <= min(values) < spread(values).edges[-1]


@given(
    lists(floats(-1e6, 1e6), min_size=1, max_size=40)
    | builds(lambda one, n: [one] * n, floats(-99, 99), integers(1, 9))
)
def test_histograms_of_anything(values: list[float]) -> None:
    found = spread(values)
    assert 1 <= len(found.counts) <= 2 * MOST_BARS and all(a < b for a, b in pairwise(found.edges))
    assert found.low <= found.median <= found.high


def test_what_nobody_measured_has_no_histogram(tmp_path: Path) -> None:
    report = numbers.of(dataset(tmp_path, clip(0, snr_db=float("nan")), clip(1, loudness_lufs=-20.0)))
    assert [each.name for each in report.histograms] == ["Duration", "Characters a second", "Loudness"]
    assert report.unmeasured == ("Signal to noise", "Highest tone", "Alignment score", "One voice")


def test_numbers_for_programs(tmp_path: Path) -> None:
    facts = json.loads(json.dumps(numbers.facts(numbers.of(dataset(tmp_path, clip(0), rejected=(rejection(1),))))))
    assert facts["train"] == {"clips": 1, "seconds": 2.0} and facts["balanced"] is True
    assert facts["reasons"][0]["example"]["limit"] == 0.4
    assert set(facts["rare_characters"]) == set("ሰላም") and "ሉ" in facts["missing_characters"]
    assert facts["untrained_characters"] == ""
