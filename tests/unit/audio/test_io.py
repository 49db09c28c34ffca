"""Recordings in and out of files: formats, exact bits, and one clear line for everything that is no recording."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts.audio import io, sound
from dimts.audio.io import Audio, UnreadableError
from dimts.errors import AudioError

RATE_HZ = 16_000
TONE = (0.5 * np.sin(np.arange(RATE_HZ) * 0.1)).astype(np.float32)


def test_duration_is_in_seconds() -> None:
    assert Audio(TONE, RATE_HZ).duration_s == 1.0


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [
        (".wav", "PCM_16", 4e-5),
        (".wav", "PCM_24", 1e-6),
        (".wav", "PCM_32", 1e-6),
        (".wav", "FLOAT", 0.0),
        (".wav", "DOUBLE", 0.0),
        (".wav", "PCM_U8", 8e-3),
        (".wav", "ULAW", 2e-2),
        (".flac", "PCM_16", 4e-5),
        (".flac", "PCM_24", 1e-6),
        (".aiff", "PCM_16", 4e-5),
        (".ogg", "VORBIS", 5e-2),
        (".mp3", "MPEG_LAYER_III", 5e-2),
    ],
)
def test_reads_formats(tmp_path: Path, suffix: str, subtype: str, tolerance: float) -> None:
    path = tmp_path / f"ሰላም ለዓለም{suffix}"
    soundfile.write(path, TONE, RATE_HZ, subtype=subtype)
    audio = io.read(path)
    assert audio.rate_hz == RATE_HZ and audio.samples.dtype == np.float32 and audio.samples.shape == TONE.shape
    assert np.abs(audio.samples[500:-500] - TONE[500:-500]).max() <= tolerance


def test_averages_channels(tmp_path: Path) -> None:
    channels = np.stack([TONE, np.zeros_like(TONE), -TONE / 2, TONE, TONE, TONE], axis=1)
    soundfile.write(tmp_path / "surround.wav", channels, RATE_HZ, subtype="FLOAT")
    np.testing.assert_allclose(io.read(tmp_path / "surround.wav").samples, channels.mean(axis=1), atol=1e-7)


def test_reads_longer_than_one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "BLOCK_SAMPLES", 999)
    soundfile.write(tmp_path / "a.wav", TONE, RATE_HZ, subtype="FLOAT")
    assert np.array_equal(io.read(tmp_path / "a.wav").samples, TONE)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_16_bits_survive(tmp_path: Path, suffix: str) -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", every, RATE_HZ)
    io.write(tmp_path / f"b{suffix}", io.read(tmp_path / "a.wav"))
    assert np.array_equal(soundfile.read(tmp_path / f"b{suffix}", dtype="int16")[0], every)


@pytest.mark.parametrize("subtype", [None, "FLOAT"])
def test_write_clips(tmp_path: Path, subtype: str | None) -> None:
    io.write(tmp_path / "a.wav", Audio(np.array([-3, -1, 0, 1, 3], np.float32), RATE_HZ), subtype)
    np.testing.assert_allclose(io.read(tmp_path / "a.wav").samples, [-1, -1, 0, 1, 1], atol=4e-5)


def test_write_refuses_other_names_and_subtypes(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"a\.mp3: can write \.wav and \.flac"):
        io.write(tmp_path / "a.mp3", Audio(TONE, RATE_HZ))
    with pytest.raises(AudioError, match="FLAC has no subtype FLOAT"):
        io.write(tmp_path / "a.flac", Audio(TONE, RATE_HZ), "FLOAT")
    assert not list(tmp_path.iterdir())


def _header_only(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.int16), RATE_HZ)


def _with_nan(path: Path) -> None:
    soundfile.write(path, np.where(np.arange(100) == 50, np.nan, 0), RATE_HZ, subtype="FLOAT")


def _truncated(path: Path) -> None:
    soundfile.write(path, TONE, RATE_HZ)
    os.truncate(path, path.stat().st_size // 2)


BROKEN: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("a.wav", lambda path: None, "missing", "no such file"),
    ("a.wav", lambda path: path.mkdir(), "a folder", "is a folder"),
    ("a.wav", lambda path: path.touch(), "empty", "0 bytes"),
    ("a.wav", _header_only, "empty", "no sound"),
    ("a.wav", lambda path: path.write_text("Some words. " * 99), "not audio", "is a text; is it"),
    ("a.wav", lambda path: path.write_bytes(bytes(range(256))), "not audio", "recogni"),
    ("a.wav", lambda path: path.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt "), "unreadable", "WAV"),
    ("a.raw", lambda path: path.write_bytes(bytes(999)), "not audio", "rate"),
    ("a.wav", _with_nan, "not finite", "NaN"),
    ("a.wav", _truncated, "truncated", "50%"),
    ("a.aiff", _truncated, "truncated", "%"),
    ("a.mp3", _truncated, "truncated", "%"),
    ("a.flac", _truncated, "damaged", "stops"),
    ("a.ogg", _truncated, "unreadable", "malformed"),
    ("a.wav", lambda path: os.mkfifo(path), "missing", "no such file"),
    ("a.wav", lambda path: path.symlink_to(path), "missing", "no such file"),
]


@pytest.mark.parametrize(("name", "make", "reason", "words"), BROKEN)
def test_says_in_one_line_why_there_is_no_recording(
    tmp_path: Path, name: str, make: Callable[[Path], object], reason: str, words: str
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(UnreadableError) as caught:
        io.read(path)
    assert caught.value.reason == reason
    line = str(caught.value)
    assert line.startswith(str(path)) and words in line and "\n" not in line


def test_reads_wav_that_was_written_to_a_pipe(tmp_path: Path) -> None:
    io.write(tmp_path / "a.wav", Audio(TONE, RATE_HZ))
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[4:8] = content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    (tmp_path / "a.wav").write_bytes(content)
    assert len(io.read(tmp_path / "a.wav").samples) == len(TONE)


def test_length_needs_no_decoding(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", TONE, RATE_HZ)
    assert io.length(tmp_path / "a.flac") == (RATE_HZ, RATE_HZ)
    (tmp_path / "a.wav").write_text("words")
    assert io.length(tmp_path / "a.wav") is None and io.length(tmp_path / "none.wav") is None


def _program(folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "ffmpeg").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "ffmpeg").chmod(0o755)


def test_falls_back_to_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    io.write(tmp_path / "sound.wav", Audio(TONE, RATE_HZ), "FLOAT")
    (tmp_path / "-film.webm").write_bytes(b"\x1aE\xdf\xa3 not for libsndfile")
    _program(tmp_path / "bin", f'echo "$@" > "{tmp_path}/asked"; cat "{tmp_path}/sound.wav"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    np.testing.assert_allclose(io.read(tmp_path / "-film.webm").samples, TONE, atol=2e-5)
    assert f"-i file:{tmp_path}/-film.webm" in (tmp_path / "asked").read_text()


def test_says_what_ffmpeg_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.webm").write_bytes(b"\0 no film")
    _program(tmp_path / "bin", "echo no track >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    with pytest.raises(UnreadableError, match="ffmpeg: no track$"):
        io.read(tmp_path / "film.webm")


def test_half_a_film_is_no_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    io.write(tmp_path / "sound.wav", Audio(TONE, RATE_HZ), "FLOAT")
    (tmp_path / "film.webm").write_bytes(b"\0 half a film")
    _program(tmp_path / "bin", f'echo "[in#0 @ 0x5] File ended prematurely" >&2; cat "{tmp_path}/sound.wav"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    with pytest.raises(UnreadableError, match="cut off; ffmpeg: File ended prematurely") as caught:
        io.read(tmp_path / "film.webm")
    assert caught.value.reason == "truncated"


def test_does_without_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.webm").write_bytes(b"\0 no film")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreadableError, match="ffmpeg, if installed"):
        io.read(tmp_path / "film.webm")


def test_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    io.write(tmp_path / "a.wav", Audio(TONE, RATE_HZ))
    before = (tmp_path / "a.wav").read_bytes()
    code = f"""
import resource, signal
from pathlib import Path
import numpy as np
from dimts.audio import io, sound
from dimts.errors import AudioError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    io.write(Path({str(tmp_path / "a.wav")!r}), io.Audio(np.ones(99_999, np.float32), {RATE_HZ}))
except AudioError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1 and "a.wav: cannot be written: File too large" in done.stdout
    assert (tmp_path / "a.wav").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_write_where_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AudioError, match="cannot be written"):
        io.write(tmp_path / "file" / "a.wav", Audio(TONE, RATE_HZ))
