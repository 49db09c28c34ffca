"""Texts: what a file of words holds, whatever program wrote it."""

import codecs
import os
from pathlib import Path

from dimts.errors import DataError

BOMS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}


def read(path: Path) -> str:
    """Read a text with plain line ends: UTF-8, or UTF-16 that says so. DataError says what is wrong, and where."""
    if not os.path.isfile(path):
        raise DataError(f"{path}: cannot be read: is no file; give a file of words")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    encoding = next((name for bom, name in BOMS.items() if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}: line {line} is not {encoding.upper().removesuffix('-SIG')} (byte {content[error.start]:#x});"
            " save it as UTF-8"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}: line {line} holds a null byte: UTF-16 without its mark, or damaged; save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
