"""What docs/text.md says of Amharic and of a language file is what happens."""

import re
from pathlib import Path

import pytest

from dimts.text.g2p import to_ipa
from dimts.text.language import Language
from dimts.text.normalise import normalise

PAGE = (Path(__file__).parents[3] / "docs" / "text.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE, re.M)[1:]


@pytest.mark.parametrize(("written", "read"), TABLE)
def test_amharic_is_read_as_documented(written: str, read: str) -> None:
    assert normalise(written, "am") == read


def test_the_table_was_found() -> None:
    assert len(TABLE) > 20


def test_the_language_file_works_as_documented() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, object] = {}
    exec(compile(source, "om.py", "exec"), names)
    language = names["LANGUAGE"]
    assert isinstance(language, Language)
    ((text, read),) = re.findall(r'--language om "(.*?)"` reads "(.*?)"', PAGE)
    assert normalise(text, language) == read
    assert normalise(read, language) == read


def test_the_ipa_is_as_documented() -> None:
    ((text, ipa),) = re.findall(r'dimts text "(.*?)" --mode g2p +# (.*)', PAGE)
    assert to_ipa(normalise(text, "am"), "am") == ipa
