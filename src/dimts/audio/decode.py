"""Recordings decoded block by block: mono float32 at the rate they were recorded at, in bounded memory.

Libsndfile decodes; what it does not know (opus in webm, m4a, video) comes through a pipe from the `ffmpeg` program when
there is one. The surprise: that a file was cut off may show only after its last block, so keep nothing of a recording
before its blocks have come to their end.
"""

import codecs
import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import soundfile

from dimts.audio import ffmpeg, sound
from dimts.audio.sound import Samples, Stream, UnreadableError, named

STREAM_BYTES = 0x7FFF0000  # data sizes from here on are placeholders of programs that wrote to a pipe
COMPLETE = 0.99  # share of the promised sound that must be there; encoders pad the last block
TEXT_BYTES = 4096  # looked at to tell a text from a recording
UNKNOWN_FRAMES = 1 << 62  # so many or more stand in a FLAC that was written to a pipe; soundfile cannot read its end
NOT_AUDIO, MALFORMED = 1, 3  # libsndfile's SF_ERR_UNRECOGNISED_FORMAT and SF_ERR_MALFORMED_FILE
SEEK_EXACT = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC"}  # codecs with memory answer a seek inexactly


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """Open any recording. UnreadableError with one line, here or while the blocks are read, says why there is none."""
    _refuse_what_is_no_file(path)
    _refuse_text(path)
    try:
        file = soundfile.SoundFile(named(path))
        refusal = ("unreadable", "its header does not say how long it is") if file.frames >= UNKNOWN_FRAMES else None
    except soundfile.LibsndfileError as error:
        refusal = ("not audio" if error.code == NOT_AUDIO else "unreadable", _words(error))
        if error.code == MALFORMED:
            raise UnreadableError(path, *refusal) from error
    except TypeError as error:  # soundfile wants a rate for names that end in .raw
        raise UnreadableError(path, "not audio", "raw samples do not say their rate; convert them to WAV") from error
    if refusal:
        with ffmpeg.opened(path, *refusal) as stream:
            yield stream
        return
    with file:
        _refuse_half(path, _share_of_header(file.extra_info), file)
        _refuse_what_ends_elsewhere(path, file.extra_info, file.format)
        yield Stream(
            file.samplerate, sound.whole(path, _decoded(path, file)), file if file.format in SEEK_EXACT else None
        )


def part(path: Path, file: soundfile.SoundFile, start: int, stop: int) -> Samples:
    """Read samples start..stop of an opened file; what lies behind its end is not there."""
    try:
        file.seek(min(start, file.frames))
        samples: Samples = file.read(stop - start, dtype="float32", always_2d=True).mean(axis=1)
    except soundfile.LibsndfileError as error:
        raise _damaged(path, error) from error
    if not file.frames:
        raise sound.soundless(path)
    sound.refuse_non_finite(path, samples)
    return samples


def _refuse_what_is_no_file(path: Path) -> None:
    if os.path.isdir(path):
        raise UnreadableError(path, "a folder", "is a folder, not a recording")
    if not os.path.isfile(path):
        raise UnreadableError(path, "missing", "no such file; check the name and the folder")
    if not os.path.getsize(path):
        raise UnreadableError(path, "empty", "the file is empty (0 bytes)")


def _refuse_text(path: Path) -> None:
    """Words, tables and error pages: ffmpeg would take some of them for raw speech."""
    head = _head(path)
    if any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return
    with contextlib.suppress(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last letter may be cut in two
        raise UnreadableError(path, "not audio", "is a text; is it a recording?")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(TEXT_BYTES)
    except OSError as error:
        words = f"may not be read ({error.strerror}); change its permissions"
        raise UnreadableError(path, "no permission", words) from error


def _decoded(path: Path, file: soundfile.SoundFile) -> Iterator[Samples]:
    """Average the channels of every block. UnreadableError for a file that was cut off or is damaged inside."""
    count = 0
    try:
        while len(block := file.read(sound.BLOCK_SAMPLES, dtype="float32", always_2d=True)):
            count += len(block)
            yield block.mean(axis=1)
    except soundfile.LibsndfileError as error:
        raise _damaged(path, error) from error
    _refuse_half(path, count / file.frames if file.frames else 1.0, file)


def _damaged(path: Path, error: soundfile.LibsndfileError) -> UnreadableError:
    return UnreadableError(path, "damaged", f"decoding stops inside the file: {_words(error)}")


def _refuse_half(path: Path, share: float, file: soundfile.SoundFile) -> None:
    if share < COMPLETE and file.frames < STREAM_BYTES:
        words = f"cut off: {share:.0%} of the sound that its header promises is there"
        raise UnreadableError(path, "truncated", words)


def _share_of_header(log: str) -> float:
    """Bytes of sound found by bytes promised, from libsndfile's log `data : 88200 (should be 44078)`.

    AU calls it `Data Size`; of W64 (`riff`) only the size of the whole file is compared.
    """
    found = re.search(r"^\s*(?:data|SSND|Data Size|riff)\s*: (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if not found or int(found[1]) >= STREAM_BYTES or not int(found[1]):
        return 1.0
    return int(found[2]) / int(found[1])


def _refuse_what_ends_elsewhere(path: Path, log: str, container: str) -> None:
    """An Ogg file that ends inside a page; a WAV whose sound goes on where its header says that it ends."""
    if container == "OGG" and re.search(r"^Ogg ?: Junk after the last page", log, re.MULTILINE):
        raise UnreadableError(path, "truncated", "cut off: its last page of sound is not whole")
    promised = re.search(r"^data : (\d+)$", log, re.MULTILINE)
    behind = re.search(r"^(?:\*\*\* Unknown chunk marker .*|Have 0 marker) at position (\d+)", log, re.MULTILINE)
    length = re.search(r"^Length : (\d+)$", log, re.MULTILINE)
    if container not in ("WAV", "WAVEX") or not (promised and behind and length):
        return
    left = int(length[1]) - int(behind[1])
    if left > (1 - COMPLETE) * int(promised[1]) and (not int(promised[1]) or "Unknown" in behind[0]):
        words = f"its header promises {promised[1]} bytes of sound, {left} more follow; export the recording again"
        raise UnreadableError(path, "damaged", words)


def _words(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")
