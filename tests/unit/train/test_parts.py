"""The parts around the GPT learn, go on bit for bit, heed their settings, and change nothing else in a voice."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dimts import config, log
from dimts.checkpoint import official, store
from dimts.errors import ConfigError
from dimts.model.discriminators import Discriminators
from dimts.train import recipe
from dimts.train.display import Display
from dimts.train.parts import run as parts
from dimts.train.parts import sound_loss
from dimts.train.parts.crops import Crops
from dimts.train.parts.loop import Loop
from dimts.train.trainer import Interrupted
from tests.flow.material import QUIET, Material, untimed
from tests.unit.app import command

DVAE = {"clips": 4, "crop_frames": 32, "lr": 1e-3}
DECODER: dict[str, Any] = {"clips": 2, "crop_codes": 4, "context_codes": 1, "lr": 1e-3,
                           "discriminator_channels": 2, "samples": 1}  # fmt: skip
PART = {"dvae": DVAE, "decoder": DECODER}


@pytest.fixture(scope="module")
def voice(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice that knows the dataset's letters, for the decoder to hear."""
    return recipe.finetune(material.run(tmp_path_factory.mktemp("gpt") / "run", "train.max_updates=1"), QUIET)


def content(part: str, base: Path, data: Path, out: Path, *settings: str) -> dict[str, Any]:
    common = {"part": part, "base": str(base), "data": {"datasets": [str(data)]}, "out": str(out), "device": "cpu"}
    rest = {"train": {"max_updates": 6}, "evaluate": {"every_updates": 3}, "save": {"every_updates": 2}}
    return config.override({**common, **rest, part: PART[part], "schedule": {"kind": "constant"}}, settings)


def begun(part: str, base: Path, data: Path, out: Path, *settings: str) -> Loop:
    run = config.build(content(part, base, data, out, *settings), "run.yaml")
    loop = parts.prepare(run, QUIET)[2]
    loop.part.listen()
    return loop


def trained(part: str, base: Path, data: Path, out: Path, *settings: str) -> Path:
    return recipe.finetune(config.build(content(part, base, data, out, *settings), "run.yaml"), QUIET)


def base_of(part: str, material: Material, voice: Path) -> Path:
    return material.base if part == "dvae" else voice


def updates(out: Path, kind: str = "update") -> list[dict[str, Any]]:
    return [line for line in log.read(out) if line["kind"] == kind]


@pytest.mark.parametrize("part", ["dvae", "decoder"])
def test_it_learns_and_the_rest_stays_bit_for_bit(part: str, material: Material, voice: Path, tmp_path: Path) -> None:
    base = base_of(part, material, voice)
    settings = ("train.max_updates=40", "evaluate.every_updates=20", f"{part}.clips=4", "decoder.discriminators=[]")
    made = trained(part, base, material.dataset, tmp_path / "run", *settings[: 3 + (part == "decoder")])
    scores = [line["mel_l1"] for line in updates(tmp_path / "run", "eval")]
    assert scores[-1] < 0.9 * scores[0], scores
    before, after = official.load(base), official.load(made)
    own = {"dvae": "dvae.", "decoder": "hifigan_decoder.waveform_decoder."}[part]
    changed = {name for name, tensor in all_of(before).items() if not torch.equal(tensor, all_of(after)[name])}
    assert changed and all(name.startswith(own) for name in changed)
    told = json.loads((made / "bundle.json").read_text())["parts"][part]
    assert told["best"]["metric"] == "mel_l1" and told["datasets"][0]["language"] == "am"
    if part == "decoder":
        assert len(list((tmp_path / "run" / "samples").glob("*.wav"))) == 4  # three evaluations and the original
        assert not (tmp_path / "run" / "heard").exists()
        assert sorted(path.name for path in (made / "voices").iterdir())


def all_of(base: official.Base) -> dict[str, Tensor]:
    dvae = {f"dvae.{name}": tensor for name, tensor in base.need_dvae().state_dict().items()}
    return {**base.network.state_dict(), **dvae}


class AskedAfter:
    """A stop that is asked after so many looks."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    @property
    def asked(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("part", ["dvae", "decoder"])
def test_a_stopped_run_goes_on_bit_for_bit(part: str, material: Material, voice: Path, tmp_path: Path) -> None:
    base, found = base_of(part, material, voice), []
    for name, looks in (("whole", None), ("stopped", 3)):
        out = tmp_path / name
        out.mkdir()
        if looks is not None:
            loop = begun(part, base, material.dataset, out)
            with pytest.raises(Interrupted):
                loop.fit(AskedAfter(looks), Display(1, 0, 6, QUIET))  # type: ignore[arg-type]
            assert loop.now.update == looks
        trained(part, base, material.dataset, out)
        newest = store.newest(out)
        assert newest is not None
        found.append((store.hashes(newest), untimed(list(log.read(out)))))
    assert found[0] == found[1]


def test_every_weight_of_the_decoder_counts(material: Material, voice: Path, tmp_path: Path) -> None:
    """Each loss and each discriminator moves the decoder elsewhere; what is off is neither computed nor told."""
    seen = {}
    for setting in ("seed=0", "decoder.mel_weight=1", "decoder.stft_weight=0", "decoder.adversarial_weight=0",
                    "decoder.feature_weight=0", "decoder.discriminators=[periods]", "decoder.discriminators=[spectra]",
                    "decoder.adversarial_after_updates=9", "decoder.betas=[0.1,0.2]", "decoder.context_codes=0",
                    "train.precision=bf16"):  # fmt: skip
        loop = begun("decoder", voice, material.dataset, tmp_path / "run", setting)
        facts = loop.part.update(0, 1.0)
        loop.part.update(1, 1.0)
        weight = loop.part.modules["decoder"].state_dict()["conv_pre.weight"].flatten()[:50]
        seen[setting] = tuple(weight.tolist())
        assert ("adversarial" in facts) == ("after" not in setting)
    assert len(set(seen.values())) == len(seen)


def test_codes_that_nothing_falls_on_start_again(material: Material, tmp_path: Path) -> None:
    for limit, restarted in ((0.0, False), (0.1, True)):
        loop = begun("dvae", material.base, material.dataset, tmp_path / "run", f"dvae.restart_below={limit}")
        book = loop.part.modules["dvae"].get_submodule("codebook")
        embed, size = book.get_buffer("embed"), book.get_buffer("cluster_size")
        size.fill_(1.0)
        size[7], embed[:, 7] = 1e-4, 1e3  # far from everything
        book.get_buffer("embed_avg").copy_(embed * size)
        loop.part.update(1, 1.0)  # the first puts all codes of a random base where something is heard
        assert (float(embed[:, 7].abs().max()) < 100) == restarted


@pytest.mark.parametrize("setting", ["dvae.commitment=2", "dvae.decay=0.5", "dvae.crop_frames=16", "dvae.lr=0.01"])
def test_every_setting_of_the_dvae_counts(setting: str, material: Material, tmp_path: Path) -> None:
    weights = []
    for given in ((), (setting,)):
        loop = begun("dvae", material.base, material.dataset, tmp_path / "run", *given)
        for number in range(2):
            loop.part.update(number, 1.0)
        weights.append(loop.part.tensors())
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_run_ends_when_its_minutes_are_over(material: Material, tmp_path: Path) -> None:
    for name, run in {
        "part": config.build(content("dvae", material.base, material.dataset, tmp_path / "part",
                                     "train.max_minutes=0.000001", "train.max_updates=50"), "run.yaml"),
        "gpt": material.run(tmp_path / "gpt", "train.max_minutes=0.000001"),
    }.items():  # fmt: skip
        voice = recipe.finetune(run, QUIET)
        assert [line["update"] for line in updates(tmp_path / name)] == [1] and (voice / "bundle.json").is_file()
        (stop,) = updates(tmp_path / name, "stop")
        assert "minutes of training are over (train.max_minutes)" in stop["why"]


def test_what_a_part_does_not_heed_is_refused() -> None:
    given = {"base": "b", "data": {"datasets": ["d"], "replay": ["r"], "replay_share": 0.1}, "out": "o",
             "part": "dvae", "vocab": "v", "decoder": {"clips": 3}, "optimizer": {"lr": 1}, "batch": {"clips": 1},
             "train": {"dropout": 0.3, "precision": "bf16", "epochs": 2}, "evaluate": {"metric": "text_loss"},
             "samples": {"texts": ["a"]}, "prompt": {"masking": False}, "limits": {"text_tokens": 9}}  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        config.build(given, "run.yaml")
    places = {line.split(": ")[1] for line in caught.value.problems}
    assert places == {"vocab", "decoder", "optimizer", "batch", "train.dropout", "train.precision", "data.replay",
                      "data.replay_share", "evaluate.metric", "samples", "prompt", "limits"}  # fmt: skip
    with pytest.raises(ConfigError, match="dvae: is not heeded by part: gpt; set part: dvae, or remove it"):
        config.build({"base": "b", "data": {"datasets": ["d"]}, "out": "o", "dvae": {"clips": 3}}, "run.yaml")


def test_crops_are_those_of_the_seed_and_the_update() -> None:
    lengths, length = [5, 40, 12, 100], 10
    crops = Crops(lengths, length, 64, 0)
    draws = [crops.draw(number) for number in range(40)]
    assert all(torch.equal(a, b) for a, b in zip(draws[3], Crops(lengths, length, 64, 0).draw(3), strict=True))
    assert not torch.equal(draws[3][1], draws[4][1]) and not torch.equal(
        draws[3][1], Crops(lengths, length, 64, 1).draw(3)[1]
    )
    clips, starts = (torch.cat(each) for each in zip(*draws, strict=True))
    places = torch.tensor([max(1, n - length + 1) for n in lengths])
    assert bool((starts < places[clips]).all()) and int(starts.max()) == 90
    share = torch.bincount(clips) / len(clips)
    assert torch.allclose(share, places / places.sum(), atol=0.02)


@pytest.mark.parametrize("kinds", [["periods"], ["spectra"], ["periods", "spectra"]])
def test_discriminators_learn_to_tell(kinds: Sequence[str]) -> None:
    torch.manual_seed(0)
    discriminators = Discriminators(kinds, 2)
    real_BN, made_BN = torch.sin(torch.arange(4000) / 9).expand(2, -1), torch.randn(2, 4000) * 0.5
    optimizer = torch.optim.AdamW(discriminators.parameters(), 5e-3)
    losses = []
    for _ in range(30):
        loss = sound_loss.judged(discriminators(torch.cat([real_BN, made_BN])))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]
    real, made = discriminators(real_BN), discriminators(made_BN)
    assert float(sound_loss.unlike(real, real)) == 0 < float(sound_loss.unlike(real, made))
    assert float(sound_loss.unmasked(made)) > float(sound_loss.unmasked(real))


def test_errors_are_small_for_equal_sounds() -> None:
    torch.manual_seed(0)
    sound_BN = torch.randn(1, 8000) * 0.1
    assert float(sound_loss.mel_error(sound_BN, sound_BN)) == 0 == float(sound_loss.spectral_error(sound_BN, sound_BN))
    quieter = float(sound_loss.mel_error(sound_BN / 2.718281828, sound_BN))
    assert quieter == pytest.approx(1.0, abs=0.02)  # nats


def test_plan_and_export_of_a_part(material: Material, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "dvae.yaml"
    run.write_text(json.dumps(content("dvae", material.base, material.dataset, tmp_path / "run")))
    planned = command.run(capsys, "plan", run, "--json")
    assert json.loads(planned.out)["total_updates"] == 6 and not (tmp_path / "run").exists()
    assert "weights of the DVAE learn" in command.run(capsys, "plan", run).out
    trained("dvae", material.base, material.dataset, tmp_path / "run")
    refused = command.run(capsys, "export", tmp_path / "run", "--out", tmp_path / "v")
    assert refused.code == 1 and "trained the dvae" in refused.err
