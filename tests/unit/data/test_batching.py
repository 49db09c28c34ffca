"""Order, prompts, micro-batches: pure functions of (seed, epoch, position); what is masked is what is not counted."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dimts.config import Batch, Data, Prompt, RunConfig
from dimts.data.batching import IGNORED, Plan, collate, lay_out
from dimts.data.codes import Cache
from dimts.data.dataset import Example, Pair
from dimts.data.manifest import Clip
from dimts.data.prompting import Draw, fixed_draw, targets
from dimts.model.shapes import STOP_CODE

STATS = torch.full((80,), 4.0)
STOP_ID = 9
LATENTS = 32
PROMPT = Prompt()
SHORT = Prompt(min_samples=8000, max_samples=16_000)


class Memory(Cache):
    """A cache that makes up codes and mels: codes count up, so that each tells its place."""

    def __init__(self) -> None:
        super().__init__({})

    def read(self, clip: Clip) -> tuple[Tensor, Tensor]:
        frames = clip.samples // 256 + 1
        return torch.arange(-(-clip.samples // 1024)), torch.arange(float(frames)).expand(80, -1)


MEMORY = Memory()


def example(number: int, samples: int, tokens: int = 5, language: str = "en", speaker: str = "Abebe") -> Example:
    text = f"text {number}"
    clip = Clip(f"clip{number}", "a.flac", samples, 22_050, str(number), text, text, language, speaker, "", "train", "")
    return Example(Path("dataset"), clip, tuple(range(tokens)), -(-samples // 1024), samples, MEMORY)


def examples(count: int) -> list[Example]:
    """Clips of 0.4 s to 11.6 s."""
    return [example(n, 8820 + n * 7919 % (255_995 - 8820), 3 + n % 50) for n in range(count)]


def plan(clips: Sequence[Example], size: int = 4, accumulation: int = 3, seed: int = 0, prompt: Prompt = SHORT) -> Plan:
    batch = Batch(clips=size, accumulation=accumulation)
    return planned(clips, prompt=prompt, batch=batch, seed=seed)


def planned(clips: Sequence[Example], replay: Sequence[Example] = (), latents: int = LATENTS, **settings: Any) -> Plan:
    """The plan of a run on these clips, with some sections of its run file."""
    data = {"datasets": ["a"], **({"replay": ["b"]} if replay else {}), **settings.pop("data", {})}
    run = RunConfig(base=Path("base"), out=Path("out"), data=Data.model_validate(data), **settings)
    return Plan(Pair(tuple(clips), (), (), (), tuple(replay)), run, latents)


def drawn(plan: Plan, updates: range) -> list[Draw]:
    return [draw for n in updates for batch in plan.update(n).micro_batches for draw in batch]


@pytest.mark.parametrize("count", [1, 11, 12, 13, 24, 100])
def test_every_clip_exactly_once_an_epoch(count: int) -> None:
    whole = plan(examples(count))
    assert whole.updates_per_epoch == -(-count // 12)
    for epoch in range(3):
        updates = range(epoch * whole.updates_per_epoch, (epoch + 1) * whole.updates_per_epoch)
        assert Counter(draw.index for draw in drawn(whole, updates)) == dict.fromkeys(range(count), 1)
        assert {whole.update(n).epoch for n in updates} == {epoch}


def test_trailing_groups_hold_what_is_left() -> None:
    whole = plan(examples(31))
    sizes = [[len(batch) for batch in whole.update(n).micro_batches] for n in range(4)]
    assert sizes == [[4, 4, 4], [4, 4, 4], [4, 3], [4, 4, 4]]


def test_an_update_knows_how_many_targets_it_holds() -> None:
    clips = examples(31)
    for masking in (True, False):
        prompt = SHORT.model_copy(update={"masking": masking})
        whole = plan(clips, prompt=prompt)
        for number in range(6):
            update = whole.update(number)
            batches = [collate(clips, draws, prompt, STATS, STOP_ID) for draws in update.micro_batches]
            assert update.code_targets == sum(int((batch.code_targets_N != IGNORED).sum()) for batch in batches)
            assert update.text_targets == sum(len(batch.text_targets_N) for batch in batches)


def test_pure_in_seed_epoch_and_position() -> None:
    """A fresh plan, asked for any update in any order, gives what an old one gave: resume changes nothing."""
    clips = examples(40)
    forward = [plan(clips).update(n) for n in range(12)]
    backward = [plan(clips).update(n) for n in reversed(range(12))]
    one = plan(clips)
    for number in (7, 0, 11, 7, 3):
        assert one.update(number) == forward[number] == backward[11 - number]


def test_prompts_do_not_depend_on_the_layout() -> None:
    """Whatever the micro-batches, the same clip at the same place of an epoch has the same prompt."""
    clips = examples(40)
    orders = [drawn(plan(clips, size, accumulation), range(40)) for size, accumulation in ((1, 1), (4, 3), (5, 8))]
    assert orders[0][:40] == orders[1][:40] == orders[2][:40]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(40, 800), min_size=1, max_size=60), st.integers(30, 3000), st.booleans())
def test_micro_batches_hold_as_many_rows_as_fit(rows: list[int], budget: int, padded: bool) -> None:
    """Every clip is in one of them, none holds more than the budget but a clip alone, longest first, none is spare."""
    draws = [Draw(n, 0, 100) for n in range(len(rows))]
    layout = lay_out(draws, rows, "tokens", 1, budget, padded)
    sizes = [[rows[draw.index] for draw in batch] for batch in layout]
    assert sorted(draw.index for batch in layout for draw in batch) == list(range(len(rows)))
    taken = [max(each) * len(each) if padded else sum(each) for each in sizes]
    assert all(size <= budget or len(each) == 1 for size, each in zip(taken, sizes, strict=True))
    flat = [size for each in sizes for size in each]
    assert flat == sorted(flat, reverse=True)
    for size, each, after in zip(taken, sizes, sizes[1:], strict=False):
        assert size + (each[0] if padded else after[0]) > budget
    assert lay_out(draws, rows, "auto", 1, budget, padded) == layout
    assert lay_out(draws, rows, "auto", 7, None, padded) == lay_out(draws, rows, "clips", 7, budget, padded)


def test_batches_by_tokens_hold_the_same_clips_and_targets() -> None:
    """Whatever fills a micro-batch, and whatever budget is asked for later, the update is the same."""
    clips = examples(100)
    size: dict[str, Any] = {"clips": 4, "accumulation": 6}
    reference = planned(clips, prompt=SHORT, batch=Batch(**size))
    for layout in ("packed", "padded"):
        tokens = planned(clips, prompt=SHORT, batch=Batch(by="tokens", tokens=1500, layout=layout, **size))
        auto = planned(clips, prompt=SHORT, batch=Batch(by="auto", layout=layout, **size))
        for number in range(4):
            one, two, three = reference.update(number), tokens.update(number), auto.update(number).within(1500)
            assert two.micro_batches == three.micro_batches == one.within(1500).micro_batches or layout == "padded"
            assert auto.update(number).micro_batches == one.micro_batches != two.micro_batches
            assert two.within(700) == three.within(700) and len(two.within(700).micro_batches) > len(two.micro_batches)
            assert two.draws == one.draws and sorted(chain(*two.micro_batches), key=one.draws.index) == list(one.draws)
            assert (two.text_targets, two.code_targets) == (one.text_targets, one.code_targets)
            batches = [collate(clips, draws, SHORT, STATS, STOP_ID) for draws in two.micro_batches]
            assert two.code_targets == sum(int((batch.code_targets_N != IGNORED).sum()) for batch in batches)


def test_packing_by_length_wastes_little() -> None:
    """Padded and sorted, 8,000 rows waste a tenth; in the order of the epoch a third is padding."""
    clips = examples(400)

    def wasted(plan: Plan) -> float:
        rows = [[32 + clips[d.index].rows for d in batch] for n in range(2) for batch in plan.update(n).micro_batches]
        return 1 - sum(map(sum, rows)) / sum(max(each) * len(each) for each in rows)

    size: dict[str, Any] = {"clips": 20, "accumulation": 10}
    by_tokens = planned(clips, prompt=SHORT, batch=Batch(by="tokens", tokens=8000, layout="padded", **size))
    assert wasted(by_tokens) < 0.12 and wasted(planned(clips, prompt=SHORT, batch=Batch(**size))) > 0.3


def test_seeds_and_epochs_differ() -> None:
    clips = examples(40)
    one, two = drawn(plan(clips, seed=0), range(4)), drawn(plan(clips, seed=1), range(4))
    again = drawn(plan(clips, seed=0), range(4, 8))
    for other in (two, again):
        assert [draw.index for draw in one] != [draw.index for draw in other]
        starts = {draw.index: draw.start_samples for draw in one}
        assert sum(starts[draw.index] == draw.start_samples for draw in other) < 10
    assert [d.index for d in one] != sorted(d.index for d in one)


def test_every_place_has_a_prompt_of_its_own() -> None:
    """With clips all alike, prompts tell seed, epoch and position apart, and nothing else."""
    alike = [example(n, 60_000) for n in range(40)]

    def prompts(seed: int, epoch: int) -> list[tuple[int, int]]:
        draws = drawn(plan(alike, seed=seed), range(4 * epoch, 4 * epoch + 4))
        return [(draw.start_samples, draw.length_samples) for draw in draws]

    found = [prompts(seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert prompts(1, 0) == found[2]
    assert len({prompt for one in found for prompt in one}) == 4 * 40


def test_no_state_outside_decides() -> None:
    before = plan(examples(40)).update(2)
    torch.manual_seed(5)
    assert plan(examples(40)).update(2) == before


def test_prompt_lengths() -> None:
    """3 to 6 s of the clip, anywhere in it; a clip shorter than the draw gives half of itself."""
    long, short = example(0, 255_995), example(1, 100_001)
    chosen = [drawn(plan([long], 1, 1, prompt=PROMPT), range(n, n + 1))[0] for n in range(400)]
    lengths = [draw.length_samples for draw in chosen]
    assert 66_150 <= min(lengths) < 70_000 and 128_000 < max(lengths) <= 132_300
    starts = [draw.start_samples for draw in chosen]
    assert min(starts) < 5000 and max(starts) > 150_000 and all(start % 256 == 0 for start in starts)
    assert all(draw.start_samples + draw.length_samples <= 255_995 for draw in chosen)
    halves = [drawn(plan([short], 1, 1, prompt=PROMPT), range(n, n + 1))[0].length_samples for n in range(200)]
    assert 50_000 in halves and all(length == 50_000 or 66_150 <= length <= 100_001 for length in halves)


def test_the_slice_is_inside_the_cached_mel() -> None:
    for number in range(300):
        clip = example(number, 8820 + 17 * number)
        (draw,) = plan([clip], 1, 1, number).update(0).micro_batches[0]
        batch = collate([clip], [draw], SHORT.model_copy(update={"pad_prompts": False}), STATS, STOP_ID)
        frames = batch.prompts[0][0, 0].long().tolist()
        first = draw.start_samples // 256
        assert frames == list(range(first, first + draw.length_samples // 256 + 1))


def test_codes_inside_the_prompt_are_masked_for_every_clip_of_the_batch() -> None:
    clips = examples(64)
    draws = drawn(plan(clips), range(6))
    batch = collate(clips, draws, SHORT, STATS, STOP_ID)
    rows = torch.split(batch.code_targets_N, [clips[draw.index].codes + 4 for draw in draws])
    for draw, row in zip(draws, rows, strict=True):
        first, end = draw.start_samples // 1024, (draw.start_samples + draw.length_samples) // 1024
        count = clips[draw.index].codes
        expected = [n for n in range(count) if not first <= n < end]
        kept = row[row != IGNORED]
        assert kept.tolist() == [*expected, *[STOP_CODE] * 4] and len(kept) == targets(clips[draw.index], draw, True)
        assert end > first and len(row) == targets(clips[draw.index], draw, False)


def test_masking_off() -> None:
    clips = examples(8)
    draws = drawn(plan(clips), range(1))
    batch = collate(clips, draws, SHORT.model_copy(update={"masking": False}), STATS, STOP_ID)
    rows = torch.split(batch.code_targets_N, [clips[draw.index].codes + 4 for draw in draws])
    for draw, row in zip(draws, rows, strict=True):
        assert row.tolist() == [*range(clips[draw.index].codes), *[STOP_CODE] * 4]


def test_thousands_of_draws_at_batch_one_always_leave_targets() -> None:
    """Upstream's indices, four times too large, left clips without any target: a mean over nothing is NaN."""
    for samples in (8820, 66_149, 66_150, 70_000, 132_299, 132_300, 132_301, 200_000, 255_995):
        clip = example(0, samples)
        one = plan([clip], 1, 1, prompt=PROMPT)
        for number in range(500):
            update = one.update(number)
            (draw,) = update.micro_batches[0]
            assert update.code_targets == targets(clip, draw, True) >= 4
            assert 0 <= draw.codes.start <= draw.codes.stop <= clip.codes


def test_text_targets_end_with_the_stop() -> None:
    clips = [example(0, 20_000, 2), example(1, 30_000, 3)]
    draws = [fixed_draw(clip, index, SHORT) for index, clip in enumerate(clips)]
    batch = collate(clips, draws, SHORT, STATS, STOP_ID)
    assert batch.text_targets_N.tolist() == [0, 1, STOP_ID, 0, 1, 2, STOP_ID]
    assert [ids.tolist() for ids in batch.text] == [[0, 1], [0, 1, 2]]


def test_evaluation_prompts_are_fixed() -> None:
    long, short = example(0, 255_995), example(1, 60_001)
    assert fixed_draw(long, 7, PROMPT) == Draw(7, 0, (66_150 + 132_300) // 2)
    assert fixed_draw(short, 8, PROMPT) == Draw(8, 0, 30_000)


@pytest.mark.parametrize(("most", "frames"), [(16_000, 517), (132_300, 517), (200_000, 200_000 // 256 + 1)])
def test_padding_depends_on_no_other_clip(most: int, frames: int) -> None:
    """Padding is attended to, so a clip's prompt must be as long alone as beside a longer one."""
    prompt = Prompt(min_samples=8000, max_samples=most)
    clips = [example(0, 20_000), example(1, 250_000)]
    draws = [Draw(0, 0, 10_000), Draw(1, 0, most)]
    together = collate(clips, draws, prompt, STATS, STOP_ID)
    alone = [collate(clips, [draw], prompt, STATS, STOP_ID) for draw in draws]
    assert together.prompts[0].shape == (2, 80, frames)
    assert all(torch.equal(together.prompts[0][i], one.prompts[0][0]) for i, one in enumerate(alone))
    silence = together.prompts[0][0, :, 10_000 // 256 + 1 :]
    assert torch.allclose(silence, torch.tensor(1e-5).log() / 4) and silence.shape[1] == frames - 40


def test_laying_out_costs_the_same_however_many_clips_there_are() -> None:
    """The permutation of an epoch is drawn once, before; no update looks at all clips again."""

    def least_s(count: int) -> float:
        whole = plan(examples(1000) * (count // 1000), 4, 2)
        times = []
        for number in range(20):
            began = time.perf_counter()
            whole.update(number)
            times.append(time.perf_counter() - began)
        return min(times)

    assert least_s(100_000) < 3 * least_s(1000)
