"""What likeness is worth: recordings of the same voice and of others, by each ear."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dimts.audio import voiceprint
from dimts.data import manifest
from dimts.evaluate import ranges
from dimts.evaluate.cache import Cache
from dimts.evaluate.pace import Paces
from dimts.evaluate.ranges import Range, Ranges
from dimts.evaluate.scorers.likeness import VoiceLikeness
from dimts.evaluate.speaking import Sitting, Speaking
from dimts.evaluate.subject import of_folder
from tests.flow.material import Material
from tests.unit.evaluate.test_likeness import spoken

SILENCE = np.zeros(2, np.float32)


def prints(angles: list[float]) -> list[ranges.Print]:
    return [np.array([np.cos(angle), np.sin(angle)], np.float32) for angle in angles]


def test_clips_are_held_against_every_voice() -> None:
    found = ranges.of({"a": prints([0.0] * 6), "b": prints([np.pi / 3] * 6)})
    assert found.same == Range(1.0, 1.0, 6) and found.other == Range(0.5, 0.5, 6)
    assert found.in_words("likeness") == (
        "likeness of recordings with a voice: the voice's own 1.00 to 1.00, another's 0.50 to 0.50"
    )
    alone = ranges.of({"a": prints([0.0] * 6)})
    assert alone.other is None and alone.facts()["other"] is None
    silent = ranges.of({"a": [*prints([0.0] * 3), *[SILENCE] * 3]})
    assert silent == Ranges(None, None) and silent.in_words("likeness") == ""


def test_clips_come_from_the_dataset(material: Material, tmp_path: Path) -> None:
    data = manifest.read(material.dataset)
    found = ranges.clips([data])
    (paths,) = found.values()
    assert ranges.VOICE_CLIPS < len(paths) <= ranges.CLIPS and all(path.is_file() for path in paths)
    assert ranges.clips([data]) == found
    assert ranges.clips([replace(data, folder=tmp_path)]) == {}  # files that are gone
    sitting = Sitting(of_folder(material.base), Speaking(Cache(tmp_path), Paces()))
    own = sitting.own_ranges(found)
    assert own.same and -1 <= own.same.low <= own.same.high <= 1 and own.other is None
    again = Sitting(replace(sitting.subject, open=lambda: pytest.fail("is known")), sitting.speaking)
    assert again.own_ranges(found) == own


@pytest.mark.skipif(voiceprint.where() is None, reason="needs resemblyzer")
def test_an_independent_ear_keeps_voices_apart(tmp_path: Path) -> None:
    said = (
        "one two three four five",
        "a red dog",
        "in the morning",
        "the river bank",
        "seven eight nine",
        "good night",
    )
    heard = {voice: tuple(spoken(tmp_path, voice, text) for text in said) for voice in ("m3", "f2")}
    found = VoiceLikeness(Cache(tmp_path / "cache")).ranges(heard)["voice_likeness"]
    assert found.same and found.other and found.same.low > found.other.high
