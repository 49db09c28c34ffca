"""Words that are none, and recordings that are there twice."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile

from tests.zoo.sounds import RATE_HZ, Spoil, recorded, sentence, voice, words
from tests.zoo.specimens import ACCEPTED, Maker, Specimen


def twins(second: str, text: str | None = None, lead_s: float = 0.0, spoil: Spoil = lambda content: content) -> Maker:
    """A recording, and the same again under another name: encoded as that says, begun later, or in other bytes."""

    def make(folder: Path, seed: int) -> None:
        sound = np.round(voice(seed, 4.0) * 32768) / 32768  # so that 16 bits hold it exactly
        soundfile.write(folder / "a.wav", sound, RATE_HZ)
        soundfile.write(folder / second, sound[round(lead_s * RATE_HZ) :], RATE_HZ)
        (folder / second).write_bytes(spoil((folder / second).read_bytes()))
        words(folder / "a.wav", "", seed)
        words(folder / second, text or sentence(seed), seed)

    return make


def linked(make_link: str) -> Maker:
    """A recording and a link to it."""

    def make(folder: Path, seed: int) -> None:
        recorded("a.wav")(folder, seed)
        subprocess.run(["ln", *make_link.split(), folder / "a.wav", folder / "b.wav"], check=True)
        shutil.copy(folder / "a.txt", folder / "b.txt")

    return make


def quieter(content: bytes) -> bytes:
    """Half as loud: other samples, the same recording."""
    samples = np.frombuffer(content[44:], np.int16) // 2
    return content[:44] + samples.tobytes()


TEXTS = (
    Specimen("no file of words", recorded(text=None), "no transcript"),
    Specimen("no letter in it", recorded(text=b""), "no transcript"),
    Specimen("blanks", recorded(text=b" \t\r\n\n "), "no transcript"),
    Specimen("punctuation", recorded(text="።… — !?"), "text empty"),
    Specimen("emoji", recorded(text="😀🎉"), "text empty"),
    Specimen("one letter", recorded(text="ሰ"), "too few characters a second"),
    Specimen("Latin letters", recorded(text="these are other words"), ACCEPTED),
    Specimen("Greek letters", recorded(text="αυτές είναι άλλες λέξεις"), "wrong script"),
    Specimen("some Latin letters", recorded(text="ሰላም ለዓለም እንዴት ነህ ok"), ACCEPTED),
    Specimen("2,000 characters", recorded(text="ሰላም " * 500), "too many characters a second"),
    Specimen("digits", recorded(text="1974"), ACCEPTED),
    Specimen("formula", recorded(text="=cmd|' /C calc'!A0 ሰላም ለዓለም እንዴት ነህ ነገ ጠዋት"), ACCEPTED),
    Specimen("BOM and CRLF", recorded(text=b"\xef\xbb\xbf" + "ሰባት መቶ\r\n".encode()), ACCEPTED),
    Specimen("UTF-16", recorded(text="ስምንት መቶ".encode("utf-16")), ACCEPTED),
    Specimen("UTF-16 without mark", recorded(text="ዘጠኝ መቶ ".encode("utf-16-le")), "bad text"),
    Specimen("Latin-1", recorded(text="café".encode("latin-1")), "bad text"),
    Specimen("null bytes", recorded(text="ስድስት\0መቶ\0".encode()), "bad text"),
    Specimen("labels with times", recorded(text="0 500000 a\n500000 900000 b\n"), "bad text"),
    Specimen("words over lines", recorded(text="አምስት መቶ\nአንድ\n"), ACCEPTED),
    Specimen("control characters", recorded(text="አራት \x07\x1b[31m መቶ"), ACCEPTED),
)

TWICE = (
    Specimen("same bytes twice", twins("b.wav"), (ACCEPTED, "duplicate"), 8.0),
    Specimen("same sound in FLAC", twins("b.flac"), (ACCEPTED, "duplicate"), 8.0),
    Specimen("same sound, other words", twins("b.wav", "ሌላ ቃል ነው"), (ACCEPTED, "duplicate audio, other text"), 8.0),
    Specimen("encoded again", twins("b.mp3"), (ACCEPTED, "near-duplicate"), 8.0),
    Specimen("encoded as Ogg", twins("b.ogg"), (ACCEPTED, "near-duplicate"), 8.0),
    Specimen("trimmed", twins("b.wav", lead_s=0.3), (ACCEPTED, "near-duplicate"), 7.7),
    Specimen("half as loud", twins("b.wav", spoil=quieter), (ACCEPTED, "near-duplicate"), 8.0),
    Specimen("named twice by a link", linked("-s"), (ACCEPTED, "duplicate id")),
    Specimen("named twice by a hard link", linked(""), (ACCEPTED, "duplicate")),
)
