"""Text to IPA through libespeak-ng, in a process of its own that is asked line by line.

eSpeak NG is GPL-3: it is called as an external library when the user has installed `espeakng-loader`, nothing of it is
part of Dimts. The surprise: ending the library now and then waits for its own thread for ever, so the process that
loads it ends without ending it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock

from dimts.errors import MissingExtra, TextError

_one_at_a_time = Lock()


def ipa(texts: Sequence[str], voice: str) -> list[str]:
    """Give the IPA of each text as espeak-ng reads it.

    MissingExtra without espeakng-loader, TextError for a voice that it does not have.
    """
    files = _files()
    with _one_at_a_time:
        reader = _reader(os.getpid(), files)
        assert reader.stdin and reader.stdout
        reader.stdin.write(json.dumps([voice, list(texts)]) + "\n")
        reader.stdin.flush()
        answer = reader.stdout.readline()
    assert answer, f"espeak-ng ended with status {reader.poll()}"
    said: list[str] | None = json.loads(answer)
    if said is None:
        raise TextError(f"language {voice!r}: espeak-ng has no such voice; use --mode bpe")
    return said


@cache
def _reader(owner: int, files: tuple[str, str]) -> "subprocess.Popen[str]":
    """Start the process of the process `owner`; it ends when its input does, with that one."""
    program = Path(__file__).with_name("espeak_reader.py")
    command = [sys.executable, "-I", str(program), *files]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def _files() -> tuple[str, str]:
    try:
        import espeakng_loader
    except ImportError as error:
        raise MissingExtra("espeakng-loader", "g2p", "pronunciation by espeak-ng") from error
    return str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path())
