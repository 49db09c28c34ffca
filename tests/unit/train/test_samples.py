"""Sentences spoken while training: whenever the network is evaluated, the same ones in the same way."""

from pathlib import Path

import pytest
import torch

from dimts.audio import io
from dimts.errors import TextError
from dimts.model.shapes import STOP_CODE
from dimts.train.interrupt import Stop
from tests.flow.material import Material, quiet_display

TEXTS = ("samples.texts=['ሰላም ለዓለም።', 'ቡና እንጠጣ።']", "samples.max_codes=6")


def spoken(material: Material, out: Path, *settings: str) -> dict[str, bytes]:
    trainer = material.trainer(material.run(out, "train.max_updates=1", *settings))
    trainer.fit(Stop(), quiet_display(trainer))
    return {path.name: path.read_bytes() for path in sorted((out / "samples").glob("*"))}


def test_every_text_at_every_evaluation(material: Material, tmp_path: Path) -> None:
    one, two = (spoken(material, tmp_path / name, *TEXTS) for name in ("one", "two"))
    assert list(one) == [f"update-{update:06d}-{text}.wav" for update in (0, 1) for text in (1, 2)]
    assert one == two and len(set(one.values())) == 4
    audio = io.read(tmp_path / "one/samples/update-000000-1.wav")
    assert audio.rate_hz == 24_000 and 0.2 < audio.duration_s < 0.4  # six codes of 46.4 ms


def test_none_by_default(material: Material, tmp_path: Path) -> None:
    assert spoken(material, tmp_path) == {} and not (tmp_path / "samples").exists()


@pytest.mark.parametrize("setting", ["samples.seed=5", "samples.max_codes=3", "samples.language=en"])
def test_every_setting_is_live(material: Material, tmp_path: Path, setting: str) -> None:
    texts = ("samples.texts=['hello']", "samples.max_codes=6", "evaluate.at_start=false")
    one, two = spoken(material, tmp_path / "one", *texts), spoken(material, tmp_path / "two", *texts, setting)
    assert one.keys() == two.keys() == {"update-000001-1.wav"} and one != two


def test_speaking_changes_no_weight(material: Material, tmp_path: Path) -> None:
    spoken(material, tmp_path / "one", *TEXTS)
    spoken(material, tmp_path / "two")
    name = "checkpoints/update-000001/weights.safetensors"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("setting", ["samples.texts=['   ']", "samples.language=xx"])
def test_what_cannot_be_said_is_refused_before_training(material: Material, tmp_path: Path, setting: str) -> None:
    with pytest.raises(TextError):
        material.trainer(material.run(tmp_path, *TEXTS, "evaluate.at_start=false", setting))


def test_a_network_that_says_nothing_does_not_end_the_run(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path, "train.max_updates=1", *TEXTS))
    with torch.no_grad():
        trainer.gpt.mel_head.bias[STOP_CODE] = 1e4  # it stops at once
    trainer.fit(Stop(), quiet_display(trainer))
    for path in sorted((tmp_path / "samples").glob("*")):
        silence = io.read(path)
        assert silence.duration_s == 0.1 and not silence.samples.any()
    assert len(list((tmp_path / "samples").glob("*"))) == 4
