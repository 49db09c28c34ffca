"""The picture of a run is drawn from whatever metrics.jsonl holds, and shows what it holds."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dimts.errors import DataError, MissingExtra
from dimts.evaluate import curves
from dimts.evaluate.curves import loss_curve

pytest.importorskip("matplotlib", reason="the plot extra is not installed")

WIDTH_PX, HEIGHT_PX = 1200, 800


def update(number: int, loss: float | None = 2.0, lr: float = 5e-6, norm: float = 1.0) -> dict[str, Any]:
    return {
        "kind": "update",
        "update": number,
        "loss_code": loss,
        "loss_text": 3.0,
        "lr": lr,
        "grad_norm": norm,
    }


def evaluation(number: int, loss: float) -> dict[str, Any]:
    return {"kind": "eval", "update": number, "code_loss": loss, "text_loss": 3.0}


def written(folder: Path, *lines: dict[str, Any], tail: str = "") -> Path:
    metrics = folder / "metrics.jsonl"
    metrics.write_text("".join(json.dumps(line) + "\n" for line in lines) + tail, encoding="utf-8")
    return metrics


def pixels(picture: Path) -> Any:
    from matplotlib.image import imread

    image = imread(picture, format="png")
    assert image.shape[:2] == (HEIGHT_PX, WIDTH_PX)
    return np.rint(image[..., :3] * 255).astype(int)


def share_of(colour: str, picture: Path) -> float:
    """How much of the picture has a colour, edges that are blended with white left out."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return float((np.abs(pixels(picture) - wanted).max(axis=-1) <= 8).mean())


def test_draws_training_evaluation_and_rate(tmp_path: Path) -> None:
    lines = [update(n, 6.9 / n, lr=5e-6 if n < 60 else 2.5e-6) for n in range(1, 121)]
    both = written(tmp_path, *lines, evaluation(60, 3.0), evaluation(120, 2.0))
    picture = loss_curve(both, tmp_path / "deep" / "loss.png", title="a run")
    assert picture == tmp_path / "deep" / "loss.png"
    assert all(share_of(c, picture) > 0 for c in (curves.BLUE, curves.LIGHT_BLUE, curves.ORANGE, curves.GREEN))
    alone = loss_curve(written(tmp_path, *lines), tmp_path / "alone.png")
    assert share_of(curves.BLUE, alone) > 0 and share_of(curves.ORANGE, alone) == 0


@pytest.mark.parametrize(
    ("line", "colour"), [(update(1), curves.BLUE), (evaluation(0, 6.9), curves.ORANGE)], ids=["update", "evaluation"]
)
def test_one_line_shows_as_a_dot(tmp_path: Path, line: dict[str, Any], colour: str) -> None:
    assert share_of(colour, loss_curve(written(tmp_path, line), tmp_path / "loss.png")) > 0


@pytest.mark.parametrize("tail", ['{"kind": "upd', '{"kind": "upd\n', "\ufffd", "17\n"])
def test_a_damaged_last_line_is_left_out(tmp_path: Path, tail: str) -> None:
    lines = [update(n, 1 / n) for n in range(1, 20)]
    clean = pixels(loss_curve(written(tmp_path, *lines), tmp_path / "clean.png"))
    damaged = pixels(loss_curve(written(tmp_path, *lines, tail=tail), tmp_path / "damaged.png"))
    assert (clean == damaged).all()


def test_a_replayed_update_counts_once_and_as_it_was_last(tmp_path: Path) -> None:
    lines = [update(n, 1 / n) for n in range(1, 20)]
    clean = pixels(loss_curve(written(tmp_path, *lines), tmp_path / "clean.png"))
    replayed = written(tmp_path, *lines[:10], update(11, 99.0), update(12, 99.0), *lines[10:])
    assert (pixels(loss_curve(replayed, tmp_path / "replayed.png")) == clean).all()


def test_a_loss_that_was_not_finite_leaves_a_gap(tmp_path: Path) -> None:
    lines = [update(1), update(2, None), update(3, float("inf")), update(4, 1.0)]
    assert share_of(curves.GREEN, loss_curve(written(tmp_path, *lines), tmp_path / "loss.png")) > 0


def test_a_long_run_keeps_its_spike(tmp_path: Path) -> None:
    steps = np.arange(1.0, 100_001)
    values = np.sin(steps)
    values[54_321] = 40.0
    thin_steps, thin_values = curves._thin(steps, values)
    assert len(thin_steps) <= curves.POINTS and (np.diff(thin_steps) > 0).all()
    assert thin_values.max() == 40.0 and thin_steps[thin_values.argmax()] == steps[54_321]
    assert thin_values.min() == values.min()
    metrics = written(tmp_path, *(update(int(n), float(v)) for n, v in zip(steps, values, strict=True)))
    assert share_of(curves.BLUE, loss_curve(metrics, tmp_path / "loss.png")) > 0


def test_the_running_mean_is_centred_and_steps_over_gaps() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 9.0])
    np.testing.assert_allclose(curves._running_mean(values, 3), [1.5, 1.5, 3.0, 6.5, 6.5])
    assert np.isnan(curves._running_mean(np.array([1.0, np.nan, 2.0]), 1)[1])


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "no update yet"), ('{"kind": "sample", "update": 1}\n', "no update yet"), ("oops\n{}\n", "line 1")],
)
def test_metrics_that_cannot_be_drawn(tmp_path: Path, content: str, says: str) -> None:
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        loss_curve(metrics, tmp_path / "loss.png")
    assert not (tmp_path / "loss.png").exists()


def test_paths_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.jsonl"):
        loss_curve(tmp_path / "absent.jsonl", tmp_path / "loss.png")
    with pytest.raises(DataError, match="choose another place"):
        loss_curve(written(tmp_path, update(1)), tmp_path / "metrics.jsonl" / "loss.png")


def test_without_matplotlib_it_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"dimts\[plot\]"):
        loss_curve(written(tmp_path, update(1)), tmp_path / "loss.png")
