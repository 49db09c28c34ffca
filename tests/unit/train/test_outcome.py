"""What a run gives: whole or slim, averaged or raw, with a share of the base; each form as it says."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from dimts.checkpoint import export, official, slim, store, weights
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError, ConfigError
from dimts.infer import decode
from dimts.infer.decode import Sampling
from dimts.infer.voice import Voice
from dimts.model.gpt import Gpt, Scores
from dimts.train import dist, recipe
from dimts.train.outcome import Form
from tests.flow.material import QUIET, Material

LORA = ("train.trainable=lora", "optimizer.lora_lr=0.05", "train.ema=0.5", "train.max_updates=4")
CODES = ("gpt.h.1.mlp.c_fc.weight", "gpt.h.0.attn.c_attn.weight")


@pytest.fixture(scope="module")
def ran(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with LoRA and an average, on one thread."""
    out = tmp_path_factory.mktemp("outcome") / "run"
    recipe.finetune(material.run(out, *LORA, "evaluate.at_start=false"), QUIET)
    return out


def exported(ran: Path, out: Path, form: Form) -> State:
    return weights.read(recipe.export_run(ran, out, form, QUIET) / "model.safetensors")


def described(folder: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads((folder / "bundle.json").read_text())
    return {name: facts[name] for name in ("averaged", "base_share")}


@torch.no_grad()
def teacher_forced(gpt: Gpt, voice: Voice) -> Scores:
    scores: Scores = gpt.eval()(voice.latents_1PD, [torch.arange(500, 520)], [torch.arange(7, 40)], 1)
    return scores


def greedy(gpt: Gpt, voice: Voice) -> list[int]:
    text_T, sampling = torch.arange(500, 520), Sampling(greedy=True, max_codes=40)
    codes: list[int] = decode.generate(gpt, voice.latents_1PD, text_T, sampling, torch.Generator()).codes_A.tolist()
    return codes


def test_the_voice_of_a_run_with_adapters_is_official_and_speaks_as_trained(
    material: Material, ran: Path, tmp_path: Path
) -> None:
    voice = official.load(ran / "voice")  # strict
    assert voice.network.state_dict().keys() == official.load(material.base).network.state_dict().keys()
    trainer, _ = recipe.prepare(material.run(tmp_path, *LORA), dist.join("cpu"), QUIET)
    before = greedy(trainer.gpt.eval(), heard := Voice(**_voice(ran)))
    trainer.resume(ran)
    trainer.state.become_best(ran)
    ours, theirs = teacher_forced(voice.network.gpt, heard), teacher_forced(trainer.gpt, heard)
    assert float((ours.codes_NR - theirs.codes_NR).abs().max()) < 1e-4
    assert float((ours.text_NR - theirs.text_NR).abs().max()) < 1e-4
    assert greedy(voice.network.gpt, heard) == greedy(trainer.gpt, heard) != before


def _voice(ran: Path) -> dict[str, torch.Tensor]:
    state = weights.read(ran / "voice/voices/speaker.safetensors")
    return {"latents_1PD": state["latents"], "speaker_1E": state["speaker"]}


def test_a_checkpoint_holds_adapters_and_what_has_grown(ran: Path) -> None:
    newest = store.newest(ran)
    assert newest is not None
    saved = weights.read(newest / "weights.safetensors")
    rows = {"text_embedding.weight", "text_head.weight", "text_head.bias", "text_pos_embedding.emb.weight"}
    assert {name for name in saved if ".adapter." not in name} == rows and len(saved) == 4 + 16


def test_raw_weights_or_their_average(ran: Path, tmp_path: Path) -> None:
    averaged = exported(ran, tmp_path / "averaged", Form())
    raw = exported(ran, tmp_path / "raw", Form(averaged=False))
    finished = weights.read(ran / "voice/model.safetensors")
    assert all(torch.equal(averaged[name], finished[name]) for name in finished)
    assert not any(torch.equal(raw[f"gpt.{name}"], averaged[f"gpt.{name}"]) for name in CODES)
    best = json.loads((ran / "best.json").read_text())["update"]
    saved = store.load(store.place(ran, best)).tensors
    assert torch.equal(raw["gpt.text_head.bias"], saved["weights"]["text_head.bias"])
    rows = len(saved["ema"][f"text_head.bias[{(at := len(raw['gpt.text_head.bias']) - 492)}:]"])
    assert torch.equal(averaged["gpt.text_head.bias"][at:], saved["ema"][f"text_head.bias[{at}:]"]) and rows == 492
    assert described(tmp_path / "raw") == {"averaged": False, "base_share": 0.0}
    assert described(tmp_path / "averaged") == described(ran / "voice") == {"averaged": True, "base_share": 0.0}


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_share_of_the_base(material: Material, ran: Path, tmp_path: Path, share: float) -> None:
    mixed = exported(ran, tmp_path / "mixed", Form(base_share=share))
    tuned, base = (weights.read(folder / "model.safetensors") for folder in (ran / "voice", material.base))
    for name in CODES:
        expected = (1 - share) * tuned[f"gpt.{name}"] + share * base[f"gpt.{name}"]
        torch.testing.assert_close(mixed[f"gpt.{name}"], expected, atol=1e-6, rtol=0)
        assert not torch.equal(mixed[f"gpt.{name}"], tuned[f"gpt.{name}"])
    assert torch.equal(mixed["gpt.text_head.weight"][-492:], tuned["gpt.text_head.weight"][-492:])
    assert described(tmp_path / "mixed") == {"averaged": True, "base_share": share}


def test_voices_are_of_the_mixed_network(material: Material, tmp_path: Path) -> None:
    settings = ("train.trainable=[conditioning]", "train.max_updates=2", "evaluate.at_start=false")
    recipe.finetune(material.run(tmp_path / "run", *settings), QUIET)
    recipe.export_run(tmp_path / "run", tmp_path / "mixed", Form(base_share=1.0), QUIET)
    mixed, tuned = (
        weights.read(folder / "voices/speaker.safetensors") for folder in (tmp_path / "mixed", tmp_path / "run/voice")
    )
    assert torch.equal(mixed["speaker"], tuned["speaker"]) and not torch.equal(mixed["latents"], tuned["latents"])


@pytest.fixture(scope="module")
def thin(ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's adapters alone."""
    return recipe.export_run(ran, tmp_path_factory.mktemp("thin") / "slim", Form(adapters=True), QUIET)


def test_adapters_alone_are_small_and_their_own(ran: Path, thin: Path) -> None:
    held = weights.read(thin / "adapters.safetensors")
    others = {name for name in held if ".adapter." not in name}
    assert others == {
        "gpt.text_embedding.weight[550:]", "gpt.text_head.weight[550:]", "gpt.text_head.bias[550:]"}  # fmt: skip
    assert len(held) == 16 + 3
    size = sum(file.stat().st_size for file in thin.rglob("*") if file.is_file())
    assert size < 0.2 * (ran / "voice/model.safetensors").stat().st_size
    facts = weights.read_facts(thin / "adapters.safetensors")
    assert facts.keys() == {"kind", "base", "vocabulary", "shape"} and json.loads(facts["shape"])["lora"]["rank"] == 16


def test_adapters_and_their_base_are_the_voice(material: Material, ran: Path, thin: Path, tmp_path: Path) -> None:
    export.write(slim.complete(thin, official.load(material.base)), tmp_path / "voice")
    ours, theirs = (weights.read(folder / "model.safetensors") for folder in (tmp_path / "voice", ran / "voice"))
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in theirs)
    one, two = (json.loads((folder / "bundle.json").read_text()) for folder in (tmp_path / "voice", ran / "voice"))
    assert {**one, "created": 0} == {**two, "created": 0}  # with the hashes of all files


def test_other_parts_that_learned_go_with_adapters(material: Material, tmp_path: Path) -> None:
    """Also rows of the base, and positions: grown but frozen, or learned."""
    parts = "train.trainable=[lora, text_embedding, code_head, ln_f]"
    settings = (parts, "train.max_updates=2", "evaluate.at_start=false", "limits.text_tokens=410")
    recipe.finetune(material.run(tmp_path / "run", *settings), QUIET)
    recipe.export_run(tmp_path / "run", tmp_path / "slim", Form(adapters=True), QUIET)
    held = weights.read(tmp_path / "slim/adapters.safetensors").keys()
    assert {"gpt.text_embedding.weight[:550]", "gpt.text_pos_embedding.emb.weight[404:]", "gpt.gpt.ln_f.bias"} <= held
    made = slim.complete(tmp_path / "slim", official.load(material.base)).network.state_dict()
    theirs = weights.read(tmp_path / "run/voice/model.safetensors")
    assert made.keys() == theirs.keys() and all(torch.equal(made[name], theirs[name]) for name in theirs)


def test_what_does_not_go_together(material: Material, ran: Path, thin: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    shutil.copy(material.run_file(plain), plain / "run.yaml")
    with pytest.raises(ConfigError) as raised:
        recipe.export_run(plain, tmp_path / "out", Form(averaged=False, adapters=True, base_share=0.5), QUIET)
    assert list(raised.value.problems) == [
        f"--raw: {plain} keeps no average (train.ema is 0), so its weights are as they are; leave --raw out",
        f"--adapters: {plain} has none (train.trainable is all); export the whole voice",
        "--base-share: mixes whole weights, and --adapters writes none; leave one of them out",
    ]
    with pytest.raises(CheckpointError, match=r"slim: holds adapters alone; `dimts export .*slim --base BASE --out"):
        official.load(thin)
    with pytest.raises(CheckpointError, match=r"run: holds no adapters.safetensors; give what"):
        slim.complete(ran, official.load(material.base))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("base", "was trained on another base than"),
        ("vocabulary", r"vocab.json: is not the vocabulary of these adapters; copy it back"),
        ("cut", r"adapters.safetensors: damaged or cut off \(.*\); copy it again"),
        ("foreign", "holds no adapters of Dimts, or not all of them; export them again"),
        ("description", "holds no adapters of Dimts, or not all of them; export them again"),
        ("tensors", "adapters.safetensors: does not fit its base; export the adapters again"),
    ],
)
def test_adapters_that_are_damaged_or_of_another_base(
    material: Material, thin: Path, tmp_path: Path, spoil: str, told: str
) -> None:
    folder = Path(shutil.copytree(thin, tmp_path / "slim"))
    path, base = folder / "adapters.safetensors", official.load(material.base)
    if spoil == "base":
        base.network.gpt.mel_head.bias.data += 1
    elif spoil == "vocabulary":
        shutil.copy(material.base / "vocab.json", folder / "vocab.json")
    elif spoil == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif spoil == "description":
        (folder / "bundle.json").unlink()
    else:
        state, facts = weights.read(path), weights.read_facts(path)
        state.pop("gpt.text_head.bias[550:]")
        weights.write(state, path, facts if spoil == "tensors" else None)
    with pytest.raises(CheckpointError, match=told):
        slim.complete(folder, base)
