"""Noise out of speech by RNNoise (package pyrnnoise, extra `denoise`), in place: its delay is taken back.

The package's library is called directly: importing the package would import its plotting and its file formats.
"""

import ctypes
import functools
import platform
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from dimts.audio.resample import quick
from dimts.audio.sound import Samples
from dimts.errors import AudioError, MissingExtra

RATE_HZ = 48_000
FRAME_SAMPLES = 480
DELAY_SAMPLES = 960  # 20 ms: what the network looks ahead
FULL_SCALE = 32768.0  # it wants floats of 16-bit size
LIBRARIES = {"Darwin": "librnnoise.dylib", "Windows": "rnnoise.dll"}


def denoised(samples: Samples, rate_hz: int) -> Samples:
    """Take the noise out of a clip. MissingExtra where pyrnnoise is not installed."""
    library = _library()
    fine = quick(torch.from_numpy(samples), rate_hz, RATE_HZ)
    frames = -(-(len(fine) + DELAY_SAMPLES) // FRAME_SAMPLES)
    sound = torch.nn.functional.pad(fine, (0, frames * FRAME_SAMPLES - len(fine))).numpy() * np.float32(FULL_SCALE)
    state = library.rnnoise_create(None)
    try:
        for frame in sound.reshape(frames, FRAME_SAMPLES):
            place = frame.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            library.rnnoise_process_frame(state, place, place)
    finally:
        library.rnnoise_destroy(state)
    clean = torch.from_numpy(sound[DELAY_SAMPLES : DELAY_SAMPLES + len(fine)] / np.float32(FULL_SCALE))
    kept: Samples = quick(clean, RATE_HZ, rate_hz)[: len(samples)].numpy()
    return kept


@functools.cache
def _library() -> ctypes.CDLL:
    """Load the library, once in a process."""
    package = find_spec("pyrnnoise")
    if package is None or not package.submodule_search_locations:
        raise MissingExtra("pyrnnoise", "denoise", "taking noise out of clips")
    path = Path(package.submodule_search_locations[0]) / LIBRARIES.get(platform.system(), "librnnoise.so")
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise AudioError(f"{path}: cannot be loaded: {error}; reinstall pyrnnoise, or do without denoise") from error
    library.rnnoise_create.argtypes, library.rnnoise_create.restype = [ctypes.c_void_p], ctypes.c_void_p
    library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
    floats = ctypes.POINTER(ctypes.c_float)
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, floats, floats]
    library.rnnoise_process_frame.restype = ctypes.c_float
    return library
