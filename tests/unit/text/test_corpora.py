"""Real Amharic, when this machine has it: the messages of LibreOffice and the words of Tesseract leave nothing unknown.

Debian's libreoffice-l10n-am and tesseract-ocr-amh hold them; DIMTS_AMHARIC_TEXTS may name a folder with `messages.txt`
and `words.txt`, one text a line, instead.
"""

import gettext
import os
import time
from pathlib import Path

import pytest

from dimts.text import base, extend
from dimts.text.bpe import Tokenizer
from dimts.text.normalise import normalise

MESSAGES = Path("/usr/lib/libreoffice/program/resource/am/LC_MESSAGES")
FOLDER = Path(os.environ.get("DIMTS_AMHARIC_TEXTS", "/nonexistent"))
SMALL = Tokenizer.from_json(base.vocabulary())


def ethiopic(text: str) -> bool:
    return any("ሀ" <= letter <= "ፚ" for letter in text)


def messages() -> list[str]:
    """The messages' lines that hold Amharic, sorted."""
    if (FOLDER / "messages.txt").is_file():
        lines = (FOLDER / "messages.txt").read_text(encoding="utf-8").splitlines()
    else:
        lines = []
        for path in sorted(MESSAGES.glob("*.mo")):
            with path.open("rb") as file:
                catalogue: dict[object, str] = vars(gettext.GNUTranslations(file))["_catalog"]
            lines += [line.strip() for text in catalogue.values() for line in text.splitlines()]
    found = sorted({line for line in lines if ethiopic(line)})
    return found or pytest.skip("needs libreoffice-l10n-am or DIMTS_AMHARIC_TEXTS")


def words() -> list[str]:
    if not (FOLDER / "words.txt").is_file():
        pytest.skip("needs DIMTS_AMHARIC_TEXTS/words.txt (dawg2wordlist of tesseract-ocr-amh)")
    return [word for word in (FOLDER / "words.txt").read_text(encoding="utf-8").splitlines() if ethiopic(word)]


def test_messages_have_nothing_unknown() -> None:
    spoken = [normalise(line, "am") for line in messages()]
    extended = extend.extend(SMALL, spoken, "am")
    found = extend.report(SMALL, extended, spoken, "am")
    assert (found.unknown, found.missing, found.coverage, found.unreachable) == (0.0, "", 1.0, 0)
    assert found.tokens_per_character < 0.6 < found.tokens_per_character_before


def test_words_that_no_message_holds_have_nothing_unknown() -> None:
    learned = extend.extend(SMALL, ["ሰላም ነው"], "am")
    spoken = [normalise(word, "am") for word in words()]
    assert not any(learned.unknown_id in ids for ids in learned.encode_spoken_batch(spoken, "am"))


def test_five_thousand_lines_a_second() -> None:
    lines = messages()
    extended = extend.extend(SMALL, [normalise(line, "am") for line in lines[:2000]], "am")
    started = time.process_time()
    extended.encode_spoken_batch([normalise(line, "am") for line in lines], "am")
    assert len(lines) / (time.process_time() - started) > 5000
