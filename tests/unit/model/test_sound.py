"""Front ends and decoders: mels, codes, waveforms and speaker embeddings, against what their definitions say."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from dimts.checkpoint.official import Base
from dimts.model import mel
from dimts.model.conditioning import norm_groups
from dimts.model.dvae import Dvae
from dimts.model.hifigan import stretch
from dimts.model.shapes import HOP_SAMPLES
from dimts.model.xtts import Xtts
from tests.unit.conftest import synthetic

ONES = torch.ones(80)


@pytest.fixture(scope="module")
def network(tiny: Base) -> Xtts:
    return tiny.network


@pytest.fixture(scope="module")
def dvae(tiny: Base) -> Dvae:
    return tiny.need_dvae()


def close(ours: Tensor, theirs: Tensor, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_the_filter_bank_is_triangles_on_the_htk_scale() -> None:
    found = mel.filter_bank(1025, 80, 22_050, 8000.0, slaney=True)
    edges_hz = [700 * (10 ** (2595 * math.log10(1 + 8000 / 700) * i / 81 / 2595) - 1) for i in range(82)]
    bins_hz = np.linspace(0, 11_025, 1025)
    for band in (0, 7, 40, 79):
        low, top, high = edges_hz[band : band + 3]
        expected = np.interp(bins_hz, [low, top, high], [0, 2 / (high - low), 0], left=0, right=0)
        np.testing.assert_allclose(found[:, band].numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("count", [7276, 66_150, 66_151, 66_303, 66_304])
def test_a_mel_has_a_frame_for_every_hop_and_one(count: int) -> None:
    for front in (mel.prompt_mel, mel.code_mel):
        assert front(synthetic(4.0)[None, :count], ONES).shape == (1, 80, count // HOP_SAMPLES + 1)


def test_silence_is_what_digital_silence_gives() -> None:
    stats = torch.linspace(1, 4, 80)
    quiet = mel.prompt_mel(torch.zeros(1, 20_000), stats)[0]
    close(quiet, mel.silence(stats).expand_as(quiet))


def test_stats_divide() -> None:
    wave, stats = synthetic(1.0)[None], torch.linspace(1, 4, 80)
    close(mel.code_mel(wave, stats) * stats[:, None], mel.code_mel(wave, ONES))


def test_a_crop_of_a_mel_differs_at_four_frames_from_the_mel_of_a_crop() -> None:
    wave, begin, frames = synthetic(3.0), 50, 100
    whole = mel.prompt_mel(wave[None], ONES)[0, :, begin : begin + frames + 1]
    crop = mel.prompt_mel(wave[None, begin * HOP_SAMPLES : (begin + frames) * HOP_SAMPLES], ONES)[0]
    wrong = (whole - crop).abs().amax(0) > 1e-3
    assert not wrong[2:-2].any()
    assert wrong[[0, -1]].all()


@pytest.mark.parametrize("frames", [1, 4, 5, 103])
def test_a_code_is_four_frames(dvae: Dvae, frames: int) -> None:
    codes_BA = dvae.encode(torch.randn(2, 80, frames, generator=torch.Generator().manual_seed(0)))
    assert codes_BA.shape == (2, -(-frames // 4))
    assert dvae.decode(codes_BA).shape == (2, 80, 4 * codes_BA.shape[1])


def test_the_nearest_column_is_taken(dvae: Dvae) -> None:
    encoded_BWA = torch.randn(2, 32, 9, generator=torch.Generator().manual_seed(0))
    distance = (encoded_BWA[..., None] - dvae.codebook.embed[None, :, None, :]).square().sum(1)
    assert torch.equal(dvae.codebook.nearest(encoded_BWA), distance.argmin(2))
    columns_BWA = dvae.codebook.embed[:, [3, 1000, 3]][None]
    assert dvae.codebook.nearest(columns_BWA).tolist() == [[3, 1000, 3]]


@torch.no_grad()
@pytest.mark.parametrize("codes", [1, 2, 24, 101])
def test_a_code_is_46_ms_of_sound(network: Xtts, codes: int) -> None:
    audio = network.hifigan_decoder(torch.zeros(1, codes, 64), torch.zeros(1, 512))
    assert audio.shape == (1, 256 * math.floor(codes * 4 * 24_000 / 22_050))
    assert audio.abs().max() <= 1


def test_latents_are_stretched_linearly() -> None:
    ramp = torch.arange(40.0)[None, None]
    found = stretch(ramp)[0, 0]
    expected = (torch.arange(len(found)) + 0.5) * 22_050 / 24_000 / 4 - 0.5
    close(found[10:-10], expected[10:-10], 2e-3)


@torch.no_grad()
def test_the_vocoder_hears_speaker_and_latents(network: Xtts) -> None:
    chance = torch.Generator().manual_seed(0)
    latents, speakers = torch.randn(2, 6, 64, generator=chance), torch.randn(2, 512, generator=chance)
    both = network.hifigan_decoder(latents, speakers)
    for i in range(2):
        close(both[i], network.hifigan_decoder(latents[i : i + 1], speakers[i : i + 1])[0])
    assert (both[0] - network.hifigan_decoder(latents[:1], speakers[1:])[0]).abs().max() > 1e-4
    assert (both[0] - network.hifigan_decoder(latents[1:], speakers[:1])[0]).abs().max() > 1e-4


@torch.no_grad()
def test_speaker_embeddings_are_unit_vectors_whatever_the_level(network: Xtts) -> None:
    waves = torch.stack([synthetic(2.0, seed=1), synthetic(2.0, seed=2)])
    encoder = network.hifigan_decoder.speaker_encoder
    both = encoder(waves)
    close(both.norm(dim=1), torch.ones(2))
    close(both[1:], encoder(waves[1:]))
    assert float(both[0] @ both[1]) < 0.9999
    assert float(encoder(waves[:1] * 0.5)[0] @ both[0]) > 0.999


@torch.no_grad()
def test_prompts_of_any_length_make_32_latents(network: Xtts) -> None:
    for frames in (29, 259):
        latents_BPD = network.gpt.prompt(torch.randn(2, 80, frames, generator=torch.Generator().manual_seed(0)))
        assert latents_BPD.shape == (2, 32, 64)
        assert (latents_BPD[0] - latents_BPD[1]).abs().max() > 1e-3


@pytest.mark.parametrize(("width", "groups"), [(8, 8), (16, 8), (64, 16), (65, 1), (256, 32), (1024, 32), (80, 16)])
def test_groups_of_the_norm(width: int, groups: int) -> None:
    assert norm_groups(width) == groups
