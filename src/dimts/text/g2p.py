"""Spoken text to IPA, for runs in `--mode g2p`; the vocabulary machinery serves it unchanged.

`rules` are ours, for Amharic and Tigrinya, without any package; `epitran` and `espeak` know many languages and come
with the extra `g2p`. Punctuation stays, as ASCII: that is what the base vocabulary knows.
"""

import re
import string
from collections.abc import Callable
from functools import cache
from typing import Literal

from dimts.errors import MissingExtra, TextError
from dimts.text import espeak
from dimts.text.ethiopic_phones import word_to_ipa
from dimts.text.languages import primary_of
from dimts.text.normalise import IDENTITY

Backend = Literal["rules", "epitran", "espeak"]

PUNCTUATION = str.maketrans("።፣፤፥፦፧፨", ".,;::?.")
MARKS = re.escape("".join({*string.punctuation} - {"'", "-"}) + "…–—“”„«»¿¡،؛؟۔।॥、。！？「」『』፠፡።፣፤፥፦፧፨")
WORD = re.compile(rf"[^\s{MARKS}]+")
PHRASE = re.compile(rf"[^\s{MARKS}](?:[^{MARKS}]*[^\s{MARKS}])?")
ETHIOPIC = re.compile("[\u1200-\u135a\u1380-\u138f][\u1200-\u135f\u1380-\u138f]*")  # letters, then marks too
RULED = ("am", "ti")
EPITRAN = {
    "am": "amh-Ethi-pp", "ti": "tir-Ethi-pp", "ar": "ara-Arab", "cs": "ces-Latn", "de": "deu-Latn", "es": "spa-Latn",
    "fr": "fra-Latn", "ha": "hau-Latn", "hi": "hin-Deva", "hu": "hun-Latn", "it": "ita-Latn", "nl": "nld-Latn",
    "om": "orm-Latn", "pl": "pol-Latn", "pt": "por-Latn", "ru": "rus-Cyrl", "so": "som-Latn", "sw": "swa-Latn",
    "tr": "tur-Latn", "yo": "yor-Latn",
}  # fmt: skip
ESPEAK = {"zh": "cmn", "no": "nb"}  # voices whose name is not the language's code

LATIN = {
    "t͡ʃʼ": "ch", "t͡ʃ": "ch", "d͡ʒ": "j", "t͡sʼ": "ts", "ʃ": "sh", "ʒ": "zh", "ɲ": "ny", "ŋ": "ng", "j": "y", "ɡ": "g",
    "ʔ": "", "ʕ": "", "ħ": "h", "ɗ": "d", "ɨ": "i", "ə": "e", "ʷ": "w", "ʼ": "", "ː": "",
}  # fmt: skip
LATIN_PARTS = re.compile("|".join(sorted(LATIN, key=len, reverse=True)))


def to_ipa(spoken: str, language: str, backend: Backend = "rules") -> str:
    """IPA of a normalised text: word by word, with espeak phrase by phrase; punctuation and spaces stay.

    TextError when the backend does not know the language, MissingExtra when its package is missing.
    """
    convert = _converter(backend, primary_of(language))
    unit = PHRASE if backend == "espeak" else WORD
    return unit.sub(lambda found: convert(found.group()), spoken.translate(PUNCTUATION))


def romanise(spoken: str, language: str = "am") -> str:
    """Ethiopic letters as plain Latin ones ("ሰላም" as "selam"), to compare them with tokens of the base; others stay."""
    ipa = to_ipa(spoken, language, "rules")
    return LATIN_PARTS.sub(lambda part: LATIN[part.group()], ipa)


def identity(backend: Backend = "rules") -> str:
    """Name and version of normaliser and pronunciation together, as `IDENTITY` is of the normaliser alone."""
    return f"{IDENTITY}+ipa-{backend}-1"


@cache
def _converter(backend: str, language: str) -> Callable[[str], str]:
    if backend == "rules" and language in RULED:
        return lambda word: ETHIOPIC.sub(lambda part: word_to_ipa(part[0], language), word)
    if backend == "epitran" and language in EPITRAN:
        return _epitran(EPITRAN[language])
    if backend == "espeak":
        return _espeak(ESPEAK.get(language, language))
    if backend not in ("rules", "epitran", "espeak"):
        raise TextError(f"pronunciation {backend!r}: not one of rules, epitran, espeak")
    known = ", ".join(RULED if backend == "rules" else EPITRAN)
    raise TextError(f"language {language!r}: {backend} pronounces only {known}; try espeak, or use --mode bpe")


def _epitran(code: str) -> Callable[[str], str]:
    try:
        from epitran import Epitran
    except ImportError as error:
        raise MissingExtra("epitran", "g2p", "pronunciation by epitran") from error
    convert: Callable[[str], str] = Epitran(code).transliterate
    return convert


def _espeak(voice: str) -> Callable[[str], str]:
    espeak.ipa([""], voice)  # which raises what every phrase would
    return lambda phrase: espeak.ipa([phrase], voice)[0]
