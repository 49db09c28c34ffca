"""Sound and pictures that lie inside a page: data URLs, within a bound."""

import base64
import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import soundfile

from dimts.audio import io as audio_io
from dimts.evaluate.speaking import Take

MOST_BYTES = 24_000_000  # of sound in one page
DARK = 30  # of a picture's ground, 0 black to 255 white


class Sounds:
    """Puts takes into a page as MP3, which every browser plays, as long as they fit."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.left, self.left_out = most_bytes, 0

    def url(self, take: Take) -> str | None:
        """Return a take's sound as a URL; None where nothing was said or no room is left."""
        if take.path is None:
            return None
        content = mp3(take.path)
        if len(content) > self.left:
            self.left_out += 1
            return None
        self.left -= len(content)
        return f"data:audio/mpeg;base64,{base64.b64encode(content).decode()}"


def mp3(path: Path) -> bytes:
    """Return a sound file's content as MP3."""
    audio, file = audio_io.read(path), io.BytesIO()
    soundfile.write(file, audio.samples, audio.rate_hz, format="MP3")
    return file.getvalue()


def gaze(told: Mapping[str, Any]) -> str | None:
    """Return where a network looked as a picture: codes from left to right, text from top to bottom; bright: looked at.

    None where there is nothing to see.
    """
    if not told.get("gaze"):
        return None
    shades, tokens = base64.b64decode(told["gaze"]["shades"]), told["gaze"]["tokens"]
    rows = [shades[place::tokens] for place in range(tokens)]
    bright = bytes(DARK + shade * (255 - DARK) // 255 for shade in range(256))
    return f"data:image/png;base64,{base64.b64encode(png([row.translate(bright) for row in rows])).decode()}"


def png(rows: list[bytes]) -> bytes:
    """Return a grey picture, a byte a pixel, as PNG (ISO 15948)."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = [_chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
