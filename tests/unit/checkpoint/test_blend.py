"""What an export makes of a network: adapters merged speak alike; a share of the base mixed in is the mean it says."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dimts.checkpoint import blend, grow, weights
from dimts.checkpoint.grow import Adapters
from dimts.checkpoint.official import Base
from dimts.infer import decode
from dimts.infer.decode import Sampling
from dimts.infer.voice import Voice
from dimts.model.gpt import Scores
from dimts.model.shapes import LoraShape
from dimts.model.xtts import Xtts
from dimts.text import extend
from dimts.text.bpe import Tokenizer

ADAPTERS = Adapters(LoraShape(4, 8.0, 0.3, ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"), (0, 1)), seed=3)


@pytest.fixture(scope="module")
def longer(tiny: Base) -> Tokenizer:
    return extend.extend(tiny.tokenizer, ["ሰላም ለዓለም።"], "am")


@pytest.fixture(scope="module")
def loud(tiny: Base, longer: Tokenizer) -> Xtts:
    """A grown network with adapters that say something."""
    network = copy.deepcopy(grow.to_fit(tiny, longer, 512, lora=ADAPTERS))
    generator = torch.Generator().manual_seed(1)
    for name, parameter in network.named_parameters():
        if name.endswith("adapter.up"):
            parameter.data.normal_(std=0.2, generator=generator)
    return network


@torch.no_grad()
def scores(network: Xtts, voice: Voice) -> Scores:
    codes, text = [torch.arange(10), torch.arange(20, 65)], [torch.arange(3, 9), torch.arange(30, 50)]
    found: Scores = network.gpt(voice.latents_1PD.expand(2, -1, -1), text, codes, 1)
    return found


def greedy(network: Xtts, voice: Voice) -> list[int]:
    text_T, generator = torch.arange(40, 60), torch.Generator()
    said = decode.generate(network.gpt, voice.latents_1PD, text_T, Sampling(greedy=True, max_codes=60), generator)
    codes: list[int] = said.codes_A.tolist()
    return codes


def test_merged_adapters_speak_alike(tiny: Base, longer: Tokenizer, loud: Xtts, voice: Voice) -> None:
    plain, before = blend.merged(loud), grow.to_fit(tiny, longer, 512)
    ours, theirs, base = (scores(network, voice) for network in (plain, loud, before))
    for part in ("text_NR", "codes_NR"):
        one, two, without = (getattr(each, part) for each in (ours, theirs, base))
        assert float((one - two).abs().max()) < 1e-4 < 1e-1 < float((without - two).abs().max())
    assert greedy(plain, voice) == greedy(loud, voice) != greedy(before, voice)


def test_merging_leaves_the_official_names_and_the_rest_alone(tiny: Base, loud: Xtts) -> None:
    plain = blend.merged(loud)
    official, after = tiny.network.state_dict(), plain.state_dict()
    assert after.keys() == official.keys() and plain.shape.gpt == replace(loud.shape.gpt, lora=None)
    adapted = {f"gpt.gpt.h.{block}.{target}.weight" for block in (0, 1) for target in ADAPTERS.shape.targets}
    before = loud.state_dict()
    assert {name for name in after if not torch.equal(after[name], before[name])} == adapted
    assert blend.merged(plain) is plain


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_the_base(tiny: Base, loud: Xtts, share: float) -> None:
    tuned = blend.merged(loud)
    tuned.gpt.text_head.weight.data += 0.5
    tuned.gpt.text_pos_embedding.emb.weight.data *= 2
    base, own = tiny.network.state_dict(), tuned.state_dict()
    mixed = blend.with_base(tuned, tiny.folder, share).state_dict()
    assert mixed.keys() == own.keys()
    for name, tensor in mixed.items():
        rows = len(base[name]) if base[name].dim() else None
        expected = (1 - share) * own[name][:rows] + share * base[name] if rows else base[name]
        torch.testing.assert_close(tensor[:rows] if rows else tensor, expected.to(tensor.dtype), atol=1e-6, rtol=1e-6)
        assert not rows or torch.equal(tensor[rows:], own[name][rows:])
    moved = {name for name in own if not torch.equal(mixed[name], own[name])}
    adapted = {f"gpt.gpt.h.{block}.{target}.weight" for block in (0, 1) for target in ADAPTERS.shape.targets}
    assert moved == (adapted | {"gpt.text_head.weight", "gpt.text_pos_embedding.emb.weight"} if share else set())
    heads = [state["gpt.text_head.weight"] for state in (own, mixed, base)]
    assert len(heads[0]) > len(heads[2])  # the vocabulary has grown: there are rows that stay
    assert torch.equal(heads[1][: len(heads[2])], heads[2]) == (share == 1.0)


def test_the_base_as_its_folder_has_it(tiny: Base, loud: Xtts, tmp_path: Path) -> None:
    """Training changes weights in memory, and a folder may hold half-precision weights under other names."""
    folder = shutil.copytree(tiny.folder, tmp_path / "base")
    halves = {f"xtts.{name}": tensor.half() for name, tensor in weights.read(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    torch.save(halves, folder / "model.pth")
    mixed = blend.with_base(blend.merged(loud), folder, 1.0).state_dict()["gpt.gpt.h.0.mlp.c_fc.weight"]
    expected = tiny.network.state_dict()["gpt.gpt.h.0.mlp.c_fc.weight"].half().float()
    assert mixed.dtype == torch.float32 and torch.equal(mixed, expected)
