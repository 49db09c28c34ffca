"""The demo's corpus: our sentences, spoken by three offline voices, as recordings with a metadata.csv.

It takes the place of a user's recordings, so the demo imports it as it would import theirs. The surprise:
metadata.csv is written last; a folder that has the right one is complete and stays as it is, any other is built anew.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dimts.app.demo import espeak
from dimts.audio.io import Audio, replace, write
from dimts.data.pool import Workers
from dimts.errors import DataError

VOICES = ("am+m3", "am+f2", "am+f4")
PITCH = {"am+m3": 45, "am+f2": 65, "am+f4": 35}  # espeak-ng's 0..99; heard as about 100, 225 and 155 Hz
PITCH_ELSE = 50  # espeak-ng's own default
LEVEL_DBFS = -23.0  # RMS of the speech, silence at the edges included
PEAK_DBFS = -1.5  # no sample above; leaves room for a later change of rate
EDGE_S = 0.15  # silence before and after the speech
SILENT_DB = -45.0  # below the loudest sample
LIMITS_S = (1.0, 11.0)  # clips that training takes whole
CLIP_S = 0.012  # to speak and write one, on one core
BLOCK = 40  # clips
WORKERS = 2

README = b"""Synthetic speech, made by `dimts demo` from sentences of its own with espeak-ng.
The demo rebuilds this folder whenever it is not complete: keep nothing of yours here.
"""

Samples = npt.NDArray[np.float32]
Row = tuple[str, str, str]  # audio_file, text, speaker_name


def read_sentences(name: str = "sentences.txt") -> list[str]:
    """The lines of a text file of this package.

    sentences.txt is the corpus, everyday.txt holds 480 more, made of templates; held_out.txt is in neither.
    """
    return files("dimts.app.demo").joinpath(name).read_text(encoding="utf-8").splitlines()


def build(
    folder: Path, voices: Sequence[str] = VOICES, sentences: Sequence[str] | None = None, workers: int = WORKERS
) -> Path:
    """Speak every sentence with every voice into `folder`; return its metadata.csv (audio_file|text|speaker_name).

    A voice is an espeak-ng language and speaker, `am+f3`. Clips are mono 16-bit WAV at 22,050 Hz and last 1..11 s.
    Raises MissingExtra without espeakng-loader, ConfigError for an unknown voice, DataError for a sentence that gives
    no such clip and for a folder with files of others, DataError or AudioError where the folder cannot be written.
    """
    texts = read_sentences() if sentences is None else list(sentences)
    _check(voices, texts)
    plan = list(_plan(voices, texts))
    metadata = folder / "metadata.csv"
    table = _table(plan)
    if _complete(folder, metadata, table, plan):
        return metadata
    _open(folder)
    with Workers(workers) as pool:
        deque(pool.in_order(partial(_speak, folder), _blocks(plan), CLIP_S * len(plan)), maxlen=0)
    replace(metadata, table)
    return metadata


def _blocks(plan: Sequence[Row]) -> list[list[Row]]:
    """Rows of one voice each, as many as a worker takes at a time."""
    by_voice = (list(rows) for _, rows in groupby(plan, key=itemgetter(2)))
    return [rows[first : first + BLOCK] for rows in by_voice for first in range(0, len(rows), BLOCK)]


def _speak(folder: Path, rows: Sequence[Row]) -> None:
    clips = _clips([text for _, text, _ in rows], rows[0][2])
    for (audio_file, _, _), clip in zip(rows, clips, strict=True):
        write(folder / audio_file, clip)


def _plan(voices: Sequence[str], texts: Sequence[str]) -> Iterator[Row]:
    for voice in voices:
        for number, text in enumerate(texts, start=1):
            yield f"wavs/{voice}-{number:03d}.wav", text, voice


def _check(voices: Sequence[str], texts: Sequence[str]) -> None:
    wrong = [text for text in texts if not text.strip() or set(text) & set('|"\r\n')]
    if wrong:
        raise DataError(f'sentence {wrong[0]!r} is empty or holds one of | " or a line end: remove it')
    if not texts or not voices:
        raise DataError("the corpus would be empty: give at least one sentence and one voice")


def _table(plan: Sequence[Row]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter="|", lineterminator="\n").writerows([("audio_file", "text", "speaker_name"), *plan])
    return out.getvalue().encode()


def _complete(folder: Path, metadata: Path, table: bytes, plan: Sequence[Row]) -> bool:
    if not metadata.is_file() or metadata.read_bytes() != table:
        return False
    return all((folder / audio_file).is_file() for audio_file, _, _ in plan)


def _open(folder: Path) -> None:
    """Make the folder, or take one of an earlier build; its table goes first, so that a stop on the way leaves none."""
    readme = folder / "README.txt"
    try:
        if folder.exists() and any(folder.iterdir()) and not _ours(readme):
            raise DataError(f"{folder}: holds files that are not the demo's; choose another folder")
        folder.mkdir(parents=True, exist_ok=True)
        readme.write_bytes(README)
        (folder / "metadata.csv").unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot hold the corpus ({error.strerror}); choose another folder") from error


def _ours(readme: Path) -> bool:
    return readme.is_file() and README.startswith(readme.read_bytes())  # cut off by a stop, it is still ours


def clip(text: str, voice: str) -> Audio:
    """Speak one sentence as a clip of the corpus. Raises as `build`."""
    return next(_clips([text], voice))


def _clips(texts: Sequence[str], voice: str) -> Iterator[Audio]:
    language, _, variant = voice.partition("+")
    lines = [espeak.Line(text, pitch=PITCH.get(voice, PITCH_ELSE)) for text in texts]
    for text, spoken in zip(texts, espeak.speak_all(lines, language, variant), strict=True):
        audio = Audio(level(trim(spoken.samples)), spoken.rate_hz)
        if not LIMITS_S[0] <= audio.duration_s <= LIMITS_S[1]:
            limits = f"{LIMITS_S[0]:g}..{LIMITS_S[1]:g} s"
            raise DataError(f"sentence {text!r} lasts {audio.duration_s:.1f} s, a clip {limits}: change its length")
        yield audio


def trim(samples: Samples, edge_s: float = EDGE_S) -> Samples:
    """Give the speech so much silence on both sides: a longer one is cut, a shorter one filled up."""
    loudness = np.abs(samples)
    heard = np.flatnonzero(loudness > loudness.max(initial=0.0) * 10 ** (SILENT_DB / 20))
    if not len(heard):
        return samples[:0]
    edge_samples = round(edge_s * espeak.RATE_HZ)
    padded = np.pad(samples, edge_samples)
    return padded[heard[0] : heard[-1] + 1 + 2 * edge_samples]


def level(samples: Samples) -> Samples:
    """Bring speech to LEVEL_DBFS, or less where its peak would come above PEAK_DBFS."""
    if not len(samples):
        return samples
    rms, peak = float(np.sqrt(np.mean(np.square(samples)))), float(np.abs(samples).max())
    gain = min(10 ** (LEVEL_DBFS / 20) / rms, 10 ** (PEAK_DBFS / 20) / peak)
    return (samples * np.float32(gain)).astype(np.float32)
