"""The split: by group, the same everywhere, never undone by more data."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from dimts.data.manifest import Clip, Side
from dimts.data.split import assign, choose, divide, position, straddling, stratum

CLIP = Clip("a", "audio/a.flac", 16_000, 16_000, "00", "a", "a", "en", "speaker", "t.csv:1", "train", "a", "00")


def clip(name: str, text: str = "", recording: str = "", duration_s: float = 1.0, speaker: str = "speaker") -> Clip:
    text = text or name
    cut = {"origin": recording, "start_s": 0.0} if recording else {}
    made = replace(
        CLIP, id=name, text=text, spoken=text, group=text, speaker=speaker, samples=round(16_000 * duration_s)
    )
    return replace(made, **cut)  # type: ignore[arg-type]


MANY = [clip(f"text {number}") for number in range(2000)]


def sides(clips: list[Clip]) -> dict[str, Side]:
    return {each.id: each.split for each in clips}


def old(clips: list[Clip]) -> dict[str, Clip]:
    return {each.id: each for each in clips}


def test_share_is_what_was_asked() -> None:
    for share in (0.05, 0.3):
        assert Counter(assign(MANY, {}, share, seed=0).values())["eval"] == share * len(MANY)


def test_is_the_same_on_every_machine() -> None:
    assert position("ሰላም", 3) == 0.07945623491338476  # sha256sum of "3:ሰላም"


def test_seed_matters() -> None:
    assert assign(MANY, {}, 0.1, seed=0) != assign(MANY, {}, 0.1, seed=1)


def test_additions_move_nothing() -> None:
    known = assign(MANY[:25], {}, 0.01, seed=0)
    for count in range(26, 400, 17):
        more = assign(MANY[:count], known, 0.01, seed=0)
        assert {group: more[group] for group in known} == known
        known = more


def test_zero_share_means_none() -> None:
    assert set(assign(MANY, {}, 0.0, seed=0).values()) == {"train"}


def test_twenty_clips_have_at_least_one_eval_group() -> None:
    tiny = 1e-9
    assert "eval" not in assign(MANY[:19], {}, tiny, 0).values()
    assert Counter(assign(MANY[:20], {}, tiny, 0).values())["eval"] == 1
    two = [replace(each, group=str(number % 2)) for number, each in enumerate(MANY[:20])]
    assert Counter(assign(two, {}, tiny, 0).values())["eval"] == 1
    assert assign([replace(each, group="one") for each in MANY[:20]], {}, tiny, 0) == {"one": "train"}


def test_train_is_never_empty() -> None:
    assert "train" in assign(MANY[:2], {}, 0.999999, 0).values()


def test_known_groups_stay() -> None:
    known = assign(MANY, {}, 0.5, seed=0)
    assert assign(MANY, known, 0.05, seed=9) == known


def test_eval_holds_its_share_of_every_length() -> None:
    chance = random.Random(0)
    clips = [clip(str(number), duration_s=chance.choice((1.5, 4.0, 4.5, 7.0, 10.0))) for number in range(1000)]
    chosen = assign(clips, {}, 0.1, seed=3)
    for length in range(4):
        all_of_it = [each for each in clips if stratum(each.duration_s) == length]
        held_back = [each for each in all_of_it if chosen[each.group] == "eval"]
        assert abs(len(held_back) - 0.1 * len(all_of_it)) <= 1


def test_what_hangs_together_is_on_one_side() -> None:
    clips = [clip(f"{r}-{n}", f"text {r} {n}", recording=f"recording {r}") for r in range(40) for n in range(5)]
    clips += [clip(f"tie {r}", f"text {r} 0", recording=f"recording {r + 1}") for r in range(0, 40, 4)]
    divided, torn = divide(clips, {}, "recording", 0.2, 0)
    by_recording = {(each.origin, each.split) for each in divided}
    assert not torn and len(by_recording) == 40 and {side for _, side in by_recording} == {"train", "eval"}
    assert straddling([(each.spoken, each.split) for each in divided]) == []
    assert straddling([(each.group, each.split) for each in divided]) == []
    assert len({each.group for each in divided}) == 30


def test_text_alone_and_speaker() -> None:
    clips = [
        clip(f"{r}-{n}", f"text {r} {n}", f"recording {r}", speaker=f"speaker {r % 8}")
        for r in range(16)
        for n in range(5)
    ]
    by_text, _ = divide(clips, {}, "text", 0.2, 0)
    assert straddling([(each.origin, each.split) for each in by_text])
    by_speaker, _ = divide(clips, {}, "speaker", 0.2, 0)
    assert straddling([(each.speaker, each.split) for each in by_speaker]) == []
    assert {each.split for each in by_speaker} == {"train", "eval"}


def test_auto_goes_by_recording_where_there_are_enough() -> None:
    clips = [clip(f"{r}-{n}", f"text {r} {n}", f"recording {r}") for r in range(20) for n in range(3)]
    assert choose(clips) == "recording" and choose(clips[:-3]) == "text"
    assert choose([replace(each, spoken="the same", group="the same") for each in clips]) == "text"
    assert choose(MANY[:20]) == "recording"


def test_adding_moves_no_clip_and_turns_ties_away() -> None:
    first = [clip(f"{r}-{n}", f"text {r} {n}", recording=f"recording {r}") for r in range(30) for n in range(3)]
    before, _ = divide(first, {}, "recording", 0.2, 0)
    learned, examined = (next(c for c in before if c.split == side) for side in ("train", "eval"))
    tie = clip("tie", learned.spoken, recording=examined.origin)
    harmless = clip("harmless", examined.spoken, recording="new")
    after, torn = divide([tie, harmless, *first], old(before), "recording", 0.2, 0)
    assert torn == [tie]
    assert sides(before).items() <= sides(after).items() and sides(after)["harmless"] == "eval"
    assert len({c.group for c in after if c.id in ("harmless", examined.id)}) == 1


def test_a_new_clip_may_join_groups_of_one_side() -> None:
    first = [clip(f"{r}-{n}", f"text {r} {n}", recording=f"recording {r}") for r in range(30) for n in range(3)]
    before, _ = divide(first, {}, "recording", 0.2, 0)
    one, other = [c for c in before if c.split == "eval" and c.id.endswith("-0")][:2]
    after, torn = divide([*first, clip("tie", one.spoken, other.origin)], old(before), "recording", 0.2, 0)
    assert not torn and sides(before).items() <= sides(after).items()
    assert len({c.group for c in after if c.origin in (one.origin, other.origin)}) == 1
    again, torn = divide(after[:-1], old(after), "recording", 0.2, 0)
    assert not torn and sides(again).items() <= sides(after).items()


@pytest.mark.parametrize("seed", range(5))
def test_random_additions(seed: int) -> None:
    chance = random.Random(seed)
    pool = [
        clip(f"c{n}", f"text {chance.randrange(300)}", f"recording {chance.randrange(60)}", chance.uniform(1, 11))
        for n in range(200)
    ]
    done: list[Clip] = []
    for count in (50, 90, 91, 200):
        gone = {each.id for each in pool[:count]} - {each.id for each in done}
        after, torn = divide(
            [each for each in pool[:count] if each.id in gone] + done, old(done), "recording", 0.2, seed
        )
        assert sides(done).items() <= sides(after).items() and len(after) + len(torn) == len(gone) + len(done)
        for key in ("origin", "spoken", "group"):
            assert straddling([(getattr(each, key), each.split) for each in after]) == []
        done = after


def test_a_mended_text_goes_where_its_words_are() -> None:
    before, _ = divide(MANY[:40], {}, "text", 0.2, 0)
    learned, examined = (next(c for c in before if c.split == side) for side in ("train", "eval"))
    mended = replace(examined, text=learned.text, spoken=learned.spoken, group=learned.group)
    after, torn = divide([mended if c.id == examined.id else c for c in before], old(before), "text", 0.2, 0)
    assert not torn and sides(after)[examined.id] == "train"
    other = replace(examined, text="new", spoken="new", group="new")
    after, _ = divide([other if c.id == examined.id else c for c in before], old(before), "text", 0.2, 0)
    assert sides(after)[examined.id] == "eval"


def test_straddling_names_shared_groups() -> None:
    assert straddling([("b", "train"), ("b", "eval"), ("a", "eval"), ("c", "train"), ("a", "train")]) == ["a", "b"]
