"""Spoken text to IPA, for runs in `--mode g2p`; the vocabulary machinery serves it unchanged."""

from typing import Literal

from dimts.errors import TextError

Backend = Literal["rules", "epitran", "espeak"]


def to_ipa(spoken: str, language: str, backend: Backend = "rules") -> str:
    """IPA of a normalised text. TextError when the backend does not know the language."""
    raise TextError(f"language {language!r}: no {backend} pronunciation yet; use --mode bpe")
