"""Recordings of any length: streamed in blocks, or only stretches of them read; the same samples, the same refusals."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts.audio import io, sound
from dimts.audio.io import Audio, UnreadableError
from tests.unit.audio.test_io import BROKEN

RATE_HZ = 16_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (2 * RATE_HZ, 2)).astype(np.float32)
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
SPANS = [(0.0, 0.1), (0.05, 0.3), (0.05, 0.06), (0.7, 0.7), (0.9, 1.6), (1.5, 9.0), (7.0, 8.0)]
NAMES = ["a.wav", "a.flac", "a.ogg", "a.mp3"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "BLOCK_SAMPLES", 999)


def film(path: Path, *options: str) -> Path:
    soundfile.write(path.with_suffix(".wav"), NOISE, RATE_HZ, subtype="PCM_16")
    command = ["ffmpeg", "-v", "error", "-i", str(path.with_suffix(".wav")), *options, str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_blocks_joined_are_the_recording(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, NOISE, RATE_HZ)
    with io.stream(tmp_path / name) as heard:
        blocks = list(heard.blocks)
    assert heard.rate_hz == RATE_HZ and len(blocks) > 10 and {block.dtype for block in blocks} == {np.dtype("f4")}
    assert np.array_equal(np.concatenate(blocks), io.read(tmp_path / name).samples)


@pytest.mark.parametrize("name", NAMES)
def test_stretches_are_slices(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, NOISE, RATE_HZ)
    whole = io.read(tmp_path / name).samples
    for (start_s, end_s), audio in zip(SPANS, io.stretches(tmp_path / name, SPANS), strict=True):
        assert audio.rate_hz == RATE_HZ
        np.testing.assert_array_equal(audio.samples, whole[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)])


@needs_ffmpeg
@pytest.mark.parametrize(("name", "tolerance"), [("a.webm", None), ("a.m4a", None), ("a.mka", 4e-5)])
def test_streams_what_ffmpeg_reads(tmp_path: Path, name: str, tolerance: float | None) -> None:
    path = film(tmp_path / name, *(["-c:a", "flac"] if tolerance else []))
    with io.stream(path) as heard:
        samples = np.concatenate(list(heard.blocks))
    assert abs(len(samples) / heard.rate_hz - 2) < 0.1
    if tolerance:
        np.testing.assert_allclose(samples, NOISE.mean(axis=1), atol=tolerance)
    for (start_s, end_s), audio in zip(SPANS, io.stretches(path, SPANS), strict=True):
        np.testing.assert_array_equal(
            audio.samples, samples[round(start_s * heard.rate_hz) : round(end_s * heard.rate_hz)]
        )


@needs_ffmpeg
def test_reads_flac_that_was_written_to_a_pipe(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, RATE_HZ)
    command = f"ffmpeg -v error -i {tmp_path}/a.wav -f flac - | cat > {tmp_path}/b.flac"
    subprocess.run(command, shell=True, check=True)
    assert np.array_equal(io.read(tmp_path / "b.flac").samples, io.read(tmp_path / "a.wav").samples)
    assert io.length(tmp_path / "b.flac") is None


@needs_ffmpeg
def test_a_reader_may_stop_early(tmp_path: Path) -> None:
    path = film(tmp_path / "a.webm")
    with io.stream(path) as heard:
        assert len(next(heard.blocks))
    assert len(next(io.stretches(path, [(0.1, 0.2), (0.3, 0.4)])).samples)


@needs_ffmpeg
def test_half_a_film_is_refused_at_its_end(tmp_path: Path) -> None:
    path = film(tmp_path / "a.webm", "-b:a", "256k")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableError, match="cut off") as caught:
        io.read(path)
    assert caught.value.reason == "truncated"


@pytest.mark.parametrize(("name", "make", "reason", "words"), BROKEN)
def test_stretches_refuse_as_reading_does(tmp_path: Path, name: str, make: object, reason: str, words: str) -> None:
    assert callable(make)
    make(tmp_path / name)
    with pytest.raises(UnreadableError, match=words) as caught:
        list(io.stretches(tmp_path / name, [(0.0, 9.0)]))
    assert caught.value.reason == reason


def test_stretches_must_be_sorted(tmp_path: Path) -> None:
    io.write(tmp_path / "a.wav", Audio(NOISE[:, 0], RATE_HZ))
    with pytest.raises(AssertionError, match="sorted"):
        list(io.stretches(tmp_path / "a.wav", [(0.5, 0.6), (0.1, 0.2)]))
