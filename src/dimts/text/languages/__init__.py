"""The registry of languages: one module a language, imported when it is first asked for.

A module named after the code (`am.py` for Amharic) holds `LANGUAGE`. A code without a module gets the generic
default, whose name and `generic` flag say so.
"""

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from dimts.errors import TextError
from dimts.text.language import Language

CODE = re.compile(r"([a-z]{2,3})(-[a-z0-9]{1,8})*")  # "am", "zh-cn", "pt-br"

# The seventeen languages of XTTS v2, in the order of its configuration.
OFFICIAL = ("en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh", "hu", "ko", "ja", "hi")


@cache
def find(code: str) -> Language:
    """The language of a code such as "am" or "zh-cn"; regions do not matter. TextError when it is no code at all."""
    primary = primary_of(code)
    name = f"{__name__}.{primary}"
    if find_spec(name) is None:
        from dimts.text.languages import generic

        return generic.language(primary)
    found = import_module(name).LANGUAGE
    assert isinstance(found, Language)
    return found


def with_files(code: str, abbreviations: Path | None, lexicon: Path | None, keep_marks: bool) -> Language:
    """The language with a user's abbreviations and lexicon; `keep_marks` keeps gemination marks, where it has any.

    TextError for a bad line, and for a language that takes no such files.
    """
    declared, primary = find(code), primary_of(code)
    if not (abbreviations or lexicon or keep_marks):
        return declared
    adapt = None if declared.generic else getattr(import_module(f"{__name__}.{primary}"), "with_files", None)
    if adapt is not None:
        adapted = adapt(abbreviations, lexicon, keep_marks)
        assert isinstance(adapted, Language)
        return adapted
    if file := lexicon or abbreviations:
        raise TextError(f"{file}: language {primary} takes no files of words yet; Amharic (am) and Tigrinya (ti) do")
    return declared


def primary_of(code: str) -> str:
    """The language without its region: "zh" of "zh-CN". TextError when it is no language code."""
    match = CODE.fullmatch(code.strip().lower().replace("_", "-"))
    if match is None:
        raise TextError(f"language {code!r}: not a language code; use two or three letters such as 'am' or 'en'")
    return match.group(1)
