"""The GPT scores a clip alike alone, packed with others, padded, and code by code through the cache."""

import copy

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from dimts.checkpoint.official import Base
from dimts.model.blocks import Mode, Packing, padded_places
from dimts.model.gpt import Gpt, Scores
from dimts.model.shapes import STOP_CODE, STOP_TARGETS

START = 261
LENGTHS = [(3, 9), (11, 4), (1, 25)]  # text tokens, codes


@pytest.fixture(scope="module")
def gpt(tiny: Base) -> Gpt:
    return tiny.network.gpt


def clips(seed: int = 0) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    chance = torch.Generator().manual_seed(seed)
    latents_BPD = torch.randn(len(LENGTHS), 32, 64, generator=chance)
    text = [torch.randint(3, 250, (tokens,), generator=chance) for tokens, _ in LENGTHS]
    codes = [torch.randint(0, 1024, (count,), generator=chance) for _, count in LENGTHS]
    return latents_BPD, text, codes


def score(gpt: Gpt, latents_BPD: Tensor, text: list[Tensor], codes: list[Tensor], padded: bool = False) -> Scores:
    with torch.no_grad():
        found: Scores = gpt(latents_BPD, text, codes, START, padded)
    return found


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("padded", [False, True], ids=["packed", "padded"])
def test_clips_do_not_hear_each_other(gpt: Gpt, padded: bool) -> None:
    latents_BPD, text, codes = clips()
    together = score(gpt, latents_BPD, text, codes, padded)
    alone = [score(gpt, latents_BPD[i : i + 1], [text[i]], [codes[i]]) for i in range(len(LENGTHS))]
    close(together.text_NR, torch.cat([one.text_NR for one in alone]))
    close(together.codes_NR, torch.cat([one.codes_NR for one in alone]))
    close(together.latents_ND, torch.cat([one.latents_ND for one in alone]))


def test_there_is_a_row_for_every_target(gpt: Gpt) -> None:
    latents_BPD, text, codes = clips()
    found = score(gpt, latents_BPD, text, codes)
    assert found.text_NR.shape == (sum(tokens + 1 for tokens, _ in LENGTHS), gpt.shape.text_rows)
    assert found.codes_NR.shape == (sum(count + STOP_TARGETS for _, count in LENGTHS), gpt.shape.code_rows)


def test_nothing_looks_ahead(gpt: Gpt) -> None:
    latents_BPD, text, codes = clips()
    before = score(gpt, latents_BPD[:1], text[:1], codes[:1])
    changed = codes[0].clone()
    changed[5] = (changed[5] + 1) % 1024
    after = score(gpt, latents_BPD[:1], text[:1], [changed])
    close(after.text_NR, before.text_NR)
    close(after.codes_NR[:6], before.codes_NR[:6])
    assert (after.codes_NR[6:] - before.codes_NR[6:]).abs().amax(1).min() > 1e-4


def test_the_voice_and_the_text_are_heard(gpt: Gpt) -> None:
    latents_BPD, text, codes = clips()
    before = score(gpt, latents_BPD[:1], text[:1], codes[:1]).codes_NR
    other_voice = score(gpt, latents_BPD[1:2], text[:1], codes[:1]).codes_NR
    other_text = score(gpt, latents_BPD[:1], [text[0].flip(0)], codes[:1]).codes_NR
    assert (before - other_voice).abs().max() > 1e-3
    assert (before - other_text).abs().max() > 1e-3


@torch.no_grad()
def test_the_cache_changes_nothing(gpt: Gpt) -> None:
    rows_BSD = torch.randn(2, 20, 64, generator=torch.Generator().manual_seed(1))
    whole = gpt.hidden(rows_BSD.flatten(0, 1), [20, 20]).view(2, 20, 64)
    cache = gpt.new_cache(2, 20)
    first = gpt.hidden(rows_BSD[:, :12].flatten(0, 1), [12, 12], cache).view(2, 12, 64)
    close(first, whole[:, :12])
    for at in range(12, 20):
        close(gpt.hidden(rows_BSD[:, at], [1, 1], cache), whole[:, at])
    assert cache.length == 20


def test_codes_count_their_positions_from_where_they_are_told(gpt: Gpt) -> None:
    codes_A = torch.tensor([5, 6, 7])
    assert torch.equal(gpt.embed_codes(codes_A, start=4)[1], gpt.embed_codes(torch.tensor([6]), start=5)[0])
    assert not torch.equal(gpt.embed_codes(codes_A)[1], gpt.embed_codes(codes_A, start=1)[1])


def test_dropout_is_for_training(gpt: Gpt) -> None:
    latents_BPD, text, codes = clips()
    assert torch.equal(score(gpt, latents_BPD, text, codes).codes_NR, score(gpt, latents_BPD, text, codes).codes_NR)
    training = copy.deepcopy(gpt).train()
    with torch.random.fork_rng(devices=[]):
        one, other = (score(training, latents_BPD, text, codes).codes_NR for _ in range(2))
    assert (one - other).abs().max() > 1e-3
    training.mode = Mode()
    close(score(training, latents_BPD, text, codes).codes_NR, score(gpt, latents_BPD, text, codes).codes_NR)


def test_the_last_inputs_are_stops(gpt: Gpt) -> None:
    """A clip that ends in stops of its own gives the rows that the four stop targets are read from."""
    latents_BPD, text, codes = clips()
    whole = score(gpt, latents_BPD[:1], text[:1], codes[:1]).codes_NR
    longer = torch.cat([codes[0], torch.full((3,), STOP_CODE)])
    close(score(gpt, latents_BPD[:1], text[:1], [longer]).codes_NR[: len(whole)], whole)


def test_attention_in_a_padded_batch_changes_nothing(gpt: Gpt, monkeypatch: pytest.MonkeyPatch) -> None:
    """What GPUs do for clips of different lengths, against one by one: scores and gradients."""
    latents_BPD, text, codes = clips()
    one_by_one = scores_and_gradient(gpt, latents_BPD, text, codes)
    monkeypatch.setattr(Packing, "of", lambda lengths, _: Packing(list(lengths), padded_places(lengths)))
    spread = scores_and_gradient(gpt, latents_BPD, text, codes)
    for ours, theirs in zip(spread, one_by_one, strict=True):
        close(ours, theirs)


def test_cpus_and_equal_lengths_need_no_places() -> None:
    assert padded_places([3, 1, 2]).tolist() == [0, 1, 2, 3, 6, 7]
    for lengths, device in (([3, 1, 2], "cpu"), ([3, 3], "meta")):
        assert Packing.of(lengths, torch.device(device)).places_N is None
    assert Packing.of([3, 1, 2], torch.device("meta")).places_N is not None


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_checkpointing_changes_memory_alone(gpt: Gpt, rate: float) -> None:
    latents_BPD, text, codes = clips()
    kept = {}
    found = {}
    for checkpointing in (False, True):
        training = copy.deepcopy(gpt).train()
        training.mode = Mode(rate, checkpointing)
        kept[checkpointing] = 0

        def keep(tensor: Tensor, which: bool = checkpointing) -> Tensor:
            kept[which] += tensor.nbytes
            return tensor

        with torch.random.fork_rng(devices=[]), saved_tensors_hooks(keep, lambda tensor: tensor):
            torch.manual_seed(3)
            found[checkpointing] = scores_and_gradient(training, latents_BPD, text, codes)
    for ours, theirs in zip(found[True], found[False], strict=True):
        assert torch.equal(ours, theirs)
    assert kept[True] < 0.5 * kept[False]


def scores_and_gradient(gpt: Gpt, latents_BPD: Tensor, text: list[Tensor], codes: list[Tensor]) -> list[Tensor]:
    found: Scores = gpt(latents_BPD, text, codes, START)
    names = ("gpt.h.0.attn.c_attn.weight", "text_embedding.weight", "mel_pos_embedding.emb.weight")
    weights = [gpt.get_parameter(name) for name in names]
    total = found.text_NR.square().sum() + found.codes_NR.square().sum()
    return [found.text_NR, found.codes_NR, *torch.autograd.grad(total / total.detach(), weights)]
