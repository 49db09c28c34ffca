"""Subtitles and transcripts: times that lie, words that nobody says, recordings that are gone or silent."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from tests.zoo.sounds import RATE_HZ, sentence, voice
from tests.zoo.specimens import ACCEPTED, Maker, Refused, Specimen

LENGTH_S = 12.0
BURSTS_S = ((1.0, 3.0), (4.0, 6.0), (7.0, 9.0))  # somebody speaks


def talk(content: str, name: str = "talk.srt", silent: bool = False, media: str | bytes = "talk.wav") -> Maker:
    """A recording in which somebody speaks three times, and its subtitles; `{0}` is a sentence of its own."""

    def make(folder: Path, seed: int) -> None:
        sound = np.random.default_rng(seed).normal(0, 1e-4, round(LENGTH_S * RATE_HZ))
        for number, (start_s, end_s) in enumerate(() if silent else BURSTS_S):
            first, last = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
            sound[first:last] += voice(seed + number, end_s - start_s)
        if isinstance(media, bytes):
            (folder / "talk.wav").write_bytes(media)
        elif media:
            soundfile.write(folder / media, sound, RATE_HZ)
        filled = content
        for number in range(3):
            filled = filled.replace(f"{{{number}}}", sentence(seed + number))
        (folder / name).write_bytes(filled.encode("utf-8", "surrogateescape"))

    return make


def srt(*cues: tuple[str, str, str]) -> str:
    return "\n".join(f"{n}\n{a} --> {b}\n{text}\n" for n, (a, b, text) in enumerate(cues, start=1))


def at(second: float) -> str:
    return f"00:00:{second:06.3f}".replace(".", ",")


def cues(*others: tuple[str, str, str]) -> str:
    """The three cues that are right, and others after them."""
    return srt(*((at(a), at(b), f"{{{n}}}") for n, (a, b) in enumerate(BURSTS_S)), *others)


def subtitled(
    name: str, content: str, becomes: Sequence[str], file: str = "talk.srt", silent: bool = False,
    media: str | bytes = "talk.wav", seconds: float = LENGTH_S,
) -> Specimen:  # fmt: skip
    return Specimen(name, talk(content, file, silent, media), tuple(becomes), seconds, file)


THREE = (ACCEPTED, ACCEPTED, ACCEPTED)
VTT = "WEBVTT\n\n" + cues().replace(",", ".")
ASS = "[Events]\n" + "".join(
    f"Dialogue: 0,0:00:0{a:.2f},0:00:0{b:.2f},Default,,0,0,0,,{{{n}}}\n" for n, (a, b) in enumerate(BURSTS_S)
)
JSON = '{"segments": [' + ", ".join(
    f'{{"start": {a}, "end": {b}, "text": "{{{n}}}"}}' for n, (a, b) in enumerate(BURSTS_S)) + "%s]}"  # fmt: skip

SUBTITLES = (
    subtitled("three cues", cues(), THREE),
    subtitled("BOM and CRLF in cues", "\ufeff" + cues().replace("\n", "\r\n"), THREE),
    subtitled("WebVTT", VTT, THREE, "talk.vtt"),
    subtitled("ASS", ASS, THREE, "talk.ass"),
    subtitled("JSON", JSON % "", THREE, "talk.json"),
    subtitled("JSON times that are none", JSON % ', {"start": NaN, "end": 11, "text": "x"}, {"start": "x", "text": 3}',
              (*THREE, "bad time", "bad cue"), "talk.json"),
    subtitled("half a cue", cues() + "\n4\n00:00:10,0", THREE),
    subtitled("times without end", cues() + "\n4\n00:00:10,000 --> \nx\n", (*THREE, "bad cue")),
    subtitled("no words in a cue", cues((at(9.5), at(10), "")), (*THREE, "no words")),
    subtitled("a sound", cues((at(9.5), at(11), "[ሙዚቃ]")), (*THREE, "sound description")),
    subtitled("a sound over speech", srt((at(1), at(3), "[ሙዚቃ]"), (at(4), at(6), "{1}"), (at(7), at(9), "{2}")),
              ("sound description", ACCEPTED, ACCEPTED)),
    subtitled("nothing but sounds", srt((at(1), at(3), "[ሙዚቃ]"), (at(4), at(6), "♪ ♪")),
              ("no transcript", "sound description", "sound description")),
    subtitled("sounds of nothing", srt((at(1), at(3), "[ሙዚቃ]")), ("sound description",), media=b"", seconds=2),
    subtitled("two speakers", srt((at(1), at(3), "- {0}\n- አዎ"), (at(4), at(6), "{1}"), (at(7), at(9), "{2}")),
              ("several speakers", ACCEPTED, ACCEPTED)),
    subtitled("the wrong way", cues((at(11), at(10), "ሰላም")), (*THREE, "bad time")),
    subtitled("no time at all", cues((at(10), at(10), "ሰላም")), (*THREE, "bad time")),
    subtitled("before the beginning", cues(("-00:00:02,000", at(0.5), "ሰላም")), (*THREE, "bad cue")),
    subtitled("beyond the end", cues((at(20), at(22), "ሰላም")), (*THREE, "outside the recording")),
    subtitled("half beyond the end", cues((at(11), at(14), "ሰላም")), (*THREE, "outside the recording")),
    subtitled("a hundred hours", cues(("100:00:00,000", "900:00:00,000", "ሰላም")), (*THREE, "outside the recording")),
    subtitled("hours of many digits", cues((f"{'9' * 400}:00:00,000", f"{'9' * 401}:00:00,000", "ሰላም")),
              (*THREE, "bad time")),
    subtitled("over each other", srt((at(1), at(6), "{0}"), (at(4), at(6), "{1}"), (at(7), at(9), "{2}")),
              ("overlapping cues", "overlapping cues", ACCEPTED)),
    subtitled("a little over each other", srt((at(1), at(4.3), "{0}"), (at(4), at(6), "{1}"), (at(7), at(9), "{2}")),
              THREE),
    subtitled("the same cue twice", cues((at(7), at(9), "{2}")), (*THREE, "repeated")),
    subtitled("cues in no order", srt((at(7), at(9), "{2}"), (at(1), at(3), "{0}"), (at(4), at(6), "{1}")), THREE),
    subtitled("cues where nobody speaks", cues((at(10), at(11.5), "ሰላም ለዓለም")), (*THREE, "no speech")),
    subtitled("speech without a cue", srt((at(1), at(3), "{0}"), (at(7), at(9), "{2}")),
              ("no transcript", ACCEPTED, ACCEPTED)),
    subtitled("cues of a silent recording", cues(), ("no speech",) * 3, silent=True),
    subtitled("cues of a text", cues(), ("not audio",) * 3, media=b"no sound\n" * 99, seconds=6),
    subtitled("cues of nothing", cues(), ("empty",) * 3, media=b"", seconds=6),
)  # fmt: skip

REFUSED = (
    Refused("recording missing", talk(cues(), media=""), "no recording of this name lies beside it", "talk.srt"),
    Refused("no cue", talk("ሰላም\n"), "holds no cue", "talk.srt"),
    Refused("empty subtitles", talk(""), "holds no cue", "talk.srt"),
    Refused("Latin-1 subtitles", talk(srt((at(1), at(3), "caf\udce9"))), "line 3 is not UTF-8", "talk.srt"),
    Refused("half a JSON transcript", talk(JSON[:80], "talk.json"), "is no JSON", "talk.json"),
)
