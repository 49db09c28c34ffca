"""Changes of prompts do to a cached mel what speed, pitch and noise do to sound."""

import math

import pytest
import torch
from torch import Tensor

from dimts.config import Prompt
from dimts.data import augment
from dimts.data.augment import Change
from dimts.model import mel

STATS = torch.linspace(2.0, 6.0, 80)


def heard(*partials_hz: float, seconds: float = 2.0, glide: float = 0.0) -> Tensor:
    """The normalised log mel of sines, which may rise by a part of their pitch: [80, F]."""
    at = torch.arange(int(22_050 * seconds)) / 22_050
    phase = at + glide * at.square() / 2
    samples = sum((torch.sin(2 * math.pi * hz * phase) for hz in partials_hz), torch.zeros(()))
    return mel.prompt_mel(0.1 * samples[None], STATS)[0]


def loudest(mel_MF: Tensor) -> Tensor:
    """The loudest band of each frame but those at the edges."""
    return (mel_MF * STATS[:, None]).argmax(0)[8:-8]


def power(mel_MF: Tensor) -> Tensor:
    """The mean power from 0 to 8 kHz: bands are as wide as they are far apart."""
    edges_hz = mel.band_edges_hz(80, 8000.0)
    return ((edges_hz[2:] - edges_hz[:-2]) @ (mel_MF * STATS[:, None]).exp()).mean()


def test_nothing_to_change_gives_the_very_same() -> None:
    mel_MF = heard(440)
    assert augment.apply(mel_MF, None, STATS) is mel_MF
    assert torch.allclose(augment.apply(mel_MF, Change(), STATS), mel_MF)


@pytest.mark.parametrize("speed", [0.8, 1.1, 1.25])
def test_speed_is_that_of_a_faster_recording(speed: float) -> None:
    """A glide that is played faster rises faster, over the same pitches."""
    slow = heard(400, glide=0.5)
    changed = augment.apply(slow, Change(speed=speed), STATS)
    assert changed.shape == (80, round(slow.shape[1] / speed))
    fast = heard(400, seconds=2 / speed, glide=0.5 * speed)
    assert changed.shape[1] - fast.shape[1] in (-1, 0, 1)
    length = min(len(loudest(changed)), len(loudest(fast)))
    assert int((loudest(changed)[:length] - loudest(fast)[:length]).abs().max()) <= 1


@pytest.mark.parametrize("semitones", [-12, -3, 2, 5, 12])
def test_pitch_is_that_of_a_higher_sound(semitones: float) -> None:
    changed = augment.apply(heard(700, 2000), Change(semitones=semitones), STATS)
    ratio = 2 ** (semitones / 12)
    higher = heard(700 * ratio, 2000 * ratio)
    assert changed.shape == higher.shape
    for low, high in ((0, 1200 * ratio), (1200 * ratio, 8000)):
        edges_hz = mel.band_edges_hz(80, 8000.0)[1:-1]
        inside = (edges_hz >= low) & (edges_hz < high)
        places = [(each * STATS[:, None])[inside].mean(1).argmax() for each in (changed, higher)]
        assert abs(int(places[0] - places[1])) <= 1


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 20.0])
def test_noise_is_as_loud_as_asked(snr_db: float) -> None:
    """In power, so that what is silent is filled and what is loud hardly changes."""
    sound = heard(440)
    changed = augment.apply(sound, Change(snr_db=snr_db, noise_at=0.3), STATS)
    added = power(changed) - power(sound)
    assert float(10 * torch.log10(power(sound) / added)) == pytest.approx(snr_db, abs=0.3)
    silent = (changed - sound)[50:].mean() * STATS[50:].mean()
    assert float(silent) > 3 and bool((changed >= sound - 1e-5).all())
    flat = (changed * STATS[:, None])[60:].mean(1)
    assert float(flat.max() - flat.min()) < 0.5  # white: as dense in every band


def test_pieces_of_noise_differ_and_none_is_too_short() -> None:
    sound = heard(440, seconds=70)
    one, two = (augment.apply(sound, Change(snr_db=0.0, noise_at=at), STATS) for at in (0.0, 0.999))
    assert one.shape == sound.shape and not torch.allclose(one, two)
    assert torch.equal(one, augment.apply(sound, Change(snr_db=0.0, noise_at=0.0), STATS))


def test_draws_stay_in_their_range_and_reach_its_ends() -> None:
    prompt = Prompt(speed=0.1, pitch=3.0, noise_snr_db=5.0)
    changes = [augment.draw(prompt, f"0 0 {position}") for position in range(500)]
    found = [(c.speed, c.semitones, c.snr_db or 0.0) for c in changes if c]
    for values, low, high in zip(zip(*found, strict=True), (0.9, -3, 5), (1.1, 3, 35), strict=True):
        edge = (high - low) / 50
        assert low <= min(values) < low + edge and high - edge < max(values) <= high
    assert changes == [augment.draw(prompt, f"0 0 {position}") for position in range(500)]


def test_each_is_off_by_default_and_live_alone() -> None:
    assert augment.draw(Prompt(), "0 0 0") is None
    only = [Prompt(speed=0.1), Prompt(pitch=3.0), Prompt(noise_snr_db=5.0)]
    together = augment.draw(Prompt(speed=0.1, pitch=3.0, noise_snr_db=5.0), "0 0 0")
    found = [augment.draw(prompt, "0 0 0") for prompt in only]
    assert together and all(found)
    speed, pitch, noise = (change for change in found if change)
    assert (speed.speed, speed.semitones, speed.snr_db) == (together.speed, 0, None) and speed.speed != 1
    assert (pitch.speed, pitch.semitones, pitch.snr_db) == (1, together.semitones, None) and pitch.semitones
    assert (noise.speed, noise.semitones, noise.snr_db) == (1, 0, together.snr_db) and noise.snr_db
