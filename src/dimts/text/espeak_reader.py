"""The program of the process that `espeak.py` starts: lines of JSON in, lines of JSON out, until its input ends.

In: [voice, [text, ...]]. Out: [ipa, ...], or null for a voice that espeak-ng does not have. It imports nothing of
Dimts, so that it starts in a moment.
"""

import ctypes
import json
import os
import sys

NO_SOUND, UTF8, IPA = 2, 1, 2  # AUDIO_OUTPUT_SYNCHRONOUS (nothing is played), espeakCHARS_UTF8, espeakPHONEMES_IPA
DONT_EXIT = 0x8000


def main(library_file: str, data: str) -> None:
    library = ctypes.CDLL(library_file)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_Initialize(NO_SOUND, 0, data.encode(), DONT_EXIT)
    for line in sys.stdin:
        voice, texts = json.loads(line)
        known = library.espeak_SetVoiceByName(voice.encode()) == 0
        sys.stdout.write(json.dumps([ipa(library, text) for text in texts] if known else None) + "\n")
        sys.stdout.flush()


def ipa(library: ctypes.CDLL, text: str) -> str:
    encoded = ctypes.create_string_buffer(text.encode())
    rest = ctypes.c_void_p(ctypes.addressof(encoded))
    clauses = []
    while rest.value:  # each call reads one clause and moves the pointer, to null at the end
        clauses.append(library.espeak_TextToPhonemes(ctypes.byref(rest), UTF8, IPA) or b"")
    return b" ".join(clauses).decode().strip()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    finally:
        os._exit(0)  # not through the library's own end, which now and then waits for ever
