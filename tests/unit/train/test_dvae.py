"""The DVAE's own settings and traps: where codes begin and start again, mel_stats from data, the GPT that follows."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from dimts import config, log
from dimts.checkpoint import official, store, weights
from dimts.data import codes, manifest
from dimts.errors import ConfigError
from dimts.model.dvae import Codebook
from dimts.model.shapes import DvaeShape
from dimts.train import recipe
from dimts.train.parts import codebook
from dimts.train.parts import run as parts
from dimts.train.parts.dvae import DvaePart
from tests.flow import commands
from tests.flow.material import QUIET, Material, untimed


def content(material: Material, out: Path, *settings: str) -> dict[str, Any]:
    run: dict[str, Any] = {"part": "dvae", "base": str(material.base), "data": {"datasets": [str(material.dataset)]},
                           "out": str(out), "device": "cpu", "dvae": {"clips": 4, "crop_frames": 32, "lr": 1e-3},
                           "train": {"max_updates": 4}, "schedule": {"kind": "constant"}}  # fmt: skip
    return config.override(run, settings)


def part(material: Material, *settings: str) -> DvaePart:
    made = parts.prepare(config.build(content(material, Path("out"), *settings), "run.yaml"), QUIET)[2].part
    assert isinstance(made, DvaePart)
    return made


def trained(material: Material, out: Path, *settings: str) -> Path:
    return recipe.finetune(config.build(content(material, out, *settings), "run.yaml"), QUIET)


def book_of(columns: list[list[float]], used: float = 1.0) -> Codebook:
    book = Codebook(DvaeShape(80, (4,), 1, len(columns[0]), len(columns)))
    book.embed.copy_(torch.tensor(columns).T)
    book.cluster_size.fill_(used)
    book.embed_avg.copy_(book.embed * used)
    return book


@pytest.mark.parametrize("limit", [0.0, 0.1])
def test_codes_of_a_random_base_begin_at_what_is_heard(limit: float, material: Material) -> None:
    """Without restarts too: codes that nothing was learned from must not run away."""
    dvae = part(material, f"dvae.restart_below={limit}")
    heard_NW = dvae.dvae.encoder(dvae._batch(0)).detach().transpose(1, 2).flatten(0, 1)
    dvae.update(0, 1.0)
    embed_CW = dvae.dvae.codebook.embed.T
    assert float(torch.cdist(embed_CW, heard_NW).amin(1).max()) < 1e-2
    for number in range(1, 4):
        dvae.update(number, 1.0)
    assert float(embed_CW.abs().max()) <= 2 * float(heard_NW.abs().max())


def test_codes_that_are_not_used_stay_where_they_are_unless_they_start_again() -> None:
    settings, heard_NW = config.Dvae(restart_below=0.0, decay=0.5), torch.tensor([[1.0, 1.0], [1.0, 1.2]])
    book = book_of([[1.0, 1.0], [9.0, -9.0]])
    for number in range(200):  # until its averages are lost to rounding
        codebook.follow(book, heard_NW, torch.tensor([0, 0]), settings, str(number))
    assert book.embed[:, 0].tolist() == pytest.approx([1.0, 1.1]) and book.embed[:, 1].tolist() == pytest.approx(
        [9, -9]
    )
    codebook.follow(book, heard_NW, torch.tensor([0, 0]), settings.model_copy(update={"restart_below": 0.1}), "")
    assert min(float((book.embed[:, 1] - each).abs().max()) for each in heard_NW) < 1e-6


def test_a_fair_share_counts_and_not_how_large_an_update_is() -> None:
    """Sixteen codes evenly used by two sounds an update are each used an eighth of once, and none is dead."""
    settings, sounds_CW = config.Dvae(restart_below=0.2, decay=0.9), torch.eye(16)
    for size in (2, 64):
        book = book_of(sounds_CW.tolist(), used=size / 16)
        for number in range(80):
            codes_N = (torch.arange(size) + number * size) % 16
            codebook.follow(book, sounds_CW[codes_N], codes_N, settings, str(number))
        assert torch.allclose(book.embed.T, sounds_CW, atol=1e-4), size


def test_short_clips_end_in_their_last_frame(material: Material) -> None:
    dvae = part(material, "dvae.crop_frames=400", "dvae.clips=3")
    clip_B, start_B = dvae.crops.draw(0)
    assert int(dvae.lengths_C.max()) < 400 and not bool(start_B.any())
    begins_C = dvae.lengths_C.cumsum(0) - dvae.lengths_C
    for crop_MF, clip in zip(dvae._batch(0), clip_B.tolist(), strict=True):
        length, begin = int(dvae.lengths_C[clip]), int(begins_C[clip])
        assert torch.equal(crop_MF[:, :length], dvae.mel_MF[:, begin : begin + length].float())
        assert torch.equal(crop_MF[:, length:], crop_MF[:, length - 1 : length].expand(-1, 400 - length))


def test_the_loss_is_the_one_that_is_named(material: Material) -> None:
    facts = {
        name: part(material, f"dvae.loss={name}", "dvae.commitment=0").update(0, 1.0) for name in ("l1", "smooth_l1")
    }
    assert facts["l1"]["loss"] == facts["l1"]["mel_l1"] == facts["smooth_l1"]["mel_l1"] > facts["smooth_l1"]["loss"]


def test_mel_stats_from_data_are_exported_and_heard_by_the_gpt(material: Material, tmp_path: Path) -> None:
    before = official.load(material.base).network.mel_stats
    dvae = part(material, "dvae.stats=data")
    assert torch.allclose(dvae.mel_MF.float().abs().mean(1), torch.ones(80), atol=2e-3)
    voice = trained(material, tmp_path / "run", "dvae.stats=data")
    after = official.load(voice)
    assert torch.equal(after.network.mel_stats, dvae.stats) and not torch.allclose(dvae.stats, before, atol=0.1)
    stored = weights.read_pickle(voice / "mel_stats.pth")
    assert isinstance(stored, torch.Tensor) and torch.equal(stored, dvae.stats)
    with pytest.raises(ConfigError, match="dvae.stats: data is for a random base"):
        trained(material, tmp_path / "again", "dvae.stats=data", f"base={voice}")


def test_a_gpt_learns_on_the_result_by_codes_of_its_own(material: Material, tmp_path: Path) -> None:
    voice = trained(material, tmp_path / "dvae", "train.max_updates=30")
    assert "GPT learned other codes" not in " ".join(part(material, f"base={voice}").lines())
    run = material.run(tmp_path / "gpt", f"base={voice}", "train.max_updates=1")
    spoken = recipe.finetune(run, QUIET)
    dataset = manifest.read(material.dataset)
    old, new = (codes.ensure(dataset, official.load(folder)) for folder in (material.base, spoken))
    assert any(not torch.equal(old.read(clip)[0], new.read(clip)[0]) for clip in dataset.clips)
    assert any("GPT learned other codes" in line for line in part(material, f"base={spoken}").lines())
    told = json.loads((spoken / "bundle.json").read_text())
    assert told["trained_languages"] == ["am"]


def test_a_killed_run_goes_on_bit_for_bit(material: Material, tmp_path: Path) -> None:
    settings = ("train.max_updates=60", "save.every_updates=3", "evaluate.every_updates=20")
    out, run_file = tmp_path / "out", tmp_path / "run.yaml"
    run_file.write_text(json.dumps(content(material, out, *settings)), encoding="utf-8")
    process = commands.train(run_file)
    commands.wait_until(lambda: commands.updates(out) >= 20, process)
    process.kill()
    commands.ended(process)
    code, said = commands.ended(commands.train(run_file))
    assert code == 0 and "going on after update" in said
    trained(material, tmp_path / "whole", *settings)
    newest, whole = store.newest(out), store.newest(tmp_path / "whole")
    assert newest and whole and store.hashes(newest) == store.hashes(whole)
    assert untimed(list(log.read(out))) == untimed(list(log.read(tmp_path / "whole")))
