"""Offline voices for the demo: text to sound or to phonemes through libespeak-ng, for any of its languages.

The library comes with the optional package `espeakng-loader`, no system espeak-ng is needed. eSpeak NG is GPL-3: it is
called as an external library when the user has installed it, nothing of it is part of Dimts.

The surprise: the library keeps its state (voice, flutter, random breath) in globals that no call resets, so the second
utterance of a process would differ from the first, and ending it now and then waits for its own thread for ever. So
every call forks a process that loads it and fixes its random seed; each utterance is spoken in a fork of that one, and
all end without ending it.
"""

import ctypes
import io
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from dimts.audio.io import Audio
from dimts.errors import ConfigError, MissingExtra

RATE_HZ = 22_050  # what the library gives for every voice that is not MBROLA
RATE_WPM_LIMITS = (80, 450)  # the library clamps silently outside of these
SEED = 1
LENGTH_BYTES = 8

# Constants of speak_lib.h
_SYNCHRONOUS, _DONT_EXIT, _UTF8, _PHONEMES_IPA, _BY_CHARACTER = 2, 0x8000, 1, 2, 1
_PARAMETER_RATE, _PARAMETER_PITCH = 1, 3

_OnSamples = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True)
class Line:
    """A text, and how it is spoken: words a minute, 80..450, and pitch, 0..99."""

    text: str
    rate_wpm: int = 150
    pitch: int = 50


def speak(text: str, voice: str = "am", variant: str = "f3", rate_wpm: int = 150, pitch: int = 50) -> Audio:
    """Speak a text: mono float32 samples [n] in -1..1 at 22,050 Hz, the same bytes for the same arguments.

    `voice` is a language of espeak-ng and `variant` one of its speakers ("" for the plain voice); `rate_wpm` is words a
    minute, 80..450; `pitch` is 0..99. Raises MissingExtra without espeakng-loader, ConfigError for an unknown voice.
    """
    return speak_all([Line(text, rate_wpm, pitch)], voice, variant)[0]


def speak_all(lines: Sequence[Line], voice: str = "am", variant: str = "f3") -> list[Audio]:
    """Speak lines with one voice, each as `speak` does, in two thirds of the time: the library is loaded once."""
    for line in lines:
        _require("rate_wpm", line.rate_wpm, RATE_WPM_LIMITS)
        _require("pitch", line.pitch, (0, 99))
    _known_variant(variant)
    content = io.BytesIO(_apart(lambda: _sounds(lines, _voice_name(voice, variant), voice), voice))
    return [_audio(content.read(int.from_bytes(content.read(LENGTH_BYTES), "big"))) for _ in lines]


def phonemes(text: str, voice: str = "am") -> str:
    """The IPA of a text as espeak-ng reads it, clauses joined by a space; ejectives are written with ʼ.

    Raises MissingExtra without espeakng-loader, ConfigError for an unknown voice.
    """
    return _apart(lambda: _ipa(text, _voice_name(voice, "")).encode(), voice).decode()


def _apart(work: Callable[[], bytes], voice: str) -> bytes:
    """Do the work in a forked process and return its bytes; MissingExtra and ConfigError come from this one."""
    _, data = _files()
    if not hasattr(os, "fork"):
        raise ConfigError("the demo's voices need a system that forks processes: Linux, macOS, or WSL on Windows")
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: the child uses none of them
        child = os.fork()
    if child == 0:
        try:
            with os.fdopen(write_end, "wb") as pipe:
                pipe.write(work())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise ConfigError(
            f"espeak-ng cannot speak with voice {voice!r}: see the folder {data / 'lang'} for its languages"
        )
    return content


def _sounds(lines: Sequence[Line], name: str, voice: str) -> bytes:
    """The samples of every line, each behind their length; each from a process forked off the one with the library."""
    library = _library(name)
    sounds = [_apart(partial(_sound, library, line), voice) for line in lines]
    return b"".join(len(sound).to_bytes(LENGTH_BYTES, "big") + sound for sound in sounds)


def _sound(library: ctypes.CDLL, line: Line) -> bytes:
    chunks: list[bytes] = []

    def keep(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count > 0:
            chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    on_samples = _OnSamples(keep)  # held until the end: the library keeps a bare pointer to it
    library.espeak_SetSynthCallback(on_samples)
    library.espeak_SetParameter(_PARAMETER_RATE, line.rate_wpm, 0)
    library.espeak_SetParameter(_PARAMETER_PITCH, line.pitch, 0)
    _synthesise(library, line.text)
    return b"".join(chunks)


def _audio(content: bytes) -> Audio:
    return Audio(np.frombuffer(content, dtype=np.int16).astype(np.float32) / np.float32(32768), RATE_HZ)


def _ipa(text: str, name: str) -> str:
    encoded = ctypes.create_string_buffer(text.encode())
    rest = ctypes.c_void_p(ctypes.addressof(encoded))
    clauses: list[str] = []
    library = _library(name)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    while rest.value:  # each call reads one clause and moves the pointer, to null at the end
        clause = library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _PHONEMES_IPA)
        clauses.append((clause or b"").decode().strip())
    return " ".join(filter(None, clauses)).replace("`", "ʼ")


def _library(name: str) -> ctypes.CDLL:
    """Load the library and set it to a voice; only in a process of its own."""
    library_file, data = _files()
    library = ctypes.CDLL(library_file)
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, str(data).encode(), _DONT_EXIT)
    assert rate_hz == RATE_HZ, rate_hz
    library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
    assert library.espeak_SetVoiceByName(name.encode()) == 0, name
    return library


def _files() -> tuple[str, Path]:
    try:
        import espeakng_loader
    except ImportError:
        raise MissingExtra("espeakng-loader", "demo", "Speaking with espeak-ng") from None
    return espeakng_loader.get_library_path(), Path(espeakng_loader.get_data_path())


def _voice_name(voice: str, variant: str) -> str:
    return f"{voice}+{variant}" if variant else voice


def _known_variant(variant: str) -> None:
    """ConfigError for an unknown variant: the library takes it for the plain voice without a word."""
    _, data = _files()
    variants = data / "voices" / "!v"
    if variant and not (variants / variant).is_file():
        raise ConfigError(f"espeak-ng has no voice variant {variant!r}: see the folder {variants} for the names")


def _synthesise(library: ctypes.CDLL, text: str) -> None:
    encoded = text.encode() + b"\0"
    failed = library.espeak_Synth(
        encoded, ctypes.c_size_t(len(encoded)), 0, _BY_CHARACTER, 0, _UTF8, ctypes.c_void_p(), ctypes.c_void_p()
    )
    assert not failed, f"espeak_Synth returned {failed}"


def _require(name: str, value: int, limits: tuple[int, int]) -> None:
    if not limits[0] <= value <= limits[1]:
        raise ConfigError(f"{name} is {value}: espeak-ng takes {limits[0]}..{limits[1]}")
