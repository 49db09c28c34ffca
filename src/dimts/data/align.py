"""Forced alignment: when each word of a known text is spoken in a recording, and how well the sound fits it.

A word's score is the log-probability of its sounds relative to what the recogniser hears most clearly there, per sound:
0 is a perfect fit. `fit` makes one number of it for a clip.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dimts.audio.io import Samples
from dimts.data import ctc
from dimts.data.ctc import Floats
from dimts.data.recognisers import Recogniser, posteriors
from dimts.errors import DataError
from dimts.text import sentences

SKIP = 0.7  # nats that a frame of sound without text costs before and behind a text, see benchmarks/alignment.py
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s፡\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
# CJK letters are words of their own: no spaces tell them apart


@dataclass(frozen=True)
class Word:
    """A word as written, with the marks at it: where it stands in the text and when it is spoken."""

    text: str
    begin: int  # characters of the text before it
    start_s: float
    end_s: float
    score: float  # nats a sound, 0 or less; NaN where nothing of it is spoken
    sounds: int
    ends: str = ""  # "sentence" or "clause" where one ends behind it
