"""Names made of files and texts: ids that every file system takes, and what makes two texts one."""

import unicodedata

ID_BYTES = 120  # of UTF-8: leaves room for suffixes in a file name


def safe_id(stem: str) -> str:
    """Make an id of a file's stem: letters of any script stay, what file systems dislike becomes `_`."""
    kept = (c if c in "-_." or unicodedata.category(c)[0] in "LMN" else "_" for c in unicodedata.normalize("NFC", stem))
    return "".join(kept).lstrip(".").encode()[:ID_BYTES].decode(errors="ignore") or "clip"


def piece_id(stem: str, start_s: float) -> str:
    """Name what was cut from a recording by where it begins there, in milliseconds."""
    return f"{safe_id(stem)}-{round(start_s * 1000):09}"


def group_of(spoken: str) -> str:
    """Name the group of a text: its words without case and punctuation, for all readings of a sentence are one."""
    return " ".join("".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in spoken.casefold()).split())
