"""Recordings decoded block by block: mono float32 at the rate they were recorded at, in bounded memory.

Libsndfile decodes; what it does not know (opus in webm, m4a, video) comes through a pipe from the `ffmpeg` program when
there is one. The surprise: that a file was cut off may show only after its last block, so keep nothing of a recording
before its blocks have come to their end.
"""

import contextlib
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import soundfile

from dimts.errors import AudioError

BLOCK_SAMPLES = 1 << 20  # read at once for each channel: bounds the memory that many channels need
STREAM_BYTES = 0x7FFF0000  # data sizes from here on are placeholders of programs that wrote to a pipe
COMPLETE = 0.99  # share of the promised sound that must be there; encoders pad the last block
UNKNOWN_FRAMES = 1 << 62  # so many or more stand in a FLAC that was written to a pipe; soundfile cannot read its end
NOT_AUDIO, MALFORMED = 1, 3  # libsndfile's SF_ERR_UNRECOGNISED_FORMAT and SF_ERR_MALFORMED_FILE
CUT_OFF = ("ended prematurely", "partial file")  # what ffmpeg says of half a file, and then succeeds
SEEK_EXACT = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC"}  # codecs with memory answer a seek inexactly

Samples = npt.NDArray[np.float32]


class UnreadableError(AudioError):
    """A file that gives no recording; `reason` is the short stable word for ledgers."""

    def __init__(self, path: Path, reason: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, eq=False)
class Stream:
    """A recording being read: float32 [n] blocks at `rate_hz`, channels averaged."""

    rate_hz: int
    blocks: Iterator[Samples]
    file: soundfile.SoundFile | None = None  # where it may be read at any place with the same result


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """Open any recording. UnreadableError with one line, here or while the blocks are read, says why there is none."""
    _refuse_what_is_no_file(path)
    try:
        file = soundfile.SoundFile(path)
        refusal = ("unreadable", "its header does not say how long it is") if file.frames >= UNKNOWN_FRAMES else None
    except soundfile.LibsndfileError as error:
        refusal = ("not audio" if error.code == NOT_AUDIO else "unreadable", _words(error))
        if error.code == MALFORMED:
            raise UnreadableError(path, *refusal) from error
    except TypeError as error:  # soundfile wants a rate for names that end in .raw
        raise UnreadableError(path, "not audio", "raw samples do not say their rate; convert them to WAV") from error
    if refusal:
        with _through_ffmpeg(path, *refusal) as stream:
            yield stream
        return
    with file:
        _refuse_half(path, _share_of_header(file.extra_info), file)
        yield Stream(file.samplerate, _whole(path, _decoded(path, file)), file if file.format in SEEK_EXACT else None)


def part(path: Path, file: soundfile.SoundFile, start: int, stop: int) -> Samples:
    """Read samples start..stop of an opened file; what lies behind its end is not there."""
    try:
        file.seek(min(start, file.frames))
        samples: Samples = file.read(stop - start, dtype="float32", always_2d=True).mean(axis=1)
    except soundfile.LibsndfileError as error:
        raise _damaged(path, error) from error
    if not file.frames:
        raise _soundless(path)
    _refuse_non_finite(path, samples)
    return samples


def _refuse_what_is_no_file(path: Path) -> None:
    if os.path.isdir(path):
        raise UnreadableError(path, "a folder", "is a folder, not a recording")
    if not os.path.isfile(path):
        raise UnreadableError(path, "missing", "no such file; check the name and the folder")
    if not os.access(path, os.R_OK):
        raise UnreadableError(path, "no permission", "may not be read; change its permissions")
    if not os.path.getsize(path):
        raise UnreadableError(path, "empty", "the file is empty (0 bytes)")


def _decoded(path: Path, file: soundfile.SoundFile) -> Iterator[Samples]:
    """Average the channels of every block. UnreadableError for a file that was cut off or is damaged inside."""
    count = 0
    try:
        while len(block := file.read(BLOCK_SAMPLES, dtype="float32", always_2d=True)):
            count += len(block)
            yield block.mean(axis=1)
    except soundfile.LibsndfileError as error:
        raise _damaged(path, error) from error
    _refuse_half(path, count / file.frames if file.frames else 1.0, file)


def _whole(path: Path, blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Hand blocks on. UnreadableError at NaN, and where the recording ends without a sample."""
    block = None
    for block in blocks:
        _refuse_non_finite(path, block)
        yield block
    if block is None:
        raise _soundless(path)


def _soundless(path: Path) -> UnreadableError:
    return UnreadableError(path, "empty", "the file holds no sound")


def _damaged(path: Path, error: soundfile.LibsndfileError) -> UnreadableError:
    return UnreadableError(path, "damaged", f"decoding stops inside the file: {_words(error)}")


def _refuse_non_finite(path: Path, samples: Samples) -> None:
    if not np.isfinite(samples).all():
        raise UnreadableError(path, "not finite", "some samples are NaN or infinite; export the recording again")


def _refuse_half(path: Path, share: float, file: soundfile.SoundFile) -> None:
    if share < COMPLETE and file.frames < STREAM_BYTES:
        words = f"cut off: {share:.0%} of the sound that its header promises is there"
        raise UnreadableError(path, "truncated", words)


def _share_of_header(log: str) -> float:
    """Bytes of sound found by bytes promised, from libsndfile's log `data : 88200 (should be 44078)`."""
    found = re.search(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if not found or int(found[1]) >= STREAM_BYTES or not int(found[1]):
        return 1.0
    return int(found[2]) / int(found[1])


@contextlib.contextmanager
def _through_ffmpeg(path: Path, reason: str, refusal: str) -> Iterator[Stream]:
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
                raise UnreadableError(path, reason, f"{refusal}; ffmpeg: {_said(words) or 'found no sound'}")
            yield Stream(rate_hz, _whole(path, _piped(path, process, words, channels)))
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
    while content := process.stdout.read(BLOCK_SAMPLES * frame_bytes):
        values = np.frombuffer(content[: len(content) // frame_bytes * frame_bytes], np.dtype("<f4"))
        yield values.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    said = _said(words) if process.wait() or words.tell() else ""
    if any(ending in said for ending in CUT_OFF):
        raise UnreadableError(path, "truncated", f"cut off; ffmpeg: {said}")
    if process.returncode:
        raise UnreadableError(path, "damaged", f"decoding stops inside the file; ffmpeg: {said}")


def _said(words: IO[bytes]) -> str:
    """Give the first line that ffmpeg wrote."""
    words.seek(0)
    return re.sub(r"^\[.*?\] ", "", words.read().decode(errors="replace").strip()).split("\n")[0]


def _words(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")
