"""Prompts of another clip of the same speaker: another one, of that speaker, whole where short, nothing masked."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dimts.config import Prompt
from dimts.data.augment import Change
from dimts.data.batching import IGNORED, MicroBatch, collate
from dimts.data.manifest import UNNAMED
from dimts.data.prompting import Draw, Prompter, fixed_draw, targets
from dimts.model.shapes import STOP_CODE
from tests.unit.data.test_batching import MEMORY, SHORT, STATS, STOP_ID, drawn, example, planned

OTHER = Prompt(source="same_speaker", min_samples=8000, max_samples=16_000, pad_prompts=False)
SHORT_OF_IT = OTHER.model_copy(update={"max_samples": 50_000})  # no clip is as long
CLIPS = [example(n, 9000 + 1000 * n, 3 + n % 5, speaker="abc"[n % 3]) for n in range(30)]
LONER = example(30, 40_000, speaker="d")


@pytest.mark.parametrize("index", [4, 10, 28])
def test_another_clip_of_the_speaker_each_as_likely(index: int) -> None:
    """One that is long enough for the longest prompt, or any where none is."""
    for prompt, first in ((OTHER, 7), (SHORT_OF_IT, 0)):
        prompter = Prompter(CLIPS, prompt, 0)
        found = Counter(prompter.draw(index, 0, position).source for position in range(3000))
        assert set(found) == {n for n in range(first, 30) if n % 3 == 1 and n != index}
        assert max(found.values()) < 1.4 * min(found.values())


def test_the_only_long_clip_of_a_speaker_is_prompted_by_a_short_one() -> None:
    clips = [example(0, 20_000, speaker="x"), example(1, 9000, speaker="x")]
    assert [Prompter(clips, OTHER, 0).draw(n, 0, 0).source for n in range(2)] == [1, 0]


def test_two_languages_of_one_speaker_prompt_each_other_and_those_without_a_name_do_not() -> None:
    am, en = example(0, 20_000, speaker="x"), example(1, 20_000, language="en", speaker="x")
    assert Prompter([am, en], OTHER, 0).draw(0, 0, 0).source == 1
    nobody = [example(n, 20_000, speaker=UNNAMED) for n in range(2)]
    assert Prompter(nobody, OTHER, 0).draw(0, 0, 0).source == 1
    elsewhere = replace(nobody[1], folder=Path("elsewhere"))
    assert Prompter([nobody[0], elsewhere], OTHER, 0).draw(0, 0, 0).source is None


def test_the_slice_lies_in_the_other_clip() -> None:
    """A shorter clip than the draw gives all of itself."""
    prompter = Prompter(CLIPS, SHORT_OF_IT, 0)
    for position in range(400):
        draw = prompter.draw(position % 30, 0, position)
        assert draw.source is not None
        samples = CLIPS[draw.source].samples
        assert 8000 <= draw.length_samples <= samples and draw.start_samples + draw.length_samples <= samples
        batch = collate(CLIPS, [draw], OTHER, STATS, STOP_ID)
        first = draw.start_samples // 256
        assert batch.prompts[0][0, 0].tolist() == list(range(first, first + draw.length_samples // 256 + 1))
    whole = [prompter.draw(3, 0, position) for position in range(400)]
    assert {draw.length_samples for draw in whole if draw.source == 0} & {9000}


def test_nothing_is_masked_but_of_a_clip_that_prompts_itself() -> None:
    clips = [*CLIPS, LONER]
    plan = planned(clips, prompt=OTHER, batch={"clips": 4, "accumulation": 2})
    for number in range(4):
        update = plan.update(number)
        batches = [collate(clips, draws, OTHER, STATS, STOP_ID) for draws in update.micro_batches]
        assert update.code_targets == sum(int((batch.code_targets_N != IGNORED).sum()) for batch in batches)
    for draw in drawn(plan, range(4)):
        alone = collate(clips, [draw], OTHER, STATS, STOP_ID)
        if draw.index == 30:
            assert draw.source is None and (alone.code_targets_N == IGNORED).sum() == len(
                range(*draw.codes.indices(99))
            )
            assert targets(LONER, draw, True) < LONER.codes + 4
        else:
            assert alone.code_targets_N.tolist() == [*range(clips[draw.index].codes), *[STOP_CODE] * 4]
            assert targets(clips[draw.index], draw, True) == clips[draw.index].codes + 4


def test_texts_and_codes_stay_those_of_the_clip() -> None:
    plan = planned(CLIPS, prompt=OTHER)
    draws = drawn(plan, range(1))
    batch = collate(CLIPS, draws, OTHER, STATS, STOP_ID)
    assert [len(ids) for ids in batch.text] == [len(CLIPS[draw.index].ids) for draw in draws]
    assert [len(codes) for codes in batch.codes] == [CLIPS[draw.index].codes for draw in draws]


def test_evaluation_prompts_a_clip_with_itself() -> None:
    assert fixed_draw(CLIPS[3], 3, OTHER) == fixed_draw(CLIPS[3], 3, SHORT)
    assert fixed_draw(CLIPS[3], 3, OTHER).source is None


def prompts_of(batch: MicroBatch) -> list[Tensor]:
    """Every clip's own prompt, in their order."""
    rows = [row for stack in batch.prompts for row in stack]
    return [rows[place] for place in batch.prompt_order]


@pytest.mark.parametrize("off", [SHORT, OTHER])
def test_augmentation_changes_no_slice_and_no_target(off: Prompt) -> None:
    """With the same address the same clip and slice prompt, changed or not."""
    on = off.model_copy(update={"speed": 0.2, "pitch": 2.0, "noise_snr_db": 10.0})
    plain, changed = (planned(CLIPS, prompt=prompt) for prompt in (off, on))
    for number in range(3):
        one, two = plain.update(number), changed.update(number)
        assert [replace(draw, change=None) for draw in two.draws] == list(one.draws)
        assert (one.text_targets, one.code_targets) == (two.text_targets, two.code_targets)
        mine, other = (collate(CLIPS, u.draws, p, STATS, STOP_ID) for u, p in ((one, off), (two, on)))
        assert torch.equal(mine.code_targets_N, other.code_targets_N)
        assert all(map(torch.equal, mine.codes, other.codes))
        pairs = zip(prompts_of(mine), prompts_of(other), strict=True)
        assert all(a.shape != b.shape or not torch.equal(a, b) for a, b in pairs)
    assert len({draw.change for n in range(3) for draw in changed.update(n).draws}) == 90
    assert fixed_draw(CLIPS[3], 3, on).change is None and MEMORY is CLIPS[0].cache


def test_a_slowed_prompt_ends_where_padding_would() -> None:
    """Prompts are stacked at 6 s, and none is longer; unpadded it keeps its length."""
    long = example(0, 250_000)
    slow = Draw(0, 0, 132_300, change=Change(speed=0.8))
    padded, bare = (
        collate([long], [slow], Prompt(pad_prompts=pads), STATS, STOP_ID).prompts[0] for pads in (True, False)
    )
    assert padded.shape == (1, 80, 517) and bare.shape == (1, 80, round(517 / 0.8))
    assert torch.equal(padded[0], bare[0, :, :517])
