"""The split: by group, the same everywhere, never undone by more data."""

from dimts.data.split import assign, position, straddling

MANY = {f"text {number}": 1 for number in range(2000)}


def test_share_is_about_what_was_asked() -> None:
    for share in (0.05, 0.3):
        sides = assign(MANY, {}, share, seed=0)
        assert abs(list(sides.values()).count("eval") / len(MANY) - share) < 0.02


def test_is_the_same_on_every_machine() -> None:
    assert position("ሰላም", 3) == 0.07945623491338476  # sha256sum of "3:ሰላም"


def test_seed_matters() -> None:
    assert assign(MANY, {}, 0.1, seed=0) != assign(MANY, {}, 0.1, seed=1)


def test_additions_move_nothing() -> None:
    groups = list(MANY)
    sides = assign(dict.fromkeys(groups[:25], 1), {}, 0.01, seed=0)
    for count in range(26, 400, 17):
        more = assign(dict.fromkeys(groups[:count], 1), sides, 0.01, seed=0)
        assert {group: more[group] for group in sides} == sides
        sides = more


def test_zero_share_means_none() -> None:
    assert set(assign(MANY, {}, 0.0, seed=0).values()) == {"train"}


def test_twenty_clips_have_at_least_one_eval_group() -> None:
    tiny_share = 1e-9
    assert "eval" not in assign(dict.fromkeys(list(MANY)[:19], 1), {}, tiny_share, 0).values()
    assert list(assign(dict.fromkeys(list(MANY)[:20], 1), {}, tiny_share, 0).values()).count("eval") == 1
    assert list(assign({"one": 10, "two": 10}, {}, tiny_share, 0).values()).count("eval") == 1
    assert assign({"one": 20}, {}, tiny_share, 0) == {"one": "train"}


def test_train_is_never_empty() -> None:
    assert "train" in assign({"one": 1, "two": 1}, {}, 0.999999, 0).values()


def test_known_groups_stay() -> None:
    known = assign(MANY, {}, 0.5, seed=0)
    assert assign(MANY, known, 0.05, seed=9) == known


def test_straddling_names_shared_groups() -> None:
    assert straddling([("b", "train"), ("b", "eval"), ("a", "eval"), ("c", "train"), ("a", "train")]) == ["a", "b"]
