"""Prepare long recordings by their text, score clips, repair them and listen for music."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts.audio import io, voiceprint
from dimts.audio.repair import Repairs
from dimts.data import aligning, writing
from dimts.data.align import Word
from dimts.data.check import check
from dimts.data.filters import Limits
from dimts.data.options import Options
from dimts.data.transcribe import Transcriber
from dimts.errors import ConfigError, MissingExtra
from tests.unit.data.cues import bursts
from tests.unit.data.letters import Letters, beeps
from tests.unit.data.recordings import ALONE, corpus, run, sentence, table, tone

LOOSE = Limits(min_snr_db=0.0, max_edge_db=10.0, max_clipped_share=1.0)
LISTENING = Options(workers=1, detector="energy", align="letters", limits=LOOSE)
SENTENCES = [f"This is {word} number of the words that somebody says here today." for word in
             ("the first", "a second", "the third", "no", "another", "the last")]  # fmt: skip


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a recogniser of beeps listen; what it is asked to load."""
    names: list[str] = []

    def loaded(name: str, language: str) -> Letters:
        names.append(name)
        return Letters()

    monkeypatch.setattr(aligning, "loaded", loaded)
    monkeypatch.setattr("dimts.data.scoring.loaded", loaded)
    return names


def lecture(folder: Path, spoken: list[str], text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    silence = np.zeros(4_000, np.float32)
    parts = [silence, *(part for each in spoken for part in (beeps(each.strip(".")), silence))]
    soundfile.write(folder / "lecture.wav", np.concatenate(parts), 8_000)
    return table(folder, f"lecture|{text}")


def test_a_long_recording_is_cut_by_its_text(tmp_path: Path, heard: list[str]) -> None:
    source = lecture(tmp_path, SENTENCES, " ".join(SENTENCES))
    dataset = run(tmp_path / "out", source, options=LISTENING)
    assert len(dataset.clips) >= 2 and not dataset.rejected
    assert " ".join(clip.text for clip in sorted(dataset.clips, key=lambda c: c.start_s or 0)) == " ".join(SENTENCES)
    assert all(clip.duration_s < 11.7 for clip in dataset.clips)
    assert all(clip.alignment is not None and clip.alignment > -0.5 for clip in dataset.clips)
    (totals,) = dataset.totals
    assert totals.balanced and (totals.rows, totals.found) == (1, len(dataset.clips))
    heard.clear()
    assert run(tmp_path / "out", source, options=LISTENING) == dataset
    assert set(heard) <= {"letters"} and len(heard) <= 1  # loaded to see that it is there, never listened with


def test_speech_that_the_text_does_not_hold_is_turned_away(tmp_path: Path, heard: list[str]) -> None:
    extra = "and now for something else entirely which nobody wrote down anywhere"
    source = lecture(tmp_path, [*SENTENCES, extra], " ".join(SENTENCES))
    dataset = run(tmp_path / "out", source, options=LISTENING)
    assert dataset.reasons.get("no transcript", 0) >= 1 and dataset.totals[0].balanced
    assert dataset.totals[0].rejected_s > 1


def test_a_text_that_is_not_what_is_said_is_turned_away(tmp_path: Path, heard: list[str]) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    silence = np.zeros(4_000, np.float32)
    for number, text in enumerate(SENTENCES):
        soundfile.write(folder / f"{number}.wav", np.concatenate([silence, beeps(text.strip(".")), silence]), 8_000)
    texts = [*SENTENCES[:5], "quick zebras jump over lazy boxing wizards of xyz"]
    source = table(folder, *(f"{number}|{text}" for number, text in enumerate(texts)))
    dataset = run(tmp_path / "out", source, options=LISTENING)
    assert [clip.id for clip in dataset.clips] == ["0", "1", "2", "3", "4"]
    (wrong,) = dataset.rejected
    assert (wrong.id, wrong.reason) == ("5", "not what is said") and float(wrong.measured) < LOOSE.min_alignment
    assert all(clip.alignment is not None and clip.alignment > 0.9 for clip in dataset.clips)
    silent = run(tmp_path / "silent", source, options=replace(LISTENING, align="none"))
    assert len(silent.clips) == 6 and all(clip.alignment is None for clip in silent.clips)


class Scribe(Transcriber):
    """Writes `word` for each half second, but nothing for what is shorter than a second."""

    rate_hz = 16_000

    def transcribe(self, samples: io.Samples) -> list[Word]:
        count = len(samples) // 8_000 if len(samples) >= 16_000 else 0
        return [Word(f"word{n}", " ", "", 0.5 * n, 0.5 * n + 0.4, 5, -0.1) for n in range(count)]


@pytest.fixture
def scribes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a transcriber write; what it is asked to load."""
    names: list[str] = []

    def loaded(name: str, language: str) -> Scribe:
        names.append(name)
        return Scribe()

    monkeypatch.setattr(writing, "loaded", loaded)
    return names


def test_what_has_no_text_is_written_down_on_request(tmp_path: Path, scribes: list[str]) -> None:
    spans = [(3.0 * n + 0.5, 3.0 * n + (1.2 if n == 4 else 2.5)) for n in range(10)]
    bursts(tmp_path / "long.wav", [*spans[:4], (13.5, 14.1), *spans[6:]], 31.0)
    bursts(tmp_path / "short.wav", [(0.3, 2.6)], 3.0, seed=1)
    tone(tmp_path / "given.wav")
    rows = table(tmp_path, "long|", "short|", "given|these words are given")
    options = replace(LISTENING, align="none", transcribe="a model")
    dataset = run(tmp_path / "out", rows, options=options)
    texts = {clip.id: clip.text for clip in dataset.clips}
    assert texts["given"] == "these words are given" and any(name.startswith("short-") for name in texts)
    assert sum(name.startswith("long-") for name in texts) >= 3 and dataset.totals[0].balanced
    assert dataset.totals[0].found_s == pytest.approx(35) and check(tmp_path / "out") == []
    scribes.clear()
    assert run(tmp_path / "out", rows, options=options) == dataset and len(scribes) <= 1
    deaf = run(tmp_path / "deaf", rows, options=replace(options, transcribe=None))
    assert deaf.reasons == {"no transcript": 2} and deaf.totals[0].rejected_s == 34


def test_a_transcriber_that_there_is_not(tmp_path: Path) -> None:
    bursts(tmp_path / "a.wav", [(0.3, 2.6)], 3.0)
    with pytest.raises(ConfigError):
        run(tmp_path / "out", table(tmp_path, "a|"), options=replace(LISTENING, align="none", transcribe="ears"))


def test_a_recording_in_which_nobody_speaks(tmp_path: Path, heard: list[str]) -> None:
    corpus(tmp_path, 1)
    soundfile.write(tmp_path / "empty.wav", np.zeros(8_000 * 20), 8_000)
    rows = table(tmp_path, f"clip000|{sentence(0)}", "empty|many words here")
    dataset = run(tmp_path / "out", rows, options=replace(LISTENING, limits=replace(LOOSE, min_alignment=0)))
    assert dataset.reasons == {"no speech": 1} and dataset.totals[0].rejected_s == 20


def test_a_recogniser_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="recogniser 'lettres'"):
        run(tmp_path / "out", corpus(tmp_path / "source", 1), options=replace(LISTENING, align="lettres"))
    assert not (tmp_path / "out").exists()


def test_auto_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligning, "find_spec", lambda name: None)
    corpus(tmp_path, 1)
    tone(tmp_path / "long.wav", duration_s=20)
    rows = table(tmp_path, f"clip000|{sentence(0)}", "long|many words here")
    dataset = run(tmp_path / "out", rows, options=Options(workers=1))
    (long,) = dataset.rejected
    assert long.reason == "too long" and "pip install 'dimts[align]'" in str(long.limit)


def test_repairs(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 2)
    plain = run(tmp_path / "plain", source)
    louder = replace(ALONE, repairs=Repairs(loudness_lufs=-20.0))
    repaired = run(tmp_path / "out", source, options=louder)
    assert all(clip.loudness_lufs == pytest.approx(-20, abs=0.3) for clip in repaired.clips)
    assert [clip.samples for clip in repaired.clips] == [clip.samples for clip in plain.clips]
    assert {clip.content for clip in repaired.clips}.isdisjoint({clip.content for clip in plain.clips})
    assert run(tmp_path / "out", source, options=louder) == repaired


def test_a_repair_of_earlier_clips_makes_them_anew(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 30)
    plain = run(tmp_path / "out", source)
    repaired = run(tmp_path / "out", source, options=replace(ALONE, repairs=Repairs(high_pass_hz=50.0)))
    sides = {clip.text: clip.split for clip in plain.clips}
    assert {clip.text: clip.split for clip in repaired.clips} == sides
    assert run(tmp_path / "out", source).clips != repaired.clips


def test_music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = corpus(tmp_path / "source", 3)
    monkeypatch.setattr("dimts.data.measures._music", lambda audio: 0.9 if abs(audio.samples[5000]) > 0.3 else 0.1)
    dataset = run(tmp_path / "out", source, options=replace(ALONE, hear_music=True))
    assert dataset.reasons.get("music", 0) == 3 - len(dataset.clips) > 0
    assert len(run(tmp_path / "deaf", source).clips) == 3


def test_voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = corpus(tmp_path / "source", 3)
    monkeypatch.setattr(voiceprint, "load", lambda: None)
    alike = iter([0.9, 0.5, 0.66])
    monkeypatch.setattr("dimts.data.measures._same_voice", lambda audio: next(alike))
    dataset = run(tmp_path / "out", source, options=replace(ALONE, hear_voices=True))
    (lost,) = dataset.rejected
    assert (lost.reason, lost.measured, lost.limit) == ("several speakers", 0.5, 0.64)
    assert sorted((clip.same_voice, "several speakers" in clip.warnings) for clip in dataset.clips) == [
        (0.66, True),
        (0.9, False),
    ]
    assert run(tmp_path / "out", source, options=replace(ALONE, hear_voices=True)) == dataset  # nothing heard again
    deaf = run(tmp_path / "deaf", source)
    assert len(deaf.clips) == 3 and {clip.same_voice for clip in deaf.clips} == {None}


def test_voices_are_not_told_apart_without_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voiceprint.load.cache_clear()
    monkeypatch.setattr(voiceprint, "find_spec", lambda name: None)
    source = corpus(tmp_path / "source", 3)
    with pytest.raises(MissingExtra, match="pip install --no-deps resemblyzer"):
        run(tmp_path / "out", source, options=replace(ALONE, hear_voices=True))
    assert not (tmp_path / "out" / "staged").exists()
    assert len(run(tmp_path / "out", source).clips) == 3


@pytest.mark.skipif(not find_spec("hama") or not find_spec("espeakng_loader"), reason="needs hama and a voice")
def test_hama_cuts_a_recording_of_synthetic_speech(tmp_path: Path) -> None:
    from dimts.app.demo import corpus as voices

    texts = voices.read_sentences()[:6]
    clips = [voices.clip(text, "am+m3") for text in texts]
    pause = np.random.default_rng(0).normal(0, 1e-4, 11_000).astype(np.float32)
    whole = np.concatenate([part for clip in clips for part in (pause, clip.samples)])
    io.write(tmp_path / "story.wav", io.Audio(whole, clips[0].rate_hz))
    source = table(tmp_path, f"story|{' '.join(texts)}")
    options = Options(workers=1, detector="energy", align="hama")
    dataset = run(tmp_path / "out", source, options=options, language="am")
    assert len(dataset.clips) >= 2 and dataset.totals[0].balanced
    said = " ".join(clip.text for clip in sorted(dataset.clips, key=lambda clip: clip.start_s or 0))
    assert len(said) > 0.8 * len(" ".join(texts))
