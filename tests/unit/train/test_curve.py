"""The learning rate's curve: exact points, blocks that fit any width and any encoding, a picture."""

import sys
from pathlib import Path

import pytest

from dimts import config
from dimts.config import Schedule
from dimts.errors import ConfigError, MissingExtra
from dimts.train import curve, schedule

LONG = Schedule()
OWN = {"lr": 5e-6, "new_rows_lr": 1e-4}


@pytest.mark.parametrize("updates", [1, 7, 100_000, 400_000])
def test_points_lie_on_the_schedule(updates: int) -> None:
    for settings in (LONG, Schedule(kind="cosine", warmup_updates=5), Schedule(kind="linear")):
        found = curve.points(settings, OWN, updates)
        assert [point["update"] for point in found] == sorted({point["update"] for point in found})
        assert found[0]["update"] == 0 and found[-1]["update"] == updates - 1 and len(found) <= 210
        for point in found:
            factor = schedule.factor(settings, int(point["update"]), updates)
            assert (point["lr"], point["new_rows_lr"]) == (5e-6 * factor, 1e-4 * factor)


def test_jumps_are_jumps() -> None:
    by_update = {point["update"]: point["lr"] for point in curve.points(LONG, OWN, 400_000)}
    assert (by_update[49_999], by_update[50_000], by_update[300_000]) == (5e-6, 2.5e-6, 6.25e-7)


def test_new_rows_of_the_same_rate() -> None:
    same = {"lr": 5e-6, "new_rows_lr": 5e-6}
    assert curve.points(LONG, same, 3)[0] == {"update": 0, "lr": 5e-6, "new_rows_lr": 5e-6}
    assert curve.lines(LONG, same, 3, 80)[0] == "learning rate"


def test_every_rate_of_a_run() -> None:
    content = {"base": "b", "data": {"datasets": ["d"]}, "out": "o"}
    assert curve.rates(config.build(content, "run.yaml")) == OWN
    same = config.override(content, ["optimizer.new_rows_lr=same"])
    assert curve.rates(config.build(same, "run.yaml")) == {"lr": 5e-6, "new_rows_lr": 5e-6}
    lora = config.build(config.override(content, ["train.trainable=lora", "optimizer.lora_lr=2e-4"]), "run.yaml")
    assert curve.rates(lora) == {**OWN, "lora_lr": 2e-4}
    assert curve.points(LONG, curve.rates(lora), 400_000)[-1]["lora_lr"] == 2.5e-5
    heading = curve.lines(LONG, curve.rates(lora), 10, 80)[0]
    assert heading == "learning rate (new rows: 1e-4, adapters: 2e-4 at the top)"


def test_blocks() -> None:
    falling = Schedule(milestones=[2], gamma=0.5)
    assert curve.lines(falling, OWN, 4, 26) == [
        "learning rate (new rows: 1e-4 at the top)",
        "5e-6 |██████████",
        "     |██████████",
        "     |██████████",
        "     |████████████████████",
        "     |████████████████████",
        "   0 |████████████████████",
        "      0          4 updates",
    ]


@pytest.mark.parametrize("kind", ["multistep", "constant", "cosine", "linear"])
@pytest.mark.parametrize("width", [0, 25, 26, 40, 80, 300])
def test_it_fits(kind: str, width: int) -> None:
    settings = Schedule.model_validate({"kind": kind, "warmup_updates": 3})
    for updates in (1, 3, 10, 10**6):
        drawn = curve.lines(settings, OWN, updates, width, curve.ASCII)
        assert bool(drawn) == (width >= 26)
        assert all(len(line) <= width for line in drawn[1:]) and "".join(drawn).isascii()


def test_signs_that_the_output_has() -> None:
    assert curve.blocks_for("utf-8") == curve.BLOCKS
    assert {curve.blocks_for(encoding) for encoding in ("latin-1", "ascii", None, "no such")} == {curve.ASCII}


@pytest.mark.parametrize("updates", [1, 400_000])
def test_the_picture(tmp_path: Path, updates: int) -> None:
    pytest.importorskip("matplotlib")
    from PIL import Image

    path = curve.picture(LONG, OWN, updates, tmp_path / "deep" / "lr.png")
    with Image.open(path) as picture:
        assert picture.size == (900, 400)
        green = sum(count for count, pixel in picture.convert("RGB").getcolors(10**6) or [] if pixel == (45, 125, 70))
    assert green > 700  # the line goes all the way
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        curve.picture(LONG, OWN, updates, tmp_path / "file" / "lr.png")


def test_no_picture_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dimts\[plot\]'"):
        curve.picture(LONG, OWN, 3, tmp_path / "lr.png")


@pytest.mark.parametrize(
    ("rate", "text"), [(5e-6, "5e-6"), (1e-4, "1e-4"), (1.25e-6, "1.25e-6"), (1e-12, "1e-12"), (0.0, "0"), (0.5, "0.5")]
)
def test_rates_as_people_write_them(rate: float, text: str) -> None:
    assert schedule.shown(rate) == text
