"""Prepare: every utterance accepted or turned away with its reason."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts import files
from dimts.audio import io
from dimts.data import manifest
from dimts.data.check import check
from dimts.data.manifest import Dataset
from dimts.data.prepare import prepare
from dimts.data.words import safe_id
from dimts.errors import ConfigError, DataError, TextError
from tests.unit.data.recordings import ALONE, corpus, run, sentence, table, tone


def reasons(dataset: Dataset) -> dict[str, str]:
    return {rejection.id: rejection.reason for rejection in dataset.rejected}


def test_a_dataset_from_a_table(tmp_path: Path) -> None:
    corpus(tmp_path / "source", 3)
    steps: list[tuple[str, int, int]] = []
    dataset = prepare([tmp_path / "source"], tmp_path / "out", "en", ALONE, lambda *step: steps.append(step))
    assert steps == [(stage, done, 3) for stage in ("read", "speech", "cut") for done in (1, 2, 3)]
    assert manifest.read(tmp_path / "out") == dataset and not dataset.rejected
    clip = dataset.clips[1]
    assert (clip.id, clip.audio, clip.text) == ("clip001", "audio/clip001.flac", sentence(1))
    assert (clip.samples, clip.rate_hz, clip.speaker, clip.language) == (16_000, 16_000, "speaker", "en")
    assert clip.source == f"{tmp_path}/source/metadata.csv:2"
    assert clip.sha256 == files.sha256(tmp_path / "out" / clip.audio)
    assert check(tmp_path / "out") == []


def test_16_bit_recordings_keep_their_bits(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(-32768, 32767, 22_050).astype(np.int16)
    noise[:2_000] //= 1_000  # the room before the words
    soundfile.write(tmp_path / "a.wav", noise, 22_050)
    run(tmp_path / "out", table(tmp_path, "a|some words here"))
    stored, rate_hz = soundfile.read(tmp_path / "out" / "audio" / "a.flac", dtype="int16")
    assert rate_hz == 22_050 and np.array_equal(stored, noise)


@pytest.mark.parametrize(("rate_hz", "kept_hz"), [(8_000, 8_000), (44_100, 44_100), (48_000, 48_000), (96_000, 48_000)])
def test_keeps_the_rate_up_to_48_khz(tmp_path: Path, rate_hz: int, kept_hz: int) -> None:
    tone(tmp_path / "a.wav", rate_hz=rate_hz)
    (clip,) = run(tmp_path / "out", table(tmp_path, "a|some words here")).clips
    assert clip.rate_hz == kept_hz and clip.duration_s == 1.0
    assert abs(np.abs(io.read(tmp_path / "out" / clip.audio).samples[1000:-1000]).max() - 0.5) < 0.01


def test_every_reason(tmp_path: Path) -> None:
    corpus(tmp_path, 1)
    tone(tmp_path / "short.wav", duration_s=0.3)
    tone(tmp_path / "long.wav", duration_s=12)
    tone(tmp_path / "hours.wav", duration_s=60)
    tone(tmp_path / "silent.wav", peak=0.001)
    tone(tmp_path / "wordless.wav", hz=300)
    tone(tmp_path / "slow.wav", hz=301, duration_s=3)
    tone(tmp_path / "fast.wav", hz=302)
    tone(tmp_path / "sms.wav", hz=303, rate_hz=3000)
    shutil.copy(tmp_path / "wavs" / "clip000.wav", tmp_path / "copy.wav")
    shutil.copy(tmp_path / "wavs" / "clip000.wav", tmp_path / "other.wav")
    io.write(tmp_path / "reencoded.flac", io.read(tmp_path / "wavs" / "clip000.wav"))
    (tmp_path / "zero.wav").touch()
    (tmp_path / "words.wav").write_text("These are words. " * 100)
    tone(tmp_path / "cut.wav", hz=304)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[:9000])
    soundfile.write(tmp_path / "nan.wav", np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    names = ["short", "long", "hours", "silent", "copy", "reencoded", "zero", "words", "cut", "nan", "sms", "none"]
    rows = [f"clip000|{sentence(0)}", "clip000|again and again", "wordless|…", "slow|hm", f"fast|{'very fast ' * 5}"]
    dataset = run(
        tmp_path / "out", table(tmp_path, *rows, "other|other words", *(f"{n}|{sentence(0)}" for n in names), "bad")
    )
    assert reasons(dataset) == {
        "clip000": "duplicate id",
        "wordless": "text empty",
        "slow": "too few characters a second",
        "fast": "too many characters a second",
        "other": "duplicate audio, other text",
        "short": "too short",
        "long": "too long",
        "hours": "too long",
        "silent": "silent",
        "copy": "duplicate",
        "reencoded": "duplicate",
        "zero": "empty",
        "words": "not audio",
        "cut": "truncated",
        "nan": "not finite",
        "sms": "sample rate",
        "none": "missing",
        "bad": "bad row",
    }
    assert len(dataset.clips) + len(dataset.rejected) == len(rows) + 1 + len(names) + 1
    ledger = {rejection.id: rejection for rejection in dataset.rejected}
    assert (ledger["short"].stage, ledger["short"].measured, ledger["short"].limit) == ("filters", 0.3, 0.4)
    assert (ledger["words"].stage, ledger["none"].stage) == ("read", "read")
    assert [ledger[name].duration_s for name in ("short", "long", "hours")] == [0.3, 12, 60]
    assert ledger["copy"].measured == "clip000" and ledger["copy"].text == sentence(0)
    assert check(tmp_path / "out") == []


def test_far_too_long_recordings_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tone(tmp_path / "hours.wav", duration_s=60)
    monkeypatch.setattr(io, "read", lambda path: pytest.fail("decoded"))
    with pytest.raises(DataError, match=r"1 too long; for instance .*:1: too long: 60\.0 \(11\.61; give"):
        run(tmp_path / "out", table(tmp_path, "hours|some words"))


def test_nothing_accepted_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    tone(tmp_path / "short.wav", duration_s=0.1)
    rows = ["a|One", "b|Two", "short|Three"]
    with pytest.raises(DataError) as caught:
        run(tmp_path / "out", table(tmp_path, *rows))
    line = str(caught.value)
    assert "none of 3 utterances accepted: 2 missing, 1 too short" in line and "\n" not in line
    assert f"looked in {tmp_path}" in line and str(tmp_path / "wavs") in line
    assert not (tmp_path / "out" / "dataset.json").exists()


def test_ethiopic_and_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "የእኔ ድምፅ"
    tone(folder / "wavs" / "ሰላም ለዓለም (1).wav")
    dataset = run(tmp_path / "out put", table(folder, "ሰላም ለዓለም (1)|ሰላም ለዓለም።"), language="am")
    (clip,) = dataset.clips
    assert clip.id == "ሰላም_ለዓለም__1_" and clip.text == "ሰላም ለዓለም።" and clip.language == "am"
    assert check(tmp_path / "out put") == []


def test_ids_are_unique_and_safe(tmp_path: Path) -> None:
    places = ["one/a.wav", "two/a.wav", "three/A.wav", f"{'x' * 240}.wav", ".hidden.wav", "…!?.wav"]
    for hz, place in enumerate(places, start=200):
        tone(tmp_path / place, hz=hz)
    dataset = run(tmp_path / "out", table(tmp_path, *(f"{place}|{sentence(n)}" for n, place in enumerate(places))))
    ids = [clip.id for clip in dataset.clips]
    assert len({name.casefold() for name in ids}) == 6 and {"a", "x" * 120, "hidden", "___"} < set(ids)
    assert sum(name.lower().startswith("a-") for name in ids) == 2


def test_speaker_of_the_table_or_the_default(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", hz=200)
    tone(tmp_path / "b.wav", hz=300)
    rows = table(tmp_path, "audio_file|text|speaker_name", "a.wav|some words|Abebe", "b.wav|other words|")
    dataset = run(tmp_path / "out", rows, options=replace(ALONE, speaker="Sara"))
    assert [clip.speaker for clip in dataset.clips] == ["Abebe", "Sara"]


def test_options_are_checked() -> None:
    for wrong in ({"eval_share": 1.0}, {"eval_share": -0.1}, {"workers": 0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            replace(ALONE, **wrong)


def test_unknown_language(tmp_path: Path) -> None:
    with pytest.raises(TextError):
        run(tmp_path / "out", corpus(tmp_path / "source", 1), language="no such language")
    assert not (tmp_path / "out").exists()


def test_folders_that_are_no_datasets_are_left_alone(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 1)
    with pytest.raises(DataError, match="holds other things"):
        run(tmp_path / "source", source)
    with pytest.raises(DataError, match="is a file"):
        run(source, source)
    with pytest.raises(DataError, match="no source lists no utterance"):
        run(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "source").iterdir()) == ["metadata.csv", "wavs"]


def test_id_of_a_name_without_any_letter() -> None:
    assert safe_id("...") == "clip" and safe_id("a/b\\c:d") == "a_b_c_d"
    assert safe_id("ሰ" * 99) == "ሰ" * 40  # 120 bytes
