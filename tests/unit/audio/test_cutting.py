"""Cuts lie in silence, clips have the lengths asked for, and every second is accounted for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.audio import cutting, speech
from dimts.audio.cutting import Cutting, Lengths
from dimts.audio.levels import LEVEL_S
from dimts.audio.spans import Span, between, without
from dimts.audio.speech import Heard
from tests.unit.audio.spoken import recording


def heard(*spans: tuple[float, float], duration_s: float = 60.0, pauses: tuple[tuple[float, float], ...] = ()) -> Heard:
    levels_db = np.full(round(duration_s / LEVEL_S), -70, np.float32)
    for start_s, end_s in spans:
        levels_db[round(start_s / LEVEL_S) : round(end_s / LEVEL_S)] = -20
    for start_s, end_s in pauses:
        levels_db[round(start_s / LEVEL_S) : round(end_s / LEVEL_S)] = -60
    return Heard([Span(*span) for span in spans], levels_db, duration_s)


def cut(sound: Heard, lengths: Lengths | None = None) -> Cutting:
    return cutting.cut(sound.spans, sound, lengths)


def times(spans: list[Span]) -> list[tuple[float, float]]:
    return [(round(span.start_s, 3), round(span.end_s, 3)) for span in spans]


def test_a_clip_takes_room_but_never_of_its_neighbour() -> None:
    found = cut(heard((1, 7), (7.2, 13), (20, 24), duration_s=24.1))
    assert times(found.clips) == [(0.85, 7.1), (7.1, 13.15), (19.85, 24.1)]
    assert times(found.gaps) == [(0, 0.85), (13.15, 19.85)]


def test_short_neighbours_are_joined_and_long_ones_are_not() -> None:
    assert times(cut(heard((1, 2), (2.3, 3.6), (4, 5))).clips) == [(0.85, 5.15)]
    assert len(cut(heard((1, 5), (5.6, 10))).clips) == 2
    assert len(cut(heard((1, 5), (5.2, 9))).clips) == 1  # so near that joining is safer than cutting
    assert len(cut(heard((1, 2), (3.5, 4))).clips) == 2  # silence longer than a clip may hold
    assert len(cut(heard((1, 2), (3.5, 4)), Lengths(join_s=2)).clips) == 1


def test_joining_keeps_the_limit() -> None:
    sound = heard(*[(at, at + 1.7) for at in range(0, 58, 2)])
    clips = cut(sound, Lengths(min_s=4, max_s=6)).clips
    assert all(4 <= clip.duration_s <= 6 for clip in clips) and len(clips) > 8


def test_cuts_prefer_the_longer_pause() -> None:
    sound = heard((0, 4), (4.16, 7), (7.7, 11))
    assert times(cut(sound).clips) == [(0, 7.15), (7.55, 11.15)] or len(cut(sound).clips) == 3
    assert times(cut(sound, Lengths(min_s=5)).clips)[0] == (0, 7.15)


def test_long_speech_is_parted_at_its_longest_pause() -> None:
    sound = heard((1, 21), pauses=((7, 7.2), (11, 11.4), (18, 18.1)))
    assert times(cut(sound).clips) == [(0.85, 11.15), (11.25, 21.15)]
    sound = heard((1, 21), pauses=((8, 8.2), (14.5, 14.8)))
    assert times(cut(sound).clips) == [(0.85, 8.1), (8.1, 14.65), (14.65, 21.15)]


@pytest.mark.parametrize("pauses", [(), ((10, 10.1),), ((1, 1.5), (20.5, 21))])
def test_speech_without_a_pause_is_reported_whole(pauses: tuple[tuple[float, float], ...]) -> None:
    found = cut(heard((1, 21), (22, 26), pauses=pauses))
    assert times(found.uncuttable) == [(1, 21)]
    assert times(found.clips) == [(21.85, 26.15)]


def test_every_limit_of_a_pause_counts() -> None:
    sound = heard((1, 21), pauses=((10, 10.12), (11, 11.12)))
    assert cut(sound).uncuttable
    assert not cut(sound, Lengths(pause_s=0.1)).uncuttable
    assert cut(sound, Lengths(pause_s=0.1, min_room_s=0.1)).uncuttable
    assert cut(sound, Lengths(pause_s=0.1, pause_depth_db=50)).uncuttable


def test_other_speakers_are_left_alone() -> None:
    sound = heard((1, 5), (5.1, 8), (8.3, 12), (12, 15))
    found = cutting.cut([Span(1, 5), Span(8.3, 12)], sound)
    assert times(found.clips) == [(0.85, 5.05), (8.15, 12)]
    assert times(cutting.cut([Span(2, 4)], heard((1, 5))).clips) == [(2, 4)]  # a part of someone's speech


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.05, 25), min_size=2, max_size=40), st.floats(0, 2), st.integers(0, 9))
def test_every_second_is_accounted_for(lengths_s: list[float], tail_s: float, seed: int) -> None:
    edges = np.cumsum(lengths_s).round(2)
    spans = [(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < b]
    random = np.random.default_rng(seed)
    sound = heard(*spans, duration_s=float(edges[-1]) + tail_s)
    sound.levels_db[random.integers(0, len(sound.levels_db), 60)] = -70
    found = cut(sound)
    tiles = sorted([*found.clips, *found.uncuttable, *found.gaps])
    assert tiles[0].start_s == 0 and tiles[-1].end_s == pytest.approx(sound.duration_s)
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in zip(tiles, tiles[1:], strict=False))
    assert all(clip.duration_s <= 11 + 1e-6 for clip in found.clips)
    lost = without(sound.spans, sorted([*found.clips, *found.uncuttable]))
    for span in lost:  # pauses inside speech that were cut, but for their room
        inside = sound.levels_db[round(span.start_s / LEVEL_S) : round(span.end_s / LEVEL_S)]
        assert (inside == -70).all()


def test_intervals() -> None:
    spans = [Span(0, 4), Span(6, 8)]
    assert without(spans, [Span(1, 2), Span(3, 7)]) == [Span(0, 1), Span(2, 3), Span(7, 8)]
    assert without(spans, []) == spans and without([], spans) == []
    assert between(spans, 9) == [Span(4, 6), Span(8, 9)] and between([], 2) == [Span(0, 2)]


def test_edge_energy_notices_a_cut_word() -> None:
    audio, true = recording(16_000, (0.5, 0.5))
    whole = cutting.edge_energy(audio.samples, 16_000)
    middle = round((true[0].start_s + true[0].duration_s / 2) * 16_000)
    loudest = middle + int(np.abs(audio.samples[middle : middle + 8000]).argmax())
    halved = cutting.edge_energy(audio.samples[:loudest], 16_000)
    assert max(whole) < -30 and halved[0] < -30 and halved[1] > -10
    assert cutting.edge_energy(audio.samples[:0], 16_000) == (0, 0)


def test_spoken_sentences_become_clips() -> None:
    audio, true = recording(16_000, (1.0, 0.3, 0.3, 1.2, 0.4, 0.2, 0.6))
    sound = speech.hear([audio.samples], 16_000, "energy")
    found = cut(sound)
    assert not found.uncuttable
    for span in true:
        assert any(clip.start_s <= span.start_s + 0.02 and span.end_s - 0.02 <= clip.end_s for clip in found.clips)
    for clip in found.clips:
        samples = audio.samples[round(clip.start_s * 16_000) : round(clip.end_s * 16_000)]
        assert max(cutting.edge_energy(samples, 16_000)) < -25
