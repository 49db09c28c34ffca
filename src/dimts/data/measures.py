"""What is measured once of each clip, as it will be stored; every check reads these numbers, never the sound."""

import hashlib
from dataclasses import dataclass

import numpy as np

from dimts.audio.io import Audio, to_16_bit
from dimts.data import near

FLOOR_DBFS = -120.0  # below 16 bits: stands for digital silence


@dataclass(frozen=True)
class Measures:
    """The measures of one clip; None where nothing was measured."""

    samples: int
    rate_hz: int
    peak_dbfs: float  # from the mean: a constant is nothing to be heard
    content: str  # sha256 of the 16-bit samples and their rate
    head_db: float | None = None  # level of the first 30 ms under the loud parts: near 0 is a word cut in two
    tail_db: float | None = None
    snr_db: float | None = None
    loudness_lufs: float | None = None
    clipped_share: float | None = None
    bandwidth_hz: float | None = None
    music: float | None = None  # 0..1: how much it is like music
    same_voice: float | None = None  # 0..1: how alike its two most different voices are
    marks: str = ""  # what finds copies of it, see near.py

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.rate_hz


def measure(audio: Audio, hear_music: bool = False, hear_voices: bool = False) -> Measures:
    """Measure a clip. MissingExtra where music or voices are asked for and their package is not installed."""
    from dimts.audio import measures
    from dimts.audio.cutting import edge_energy

    heard = measures.measure(audio.samples, audio.rate_hz)
    head_db, tail_db = edge_energy(audio.samples - np.float32(heard.offset), audio.rate_hz)
    return Measures(
        samples=len(audio.samples),
        rate_hz=audio.rate_hz,
        peak_dbfs=round(max(heard.peak_dbfs, FLOOR_DBFS), 1),
        content=content_of(audio),
        head_db=round(head_db, 1),
        tail_db=round(tail_db, 1),
        snr_db=round(heard.snr_db, 1),
        loudness_lufs=round(heard.loudness_lufs, 1),
        clipped_share=round(heard.clipped_share, 5),
        bandwidth_hz=round(heard.bandwidth_hz),
        music=_music(audio) if hear_music else None,
        same_voice=_same_voice(audio) if hear_voices else None,
        marks=near.packed(near.marks(audio)),
    )


def _music(audio: Audio) -> float:
    """Give the share of a clip's time in which music or singing is heard."""
    from dimts.audio.music import kinds

    found = kinds(audio.samples, audio.rate_hz)
    return round(max(found.music, found.singing), 3)


def _same_voice(audio: Audio) -> float | None:
    """Give how alike the two most different voices of a clip are, None where it is too short to tell."""
    from dimts.audio.voices import likeness

    alike = likeness(audio.samples, audio.rate_hz)
    return None if alike is None else round(alike, 3)


def content_of(audio: Audio) -> str:
    """Give the hash of the sound itself, whatever file holds it."""
    return hashlib.sha256(f"{audio.rate_hz}\n".encode() + to_16_bit(audio.samples).tobytes()).hexdigest()


def marks_of(measures: Measures) -> near.Marks:
    """Give what finds copies of a clip."""
    return near.unpacked(measures.marks)
