"""Cutting plans: joined, moved into silence, and every second accounted for."""

import random
from dataclasses import replace

import pytest

from dimts.data.spans import Span, merged, within, without
from dimts.data.stretches import Cue, CutRules, Plan, plan

RULES = CutRules()
APART = replace(RULES, join=False)


def cue(start_s: float, end_s: float, text: str = "Words.", speaker: str | None = None, row: int = 0) -> Cue:
    return Cue(start_s, end_s, text, speaker, (row,))


def times(made: Plan) -> list[Span]:
    return [(each.start_s, each.end_s) for each in made.cut]


def reasons(made: Plan) -> list[tuple[str, float]]:
    return [(each.reason, each.own_s) for each in made.lost]


def balanced(made: Plan, duration_s: float) -> bool:
    taken_s = sum(each.length_s for each in made.cut) + sum(each.own_s for each in made.lost) + made.not_speech_s
    return abs(taken_s - duration_s) < 0.01


def test_edges_move_to_silence_with_a_little_room() -> None:
    made = plan([cue(1.2, 3.9), cue(4.2, 7.3)], [(1.0, 4.0), (4.4, 7.0)], 10.0, APART)
    assert times(made) == [(0.9, 4.1), (4.3, 7.1)] and not made.lost
    assert made.not_speech_s == pytest.approx(4.0) and balanced(made, 10.0)


def test_room_is_half_of_a_narrow_pause() -> None:
    assert times(plan([cue(0, 2), cue(2, 4)], [(0.5, 1.9), (2.0, 3.5)], 4.0, APART)) == [(0.4, 1.95), (1.95, 3.6)]


def test_an_edge_far_inside_of_speech_stays() -> None:
    assert times(plan([cue(2.0, 4.0)], [(0.5, 8.0)], 9.0, APART)) == [(2.0, 4.0)]


def test_silence_around_the_words_is_left_out() -> None:
    made = plan([cue(0.0, 10.0)], [(4.0, 6.0)], 10.0, APART)
    assert times(made) == [(3.9, 6.1)] and made.not_speech_s == pytest.approx(7.8)


def test_no_speech_in_a_cue() -> None:
    made = plan([cue(1, 2), cue(5, 7)], [(5.1, 6.9)], 8.0, APART)
    assert times(made) == [(5.0, 7.0)] and reasons(made) == [("no speech", 1.0)] and balanced(made, 8.0)


def test_speech_outside_of_all_cues() -> None:
    spans = [(1.0, 2.0), (3.0, 4.0), (4.2, 5.0), (8.0, 9.0), (9.5, 9.7)]
    made = plan([cue(1, 2)], spans, 12.0, APART)
    assert times(made) == [(0.9, 2.1)]
    assert reasons(made) == [("no transcript", 2.0), ("no transcript", 1.0)]
    assert [(each.cue.start_s, each.cue.end_s) for each in made.lost] == [(3.0, 5.0), (8.0, 9.0)]
    assert balanced(made, 12.0)


def test_times_that_lie_nowhere() -> None:
    made = plan([cue(3, 3), cue(5, 4), cue(20, 21), cue(-1, 2)], [(0.2, 1.8)], 10.0, APART)
    assert times(made) == [(0.1, 1.9)]
    assert sorted(reasons(made)) == [("outside the recording", 0.0), ("times", 0.0), ("times", 0.0)]


def test_small_overlaps_are_parted_large_ones_turned_away() -> None:
    spans = [(0.0, 2.9), (3.1, 6.0), (7.0, 12.0)]
    made = plan([cue(0, 3.2), cue(2.8, 6), cue(7, 10), cue(8, 12)], spans, 13.0, APART)
    assert times(made) == [(0.0, 3.0), (3.0, 6.1)]
    assert reasons(made) == [("overlapping cues", 3.0), ("overlapping cues", 2.0)] and balanced(made, 13.0)
    assert made.lost[0].measured == 2.0


def test_one_long_cue_over_many() -> None:
    made = plan([cue(0, 9), cue(1, 2), cue(3, 4), cue(9.5, 12)], [(0.0, 12.0)], 12.0, APART)
    assert [each.reason for each in made.lost][:3] == ["overlapping cues"] * 3 and len(made.cut) == 1
    assert balanced(made, 12.0)


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (("Half a", "sentence."), 1),
        (("One. ", "Two."), 2),
        (("ይህ ነው።", "ያ ነው።"), 2),
        (("He said “no.”", "She left."), 2),
        (("", "Words."), 2),
    ],
)
def test_half_sentences_are_joined(texts: tuple[str, str], joined: int) -> None:
    made = plan([cue(0, 4, texts[0], row=3), cue(4.3, 8, texts[1], row=4)], [(0.1, 3.9), (4.4, 7.9)], 9.0, RULES)
    assert len(made.cut) == joined
    if joined == 1:
        assert made.cut[0].text == "Half a sentence." and made.cut[0].rows == (3, 4)


def test_short_neighbours_are_joined_up_to_the_limit() -> None:
    cues = [cue(2 * n, 2 * n + 1.6, f"Word {n}.", row=n) for n in range(12)]
    made = plan(cues, [(2 * n + 0.1, 2 * n + 1.5) for n in range(12)], 24.0, RULES)
    assert [each.rows for each in made.cut] == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9), (10, 11)]
    assert all(each.length_s <= RULES.longest_s for each in made.cut)


@pytest.mark.parametrize(
    "other", [cue(2.0, 3.5, speaker="b"), replace(cue(2.0, 3.5, speaker="a"), kind="x"), cue(2.6, 4, speaker="a")]
)
def test_other_speakers_kinds_and_long_pauses_part(other: Cue) -> None:
    spans = [(0.1, 1.6), (other.start_s + 0.1, 3.4)]
    assert len(plan([cue(0, 1.7, speaker="a"), other], spans, 5.0, RULES).cut) == 2


def test_what_has_no_pause_between_is_joined() -> None:
    assert len(plan([cue(0, 4), cue(4, 8)], [(0.1, 7.9)], 8.0, RULES).cut) == 1
    assert len(plan([cue(0, 4), cue(4, 8)], [(0.1, 3.9), (4.1, 7.9)], 8.0, RULES).cut) == 2


def test_scripts_without_spaces_and_scores() -> None:
    cues = [replace(cue(0, 1, "你好"), score=0.5), replace(cue(1, 4, "世界。"), score=0.9)]
    made = plan(cues, [(0.0, 4.0)], 4.0, RULES)
    assert made.cut[0].text == "你好世界。" and made.cut[0].score == pytest.approx(0.8)


@pytest.mark.parametrize("seed", range(30))
def test_any_cues_over_any_speech(seed: int) -> None:
    chance = random.Random(seed)
    duration_s = chance.uniform(5, 200)
    spans = merged((s, s + chance.uniform(0.1, 9)) for s in (chance.uniform(0, duration_s) for _ in range(30)))
    spans = within(spans, 0.0, duration_s)
    starts = [chance.uniform(-3, 210) for _ in range(40)]
    cues = [cue(s, s + chance.uniform(-0.2, 7), row=n) for n, s in enumerate(starts)]
    for rules in (RULES, APART):
        made = plan(cues, spans, duration_s, rules)
        assert balanced(made, duration_s) and made.not_speech_s >= 0 and all(each.own_s >= 0 for each in made.lost)
        rows = sorted(row for each in (*made.cut, *(lost.cue for lost in made.lost)) for row in each.rows)
        assert rows == list(range(40))
        assert all(0 <= a.start_s < a.end_s <= duration_s + 0.001 for a in made.cut)
        assert all(a.end_s <= b.start_s for a, b in zip(made.cut, made.cut[1:], strict=False))
        silent = [each for each in made.cut if not within(spans, each.start_s, each.end_s)]
        assert not silent


def test_sets_of_seconds() -> None:
    assert merged([(3, 4), (0, 1), (1, 2), (5, 5)]) == [(0, 2), (3, 4)]
    assert merged([(0, 1), (1.5, 2)], 0.5) == [(0, 2)]
    assert merged([(0, 1), (1.5, 2)], 0.5, [(1.1, 1.2)]) == [(0, 1), (1.5, 2)]
    assert within([(0, 1), (2, 3), (4, 5)], 0.5, 4) == [(0.5, 1), (2, 3)]
    assert list(without((0, 10), [(1, 2), (4, 5), (9, 11)])) == [(0, 1), (2, 4), (5, 9)]
    assert list(without((0, 1), [(0, 1)])) == []
