"""The independent ear: one voice is more alike than two, whatever is said; silence and recordings have no value."""

from dataclasses import replace
from pathlib import Path

import pytest

from dimts.app.demo import espeak
from dimts.audio import io, voiceprint
from dimts.audio.io import Audio
from dimts.evaluate.cache import Cache
from dimts.evaluate.scorers.likeness import VoiceLikeness
from dimts.evaluate.speaking import RECORDINGS, Take
from dimts.evaluate.subject import Reference
from tests.unit.evaluate.takes import silence, take

TEXTS = ("The people of the town went to the river in the morning.", "A dog with a red collar came around the corner.")


def spoken(folder: Path, voice: str, text: str) -> Path:
    audio = espeak.speak(text, "en-us", voice)
    path = folder / f"{voice} {text[:5]}.wav"
    io.write(path, Audio(audio.samples, audio.rate_hz))
    return path


def said(folder: Path, voice: str, like: Reference) -> Take:
    """A take whose sound is a voice's, to be like another."""
    path = spoken(folder, voice, TEXTS[1])
    made = take(folder, silence(0.1))
    return replace(made, key=f"{voice} {like.name}", path=path, line=replace(made.line, reference=like))


@pytest.mark.skipif(voiceprint.where() is None, reason="needs resemblyzer")
def test_one_voice_is_more_alike_than_two(tmp_path: Path) -> None:
    man, woman = (Reference(voice, (spoken(tmp_path, voice, TEXTS[0]),)) for voice in ("m3", "f2"))
    takes = [said(tmp_path, voice, like) for voice in ("m3", "f2") for like in (man, woman)]
    scorer = VoiceLikeness(Cache(tmp_path / "cache"))
    found = [row["voice_likeness"] or 0 for row in scorer.score(takes)]
    assert min(found[0], found[3]) > max(found[1], found[2]) + 0.1
    assert [row["voice_likeness"] for row in VoiceLikeness(Cache(tmp_path / "cache")).score(takes)] == found
    quiet = replace(take(tmp_path, silence(1.0)), key="quiet")
    nobody = [replace(takes[0], subject=RECORDINGS), quiet, replace(quiet, line=replace(quiet.line, reference=man))]
    assert [row["voice_likeness"] for row in scorer.score(nobody)] == [None] * 3


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voiceprint, "where", lambda: None)
    assert VoiceLikeness(Cache(tmp_path)).absent() == "needs weights: pip install --no-deps resemblyzer"
