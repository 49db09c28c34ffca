"""Phones of any language as an English and Korean recogniser hears them: which of its tokens speaks for which phone.

A phone that the recogniser was not taught comes out as its neighbours. So a phone's probability is the sum of all
tokens' probabilities, each weighed by how near its articulation is: 1 for the phone itself, e^-NEARNESS for one
step of articulation away. Length, stress, tone, palatalisation, ejection and nasality are not heard.
"""

import re
import unicodedata
from collections.abc import Sequence
from math import exp

import numpy as np

from dimts.data.ctc import Floats

NEARNESS = 3.0  # 1.3, 2 and 3 were tried: benchmarks/README.md
FAR = 0.003  # weights below are none
BLANK = "·"  # no phone: silence, the recogniser's blank, its word ends and its loose marks

# Height (0 open .. 6 close), backness (0 front .. 2 back), rounding. A diphthong sounds like its beginning, mostly.
VOWELS = {
    "i": (6, 0, 0), "y": (6, 0, 1), "ɨ": (6, 1, 0), "ɯ": (6, 2, 0), "u": (6, 2, 1), "ɪ": (5, 0.3, 0),
    "ʊ": (5, 1.7, 1), "e": (4, 0, 0), "ø": (4, 0, 1), "o": (4, 2, 1), "ə": (3, 1, 0), "ɛ": (2, 0, 0),
    "œ": (2, 0, 1), "ʌ": (2, 1.5, 0), "ɔ": (2, 2, 1), "æ": (1, 0.2, 0), "ɐ": (1, 1, 0), "a": (0, 0.8, 0),
    "ɑ": (0, 1.8, 0), "ɒ": (0, 2, 1), "ɝ": (3, 1.2, 0),
}  # fmt: skip
DIPHTHONGS = ("eɪ", "aɪ", "aʊ", "oʊ", "ɔɪ")

# Place (0 lips .. 6 glottis), manner, voice.
CONSONANTS = {
    "p": (0, "stop", 0), "b": (0, "stop", 1), "t": (1.5, "stop", 0), "d": (1.5, "stop", 1), "k": (4, "stop", 0),
    "ɡ": (4, "stop", 1), "ʔ": (6, "stop", 0), "q": (4.5, "stop", 0), "c": (3, "stop", 0), "ɟ": (3, "stop", 1),
    "f": (0.5, "fricative", 0), "v": (0.5, "fricative", 1), "β": (0, "fricative", 1), "θ": (1, "fricative", 0),
    "ð": (1, "fricative", 1), "s": (1.5, "sibilant", 0), "z": (1.5, "sibilant", 1), "ʃ": (2, "sibilant", 0),
    "ʒ": (2, "sibilant", 1), "ɕ": (2.4, "sibilant", 0), "ʝ": (3, "fricative", 1), "x": (4, "fricative", 0),
    "ɣ": (4, "fricative", 1), "ʁ": (4.6, "fricative", 1), "ħ": (5.3, "fricative", 0), "ʕ": (5.3, "glide", 1),
    "h": (6, "fricative", 0), "t͡s": (1.5, "affricate", 0), "t͡ʃ": (2, "affricate", 0),
    "d͡ʒ": (2, "affricate", 1), "m": (0, "nasal", 1), "n": (1.5, "nasal", 1), "ɲ": (3, "nasal", 1),
    "ŋ": (4, "nasal", 1), "l": (1.5, "lateral", 1), "ʎ": (2.8, "lateral", 1), "r": (1.6, "trill", 1),
    "ɾ": (1.6, "tap", 1), "ɹ": (1.8, "glide", 1), "j": (3, "glide", 1), "w": (0.2, "glide", 1),
}  # fmt: skip
MANNERS = {
    ("stop", "affricate"): 0.8, ("stop", "fricative"): 1.0, ("stop", "tap"): 0.7, ("stop", "nasal"): 1.2,
    ("stop", "sibilant"): 1.5, ("fricative", "sibilant"): 0.6, ("affricate", "sibilant"): 0.6,
    ("fricative", "affricate"): 1.2, ("fricative", "glide"): 1.0, ("tap", "trill"): 0.2, ("tap", "glide"): 0.5,
    ("trill", "glide"): 0.4, ("tap", "lateral"): 0.8, ("lateral", "glide"): 0.9, ("lateral", "nasal"): 1.0,
    ("fricative", "trill"): 0.9,
}  # fmt: skip
OTHER_MANNER, VOICE, PLACE, HEIGHT, BACK, ROUND = 2.0, 0.5, 0.7, 0.35, 0.6, 0.25
GLIDES = {"j": ("i", "ɪ"), "w": ("u", "ʊ"), "ɹ": ("ɝ",)}  # sound like these vowels, at one step

# What other symbols of IPA are taken for; longest first when read.
SPELLINGS = {
    "tʃ": "t͡ʃ", "dʒ": "d͡ʒ", "ts": "t͡s", "dz": "z", "tɕ": "t͡ʃ", "dʑ": "d͡ʒ", "t͡ɕ": "t͡ʃ", "d͡ʑ": "d͡ʒ",
    "tʂ": "t͡ʃ", "d͡z": "z", "dʐ": "d͡ʒ", "əʊ": "oʊ", "g": "ɡ", "ɑɪ": "aɪ", "ɐɪ": "aɪ", "ɚ": "ɝ", "ɜ": "ɝ",
    "ɘ": "ə", "ᵻ": "ɪ", "ɵ": "ə", "ʉ": "u", "ɤ": "ʌ", "ʏ": "y", "ɞ": "œ", "ɶ": "æ", "ɬ": "l", "ɫ": "l",
    "ɭ": "l", "ɮ": "l", "ɻ": "ɹ", "ʀ": "ʁ", "ɽ": "ɾ", "ɖ": "d", "ɗ": "d", "ʈ": "t", "ɓ": "b", "ɠ": "ɡ",
    "ʂ": "ʃ", "ʐ": "ʒ", "ʑ": "ʒ", "ç": "ɕ", "χ": "x", "ɧ": "ʃ", "ɦ": "h", "ɱ": "m", "ɳ": "n", "ɴ": "ŋ",
    "ɸ": "f", "ʋ": "v", "ɰ": "w", "ɥ": "j", "ʍ": "w", "ʙ": "b", "ɢ": "ɡ", "ʡ": "ʔ",
}  # fmt: skip
PHONES = (BLANK, *VOWELS, *DIPHTHONGS, *CONSONANTS)
INDEX = {phone: number for number, phone in enumerate(PHONES)}
SYMBOL = re.compile("|".join(sorted({*PHONES, *SPELLINGS} - {BLANK}, key=len, reverse=True)))


def read(ipa: str) -> list[str]:
    """Give the phones of IPA in any spelling; marks and letters that stand for no sound are left out."""
    plain = unicodedata.normalize("NFD", ipa.replace("ç", "ɕ"))
    plain = "".join(c for c in plain if c == "͡" or unicodedata.category(c)[0] == "L" and c not in "ʰʱʲʷˀˤʼᵊᵝⁿ")
    return [SPELLINGS.get(found, found) for found in SYMBOL.findall(plain)]


def weights(tokens: Sequence[str]) -> Floats:
    """Give how much each token of a recogniser speaks for each of PHONES: float32 [tokens, phones], 0..1."""
    table = np.zeros((len(tokens), len(PHONES)), np.float32)
    for row, token in zip(table, tokens, strict=True):
        heard = [] if token.startswith("<") else read(token)  # "<blank>", "<wb>", "<unk>" are no phones
        if not heard:
            row[INDEX[BLANK]] = 1
        for phone in PHONES[1:] if heard else ():
            weight = exp(-NEARNESS * distance(phone, heard[0]))
            row[INDEX[phone]] = weight if weight >= FAR else 0
    return table


def distance(one: str, two: str) -> float:
    """Give how far two phones are apart, in steps of articulation."""
    if one == two:
        return 0.0
    if one in DIPHTHONGS or two in DIPHTHONGS:
        return 0.3 + (1.5 if one in DIPHTHONGS and two in DIPHTHONGS else 0) + distance(one[0], two[0])
    if one in VOWELS and two in VOWELS:
        return float(np.abs(np.subtract(VOWELS[one], VOWELS[two])) @ (HEIGHT, BACK, ROUND))
    if one in CONSONANTS and two in CONSONANTS:
        (place, manner, voice), (other_place, other_manner, other_voice) = CONSONANTS[one], CONSONANTS[two]
        known = MANNERS.get((manner, other_manner), MANNERS.get((other_manner, manner), OTHER_MANNER))
        return PLACE * abs(place - other_place) + VOICE * abs(voice - other_voice) + known * (manner != other_manner)
    glides = GLIDES.get(one, ()) + GLIDES.get(two, ())
    return 1.0 if one in glides or two in glides else float("inf")
