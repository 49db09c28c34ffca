"""The words of the interface: written in English where they are used, in other languages in `LANGUAGE.yaml`.

The settings of a run file have their docstrings for help; those are in `LANGUAGE.settings.yaml`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import yaml

Say = Callable[[str], str]
LANGUAGES = {"en": "English", "am": "አማርኛ"}


def of(language: str) -> Say:
    """Return what says an English sentence in a language; without a translation it stays English."""
    words = _words(language)
    return lambda english: words.get(english, english)


@cache
def _words(language: str) -> Mapping[str, str]:
    files = (Path(__file__).with_name(f"{language}{part}.yaml") for part in ("", ".settings"))
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in files if path.is_file())
    return {english: other for words in found for english, other in words.items()}
