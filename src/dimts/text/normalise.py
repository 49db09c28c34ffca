"""The one normaliser: text as written to text as spoken. Data, training and speech all pass through here.

`IDENTITY` travels in the dataset, the run and the bundle; change it with every change of any language's output.
"""

from dimts.text.language import Language
from dimts.text.languages import find

IDENTITY = "dimts-1"


def normalise(text: str, language: str | Language) -> str:
    """The text as a careful speaker reads it aloud. TextError for what is no language code."""
    text = _without_surrogates(text)
    for _, step in _known(language).steps:
        text = step(text)
    return text


def steps(text: str, language: str | Language) -> list[tuple[str, str]]:
    """Each step's name and the text after it, in order. TextError for what is no language code."""
    text = _without_surrogates(text)
    shown = []
    for name, step in _known(language).steps:
        text = step(text)
        shown.append((name, text))
    return shown


def _known(language: str | Language) -> Language:
    return find(language) if isinstance(language, str) else language


def _without_surrogates(text: str) -> str:
    """Half a character, as JSON may hold, would stop every library below."""
    return text.encode("utf-8", "ignore").decode("utf-8")
