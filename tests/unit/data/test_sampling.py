"""What an epoch holds: every clip once, or groups in their shares; replay and short clips in theirs."""

import time
import tracemalloc
from collections import Counter
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.config import Data, RunConfig
from dimts.data.batching import Plan
from dimts.data.dataset import Example
from dimts.data.sampling import Sampler
from dimts.errors import DataError
from tests.unit.data.test_batching import drawn, example, planned

SHORT_SAMPLES, LONG_SAMPLES = 22_050, 110_250  # 1 s and 5 s
COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=5)
SEEDS = st.integers(0, 2**32)
SHARES = st.sampled_from([0.0, 0.01, 0.1, 0.25, 0.4])


def clips(counts: list[int], short: int = 0) -> list[Example]:
    """Clips of speakers in turn who have so many each, every language two speakers; each `short`-th clip is short."""
    speakers = [number for number, count in enumerate(counts) for _ in range(count)]
    sizes = [SHORT_SAMPLES if short and n % short == 0 else LONG_SAMPLES for n in range(len(speakers))]
    return [
        example(n, size, language=["am", "ti", "en", "fr"][speaker // 2 % 4], speaker=f"s{speaker}")
        for n, (speaker, size) in enumerate(zip(speakers, sizes, strict=True))
    ]


def sampler(main: list[Example], replay: list[Example] | None = None, seed: int = 0, **data: object) -> Sampler:
    given = {"datasets": ["a"], **({"replay": ["b"]} if replay else {}), **data}
    return Sampler([*main, *(replay or [])], len(main), Data.model_validate(given), seed)


def counted(one: Sampler, epoch: int) -> Counter[int]:
    return Counter(one.epoch(epoch).tolist())


@settings(max_examples=40, deadline=None)
@given(COUNTS, COUNTS, SHARES, SHARES, SEEDS)
def test_each_clip_once_whatever_comes_beside_it(
    counts: list[int], others: list[int], replay_share: float, short_share: float, seed: int
) -> None:
    """Every main clip once an epoch, short ones again where too few; replay and short clips have their shares."""
    main, replay = clips(counts, short=3), clips(others, short=5) if replay_share else []
    one = sampler(main, replay, seed, replay_share=replay_share, short_share=short_share, short_s=1.0)
    heard = [*main, *replay]
    for epoch in range(3):
        found = counted(one, epoch)
        draws = found.total()
        assert draws == one.draws_per_epoch == len(main) + one.replayed + one.again
        assert all(found[n] >= 1 for n in range(len(main)))
        assert all(found[n] == 1 for n, e in enumerate(main) if e.samples == LONG_SAMPLES or not one.again)
        replayed = sum(count for n, count in found.items() if n >= len(main))
        assert replayed == one.replayed and (replayed > 0) == (replay_share > 0)
        assert abs(replayed - replay_share * draws) <= 2
        short = sum(count for n, count in found.items() if heard[n].samples == SHORT_SAMPLES)
        assert short >= short_share * draws - 1e-9
        natural: float = sum(e.samples == SHORT_SAMPLES for e in main)
        natural += replayed * sum(e.samples == SHORT_SAMPLES for e in replay) / max(1, len(replay))
        assert not short_share or short <= max(short_share * draws, natural) + 3  # no more than was asked for or there


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.sampled_from([1.0, 1.5, 5.0, 100.0]), st.sampled_from(["language", "speaker"]), SEEDS)
def test_balanced_groups_have_their_shares(counts: list[int], temperature: float, by: str, seed: int) -> None:
    main = clips(counts)
    one = sampler(main, seed=seed, sampling="balanced", balance_by=by, temperature=temperature)
    group = [e.clip.language if by == "language" else e.clip.speaker for e in main]
    sizes = Counter(group)
    weights = {name: size ** (1 / temperature) for name, size in sizes.items()}
    for epoch in range(3):
        found = counted(one, epoch)
        assert found.total() == len(main) == one.draws_per_epoch
        for name, weight in weights.items():
            draws = sum(count for n, count in found.items() if group[n] == name)
            assert abs(draws - len(main) * weight / sum(weights.values())) < 1 and draws >= 1
        if temperature == 1:
            assert found == dict.fromkeys(range(len(main)), 1)


@settings(max_examples=30, deadline=None)
@given(COUNTS, COUNTS, SEEDS)
def test_coverage_is_as_even_as_can_be(counts: list[int], others: list[int], seed: int) -> None:
    """After any number of epochs no clip of a group was drawn twice more than another, of replay alike."""
    main, replay = clips(counts), clips(others)
    one = sampler(main, replay, seed, sampling="balanced", balance_by="speaker", replay_share=0.3)
    for total in accumulate(counted(one, epoch) for epoch in range(6)):
        for own in [*one.groups.values(), np.arange(len(main), len(main) + len(replay))]:
            found = [total[int(n)] for n in own]
            assert max(found) - min(found) <= 1


def test_short_clips_of_a_group_are_drawn_as_often_as_its_others() -> None:
    one = sampler(clips([20, 200], short=7), sampling="balanced", balance_by="speaker", short_share=0.01, short_s=1.0)
    assert one.again == 0
    total = sum((counted(one, epoch) for epoch in range(10)), Counter[int]())
    for own in one.groups.values():
        found = [total[int(n)] for n in own]
        assert max(found) - min(found) <= 2


def test_short_clips_that_come_again_keep_groups_balanced() -> None:
    main = clips([30, 300], short=10)
    data = Data(datasets=[Path("a")], sampling="balanced", balance_by="speaker", temperature=100, short_share=0.5)
    one = Sampler(main, len(main), data, 0)
    found = counted(one, 0)
    assert one.again > 200
    assert sum(count for n, count in found.items() if n < 30) == pytest.approx(found.total() / 2, rel=0.03)


def test_orders_differ() -> None:
    """Between epochs, seeds and streams; the same address gives the same order, however often and when asked."""
    main, replay = clips([60, 60]), clips([60, 60])

    def of(seed: int) -> Sampler:
        return sampler(main, replay, seed, sampling="balanced", balance_by="speaker", replay_share=0.25)

    one, two, again = of(0), of(1), of(0)
    orders = [tuple(each.epoch(epoch).tolist()) for each in (one, two) for epoch in range(4)]
    assert len(set(orders)) == 8
    for epoch in (3, 0, 2, 1, 3):
        assert tuple(again.epoch(epoch).tolist()) == orders[epoch]
    halves = [[n % 60 for n in stream.draws(0, 0).tolist()] for stream in one.streams[:2]]
    assert halves[0] != halves[1] and sorted(halves[0]) == sorted(halves[1])


def test_replay_moves_on_from_epoch_to_epoch() -> None:
    """Forty of a thousand clips an epoch: the next forty are others, and so on until all were heard."""
    one = sampler(clips([360]), clips([1000]), replay_share=0.1)
    heard = [n for epoch in range(25) for n in counted(one, epoch) if n >= 360]
    assert one.replayed == 40 and len(heard) == len(set(heard)) == 1000


@pytest.mark.parametrize(("size", "accumulation"), [(1, 1), (4, 3), (7, 50)])
def test_batches_and_ranks_change_no_epoch(size: int, accumulation: int) -> None:
    """Positions are those of the epoch: whatever an update holds, laid end to end it is the same epoch."""
    given: dict[str, Any] = {
        "data": {"sampling": "balanced", "balance_by": "speaker", "replay_share": 0.2, "short_share": 0.4},
        "prompt": {"source": "same_speaker", "min_samples": 8000, "max_samples": 16_000, "speed": 0.1},
    }
    main, replay = clips([5, 30], short=4), clips([9])
    reference = planned(main, replay, batch={"clips": 1}, **given)
    one = planned(main, replay, batch={"clips": size, "accumulation": accumulation}, **given)
    for epoch in range(3):
        first, updates = epoch * one.updates_per_epoch, one.updates_per_epoch
        expected = [reference.prompter.draw(int(n), epoch, i) for i, n in enumerate(reference.sampler.epoch(epoch))]
        assert drawn(one, range(first, first + updates)) == expected


def test_short_clips_that_nobody_has() -> None:
    with pytest.raises(DataError, match="data.short_s: no training clip is as short; raise it, or set"):
        sampler(clips([5]), short_share=0.1, short_s=1.0)
    assert sampler(clips([5]), short_share=0.1, short_s=9.0).again == 0


def test_in_words() -> None:
    main, replay = clips([90, 0, 10], short=10), clips([50])
    assert sampler(main).in_words() == ""
    assert sampler(main, replay, replay_share=0.2, short_share=0.5, short_s=1).in_words() == (
        "an epoch is 300 draws: 100 clips once, 60 of replay (50 clips), 140 more of short clips"
    )
    told = sampler(main, sampling="balanced", temperature=1.5).in_words()
    assert told == "an epoch is 100 draws: 81 of am (90 clips), 19 of ti (10 clips)"
    many = sampler(clips([1] * 20), sampling="balanced", balance_by="speaker").in_words()
    assert many.count(" of s") == 6


def test_the_cost_of_an_update_does_not_grow() -> None:
    """From 1,000 to 100,000 clips with everything on: as long for each update, memory in proportion."""

    def measured(count: int) -> tuple[float, float]:
        main = clips([600, 400], short=9) * (count // 1000)
        given = {"sampling": "balanced", "replay_share": 0.1, "short_share": 0.3, "short_s": 1.0}
        run = RunConfig.model_validate(
            {
                "base": "a", "out": "b", "data": {"datasets": ["a"], "replay": ["b"], **given},
                "batch": {"by": "tokens", "tokens": 4000, "clips": 4, "accumulation": 8},
                "prompt": {"source": "same_speaker", "noise_snr_db": 10},
            }
        )  # fmt: skip
        tracemalloc.start()
        one: Plan = planned(main, main[:1000], data=run.data.model_dump(), batch=run.batch, prompt=run.prompt)
        one.update(0)
        memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        times = []
        for number in range(20):
            began = time.perf_counter()
            one.update(number)
            times.append(time.perf_counter() - began)
        return min(times), memory / count

    (few_s, few_bytes), (many_s, many_bytes) = measured(1000), measured(100_000)
    assert many_s < 3 * few_s and many_bytes < max(200, few_bytes)
