"""Recordings in and out of files: everything becomes mono float32 at the rate it was recorded at.

Libsndfile decodes; what it does not know (opus in webm, m4a, video) goes to the `ffmpeg` program when there is one. The
surprise: a file that ends before its header says is refused, for half a recording under a whole transcript teaches
a voice to skip words.
"""

import contextlib
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from dimts.errors import AudioError

BLOCK_SAMPLES = 1 << 20  # read at once for each channel: bounds the memory that many channels need
STREAM_BYTES = 0x7FFF0000  # data sizes from here on are placeholders of programs that wrote to a pipe
COMPLETE = 0.99  # share of the promised sound that must be there; encoders pad the last block
FULL_SCALE = 32768  # 16-bit integers per unit amplitude: as libsndfile reads them, so that they come back exactly
FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16")}
NOT_AUDIO, MALFORMED = 1, 3  # libsndfile's SF_ERR_UNRECOGNISED_FORMAT and SF_ERR_MALFORMED_FILE
CUT_OFF = ("ended prematurely", "partial file")  # what ffmpeg says of half a file, and then succeeds

Samples = npt.NDArray[np.float32]


class UnreadableError(AudioError):
    """A file that gives no recording; `reason` is the short stable word for ledgers."""

    def __init__(self, path: Path, reason: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono sound: float32 [n] in -1..1 at `rate_hz`."""

    samples: Samples
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


def read(path: Path) -> Audio:
    """Read any recording, channels averaged. UnreadableError (an AudioError) with one line says why there is none."""
    _refuse_what_is_no_file(path)
    try:
        audio = _decode(path, path)
    except soundfile.LibsndfileError as error:
        audio = _decode_with_ffmpeg(path, error)
    except TypeError as error:  # soundfile wants a rate for names that end in .raw
        raise UnreadableError(path, "not audio", "raw samples do not say their rate; convert them to WAV") from error
    if not len(audio.samples):
        raise UnreadableError(path, "empty", "the file holds no sound")
    if not np.isfinite(audio.samples).all():
        raise UnreadableError(path, "not finite", "some samples are NaN or infinite; export the recording again")
    return audio


def length(path: Path) -> tuple[int, int] | None:
    """Tell samples and rate in hertz by the header alone, None where libsndfile cannot."""
    try:
        header = soundfile.info(path)
    except (soundfile.LibsndfileError, TypeError):
        return None
    return header.frames, header.samplerate


def write(path: Path, audio: Audio, subtype: str | None = None) -> None:
    """Write WAV or FLAC by suffix, 16 bit unless `subtype` says other, clipped to -1..1, whole or not at all.

    Raises AudioError where the folder cannot be written or the disk is full; what was there before stays.
    """
    refuse_other_formats(path)
    replace(path, encode(audio, path.suffix, subtype))


def refuse_other_formats(path: Path) -> None:
    """AudioError when a name is not one that `write` takes: to be asked before long work."""
    if path.suffix.lower() not in FORMATS or path.is_dir():
        raise AudioError(f"{path}: can write {' and '.join(FORMATS)} only; choose such a name")


def encode(audio: Audio, suffix: str, subtype: str | None = None) -> bytes:
    """Give the bytes of a WAV or FLAC file; samples that came from 16 bits come out the same."""
    container, usual = FORMATS[suffix.lower()]
    subtype = subtype or usual
    if subtype not in soundfile.available_subtypes(container):
        raise AudioError(
            f"{container} has no subtype {subtype}; choose from {', '.join(soundfile.available_subtypes(container))}"
        )
    samples = to_16_bit(audio.samples) if subtype == "PCM_16" else np.clip(audio.samples, -1, 1)
    stream = io.BytesIO()
    soundfile.write(stream, samples, audio.rate_hz, format=container, subtype=subtype)
    return stream.getvalue()


def to_16_bit(samples: Samples) -> npt.NDArray[np.int16]:
    """Round to 16-bit integers, clipped to full scale."""
    scaled = np.rint(samples * np.float32(FULL_SCALE))
    rounded: npt.NDArray[np.int16] = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return rounded


def replace(path: Path, content: bytes) -> None:
    """Put `content` into `path` whole or not at all: written beside it, then renamed. AudioError when it cannot be."""
    beside = path.with_name(f".{os.getpid()}.{path.name[-60:]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        raise AudioError(f"{path}: cannot be written: {error.strerror}; free space or choose another folder") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def _refuse_what_is_no_file(path: Path) -> None:
    if os.path.isdir(path):
        raise UnreadableError(path, "a folder", "is a folder, not a recording")
    if not os.path.isfile(path):
        raise UnreadableError(path, "missing", "no such file; check the name and the folder")
    if not os.access(path, os.R_OK):
        raise UnreadableError(path, "no permission", "may not be read; change its permissions")
    if not os.path.getsize(path):
        raise UnreadableError(path, "empty", "the file is empty (0 bytes)")


def _decode(source: Path | io.BytesIO, path: Path) -> Audio:
    """Decode block by block, averaging channels. UnreadableError for a file that was cut off or is damaged inside."""
    with soundfile.SoundFile(source) as file:
        try:
            blocks = list(_mono_blocks(file))
        except soundfile.LibsndfileError as error:
            raise UnreadableError(path, "damaged", f"decoding stops inside the file: {_words(error)}") from error
        samples = np.concatenate([np.zeros(0, np.float32), *blocks])
        share = min(_share_of_header(file.extra_info), len(samples) / file.frames if file.frames else 1.0)
        if share < COMPLETE and file.frames < STREAM_BYTES:
            raise UnreadableError(
                path, "truncated", f"cut off: {share:.0%} of the sound that its header promises is there"
            )
        return Audio(samples, file.samplerate)


def _mono_blocks(file: soundfile.SoundFile) -> Iterator[Samples]:
    while len(block := file.read(BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        yield block.mean(axis=1)


def _share_of_header(log: str) -> float:
    """Bytes of sound found by bytes promised, from libsndfile's log `data : 88200 (should be 44078)`."""
    found = re.search(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if not found or int(found[1]) >= STREAM_BYTES or not int(found[1]):
        return 1.0
    return int(found[2]) / int(found[1])


def _decode_with_ffmpeg(path: Path, refusal: soundfile.LibsndfileError) -> Audio:
    """Decode the first sound track through ffmpeg; without the program, say what libsndfile said."""
    program = shutil.which("ffmpeg")
    reason = "not audio" if refusal.code == NOT_AUDIO else "unreadable"
    if program is None or refusal.code == MALFORMED:
        raise UnreadableError(path, reason, f"{_words(refusal)}; is it a recording? (ffmpeg, if installed, reads more)")
    command = [program, "-nostdin", "-v", "error", "-i", f"file:{path}", "-map", "0:a:0", "-f", "wav"]
    done = subprocess.run([*command, "-c:a", "pcm_f32le", "pipe:1"], capture_output=True, check=False)
    said = re.sub(r"^\[.*?\] ", "", done.stderr.decode(errors="replace").strip()).split("\n")[0]
    if done.returncode or not done.stdout:
        raise UnreadableError(path, reason, f"{_words(refusal)}; ffmpeg: {said or 'found no sound'}")
    if any(words in said for words in CUT_OFF):
        raise UnreadableError(path, "truncated", f"cut off; ffmpeg: {said}")
    try:
        return _decode(io.BytesIO(done.stdout), path)
    except soundfile.LibsndfileError as error:
        raise UnreadableError(path, reason, f"ffmpeg's output cannot be read: {_words(error)}") from error


def _words(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")
