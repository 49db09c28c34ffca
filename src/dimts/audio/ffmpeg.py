"""Recordings that libsndfile does not know (opus in webm, m4a, video), through a pipe from the `ffmpeg` program.

The surprise: of half a file ffmpeg says so, and then succeeds.
"""

import contextlib
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from dimts.audio import sound
from dimts.audio.sound import Samples, Stream, UnreadableError, whole

CUT_OFF = ("ended prematurely", "partial file")  # what it says of half a file
DAMAGED = "Invalid data found"  # and of a part that it could not decode, and left out


@contextlib.contextmanager
def opened(path: Path, reason: str, refusal: str) -> Iterator[Stream]:
    """Decode the first sound track through ffmpeg; without the program, say why libsndfile refused."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise UnreadableError(path, reason, f"{refusal}; is it a recording? (ffmpeg, if installed, reads more)")
    command = [program, "-nostdin", "-v", "error", "-i", f"file:{path}", "-map", "0:a:0", "-f", "wav"]
    command += ["-c:a", "pcm_f32le", "pipe:1"]
    with (
        tempfile.TemporaryFile() as words,  # a pipe that nobody empties would stop ffmpeg
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words) as process,
    ):
        assert process.stdout is not None
        try:
            rate_hz, channels = _head(process.stdout)
            if not rate_hz:
                process.wait()
                raise UnreadableError(
                    path, reason, f"{refusal}; is it a recording? ffmpeg: {_first(words) or 'found no sound'}"
                )
            yield Stream(rate_hz, whole(path, _piped(path, process, words, channels)))
        finally:
            process.kill()  # where the reader stopped early


def _head(pipe: IO[bytes]) -> tuple[int, int]:
    """Read a WAV header up to its samples: rate in hertz and channels; zeros where there is none."""
    rate_hz = channels = 0
    if len(pipe.read(12)) < 12:
        return 0, 0
    while len(head := pipe.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"data":
            return rate_hz, channels
        content = pipe.read(size + size % 2)
        if name == b"fmt ":
            channels, rate_hz = struct.unpack("<HI", content[2:8])
    return 0, 0


def _piped(path: Path, process: subprocess.Popen[bytes], words: IO[bytes], channels: int) -> Iterator[Samples]:
    """Average the channels of what comes through the pipe, then ask ffmpeg how it went."""
    assert process.stdout is not None
    frame_bytes = 4 * channels
    while content := process.stdout.read(sound.BLOCK_SAMPLES * frame_bytes):
        values = np.frombuffer(content[: len(content) // frame_bytes * frame_bytes], np.dtype("<f4"))
        yield values.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    process.wait()
    said = _said(words)
    if any(ending in said for ending in CUT_OFF):
        raise UnreadableError(path, "truncated", f"cut off; ffmpeg: {_first(words)}")
    if process.returncode or DAMAGED in said:
        raise UnreadableError(path, "damaged", f"decoding stops inside the file; ffmpeg: {_first(words)}")


def _said(words: IO[bytes]) -> str:
    """Give all that ffmpeg wrote."""
    words.seek(0)
    return words.read().decode(errors="replace").strip()


def _first(words: IO[bytes]) -> str:
    """Give the first line of it, without the part of ffmpeg that speaks."""
    return re.sub(r"^\[.*?\] ", "", _said(words)).split("\n")[0]
