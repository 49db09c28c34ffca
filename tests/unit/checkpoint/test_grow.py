"""A grown network is the base to the bit wherever the base had numbers, and quiet where it had none."""

import copy
import json
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dimts.checkpoint import grow
from dimts.checkpoint.grow import Adapters
from dimts.checkpoint.official import Base
from dimts.errors import CheckpointError
from dimts.infer.decode import Sampling
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from dimts.model.gpt import Scores
from dimts.model.shapes import LoraShape
from dimts.model.xtts import Xtts
from dimts.text import extend
from dimts.text.bpe import Tokenizer

GROWN = {
    "gpt.text_embedding.weight",
    "gpt.text_head.weight",
    "gpt.text_head.bias",
    "gpt.text_pos_embedding.emb.weight",
}
TEXTS = ["ሰላም ለዓለም።", "እንኳን ደህና መጣችሁ።", "ሰላም ነው?"]
LIMIT = 512
TARGETS = ("attn.c_attn", "mlp.c_proj")
ADAPTERS = Adapters(LoraShape(rank=4, alpha=8.0, dropout=0.0, targets=TARGETS, blocks=(1,)), seed=3)


@pytest.fixture(scope="module")
def longer(tiny: Base) -> Tokenizer:
    """The base's vocabulary with Amharic."""
    return extend.extend(tiny.tokenizer, TEXTS, "am")


@pytest.fixture(scope="module")
def grown(tiny: Base, longer: Tokenizer) -> Xtts:
    return grow.to_fit(tiny, longer, LIMIT)


def new_rows(tiny: Base, grown: Xtts, name: str) -> tuple[Tensor, Tensor]:
    old, both = tiny.network.state_dict()[name], grown.state_dict()[name]
    return both[: len(old)], both[len(old) :]


def test_everything_of_the_base_stays_to_the_bit(tiny: Base, grown: Xtts, longer: Tokenizer) -> None:
    before, after = tiny.network.state_dict(), grown.state_dict()
    assert before.keys() == after.keys()
    assert {name for name in before if before[name].shape != after[name].shape} == GROWN
    for name, old in before.items():
        assert torch.equal(after[name][: len(old)] if old.dim() else after[name], old), name
    assert grown.shape.gpt == replace(tiny.network.shape.gpt, text_rows=longer.rows, text_positions=LIMIT + 2)
    assert not grown.training


@pytest.mark.parametrize("name", ["gpt.text_embedding.weight", "gpt.text_head.weight"])
def test_new_rows_are_as_loud_as_old_ones(tiny: Base, grown: Xtts, longer: Tokenizer, name: str) -> None:
    old, new = new_rows(tiny, grown, name)
    assert len(new) == longer.rows - tiny.tokenizer.rows > 300
    assert float(new.norm(dim=1).mean()) == pytest.approx(float(old.norm(dim=1).mean()), rel=0.1)
    assert new.norm(dim=1).std() < 0.1 * old.norm(dim=1).mean()
    assert len(torch.unique(new, dim=0)) == len(new), "no two tokens begin alike"


def test_new_rows_lean_towards_the_mean_of_the_base(tiny: Base, longer: Tokenizer) -> None:
    """Where the base's rows share a direction, as trained ones do, new rows share it too."""
    shifted = copy.deepcopy(tiny.network)
    with torch.no_grad():
        shifted.gpt.text_embedding.weight += 0.1
    after = grow.to_fit(replace(tiny, network=shifted), longer, LIMIT).gpt.text_embedding.weight.detach()
    old, new = after[: tiny.tokenizer.rows], after[tiny.tokenizer.rows :]
    assert torch.cosine_similarity(old.mean(0), new.mean(0), dim=0) > 0.99
    assert float(new.norm(dim=1).mean()) == pytest.approx(float(old.norm(dim=1).mean()), rel=0.1)


def test_new_biases_are_sane(tiny: Base, grown: Xtts) -> None:
    old, new = new_rows(tiny, grown, "gpt.text_head.bias")
    assert bool((new >= old.min()).all() and (new <= old.max()).all())


def test_new_positions_are_as_far_out_as_the_base_ever_was(tiny: Base, grown: Xtts) -> None:
    old, new = new_rows(tiny, grown, "gpt.text_pos_embedding.emb.weight")
    assert len(new) == LIMIT - 402
    assert torch.equal(new, old[-1:].expand_as(new))


def test_it_grows_alike_every_time(tiny: Base, grown: Xtts, longer: Tokenizer) -> None:
    torch.manual_seed(9)
    again = grow.to_fit(tiny, longer, LIMIT).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in grown.state_dict().items())


@pytest.fixture(scope="module")
def adapted(tiny: Base, longer: Tokenizer) -> Xtts:
    """Grown, and with adapters."""
    return grow.to_fit(tiny, longer, LIMIT, lora=ADAPTERS)


@torch.no_grad()
def scores(network: Xtts, voice: Voice) -> Scores:
    codes = [torch.arange(10), torch.arange(20, 65)]
    text = [torch.arange(3, 9), torch.arange(30, 50)]
    return network.gpt(voice.latents_1PD.expand(2, -1, -1), text, codes, 1)  # type: ignore[no-any-return]


def test_new_adapters_change_nothing_to_the_bit(grown: Xtts, adapted: Xtts, voice: Voice) -> None:
    before, after = grown.state_dict(), adapted.state_dict()
    added = {f"gpt.gpt.h.1.{target}.adapter.{matrix}" for target in TARGETS for matrix in ("down", "up")}
    assert after.keys() - before.keys() == added and adapted.shape.gpt.lora == ADAPTERS.shape
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    ours, theirs = scores(adapted, voice), scores(grown, voice)
    assert torch.equal(ours.text_NR, theirs.text_NR) and torch.equal(ours.codes_NR, theirs.codes_NR)


def test_new_adapters_depend_on_the_seed_and_their_place(tiny: Base, longer: Tokenizer, adapted: Xtts) -> None:
    down = [f"gpt.gpt.h.1.{target}.adapter.down" for target in TARGETS]
    first, second = (adapted.state_dict()[name] for name in down)
    assert first.shape == (64, 4) and float(first.std()) == pytest.approx(64**-0.5, rel=0.2)
    assert not torch.equal(first, second)
    more = LoraShape(4, 8.0, 0.0, (*TARGETS[::-1], "mlp.c_fc"), (0, 1))
    torch.manual_seed(5)
    same, other = (grow.to_fit(tiny, longer, LIMIT, lora=Adapters(more, seed)).state_dict() for seed in (3, 4))
    assert torch.equal(same[down[0]], first) and torch.equal(same[down[1]], second)
    assert not torch.equal(other[down[0]], first)
    assert not torch.equal(same["gpt.gpt.h.0.attn.c_attn.adapter.down"], first)


def test_what_fits_is_returned_unchanged(tiny: Base) -> None:
    assert grow.to_fit(tiny, tiny.tokenizer, 402) is tiny.network
    assert grow.to_fit(tiny, tiny.tokenizer, 100) is tiny.network


def test_positions_alone_or_rows_alone(tiny: Base, longer: Tokenizer) -> None:
    positions = grow.to_fit(tiny, tiny.tokenizer, LIMIT).shape.gpt
    assert (positions.text_rows, positions.text_positions) == (tiny.tokenizer.rows, LIMIT + 2)
    rows = grow.to_fit(tiny, longer, 100).shape.gpt
    assert (rows.text_rows, rows.text_positions) == (longer.rows, 404)


def test_a_smaller_vocabulary_is_refused(tiny: Base) -> None:
    document = json.loads(tiny.tokenizer.to_json())
    last = max(document["model"]["vocab"], key=document["model"]["vocab"].__getitem__)
    del document["model"]["vocab"][last]
    document["added_tokens"] = [token for token in document["added_tokens"] if token["content"] != last]
    rows = tiny.tokenizer.rows
    with pytest.raises(CheckpointError, match=f"has {rows - 1} rows, .* has {rows}; extend this base's own"):
        grow.to_fit(tiny, Tokenizer.from_json(json.dumps(document)), LIMIT)


@torch.no_grad()
def test_scores_of_old_text_change_only_by_new_columns(tiny: Base, grown: Xtts, voice: Voice) -> None:
    text = [torch.tensor(tiny.tokenizer.encode(text, "en")) for text in ("hello there", "a longer text, said she")]
    codes = [torch.arange(10), torch.arange(20, 45)]
    latents_BPD = voice.latents_1PD.expand(2, -1, -1)
    ours = grown.gpt(latents_BPD, text, codes, tiny.tokenizer.start_id)
    theirs = tiny.network.gpt(latents_BPD, text, codes, tiny.tokenizer.start_id)
    torch.testing.assert_close(ours.text_NR[:, : tiny.tokenizer.rows], theirs.text_NR, rtol=1e-5, atol=1e-6)
    assert torch.equal(ours.codes_NR, theirs.codes_NR)
    assert ours.text_NR[:, tiny.tokenizer.rows :].abs().max() < 2 * theirs.text_NR.abs().max()


def test_it_speaks_old_text_as_before(speaker: Speaker, grown: Xtts, longer: Tokenizer, voice: Voice) -> None:
    after = replace(speaker, network=grown, tokenizer=longer)
    greedy = Sampling(greedy=True, max_codes=40)
    text = "The quick brown fox jumps."
    assert longer.encode(text, "en") == speaker.tokenizer.encode(text, "en")
    ours, theirs = (one.speak(text, voice, "en", sampling=greedy) for one in (after, speaker))
    assert ours.samples.tolist() == theirs.samples.tolist()
    assert after.speak("ሰላም።", voice, "am", sampling=greedy).duration_s > 1
