"""Amharic: text as a careful speaker would read it aloud, in the letters that the tokenizer sees.

The output holds Ethiopic letters, the kept punctuation and spaces; Latin letters have been written in Ethiopic,
homophones are one letter, and letters of any other script stand as they were: `foreign` reports them. What is
shown to people is the text before normalising. The rules are stated where they are kept: `amharic/` has one module
for each kind of written thing, `amharic/spoken.py` the Amharic words for it, `amharic/punctuation.py` what becomes
of each mark.
"""

from functools import cache
from pathlib import Path

from dimts.text.language import Language
from dimts.text.languages.amharic import fold, letters, pipeline, spoken
from dimts.text.languages.amharic.lexicon import read as read_lexicon

_FILES = Path(__file__).parent / "amharic"


@cache
def _recipe() -> pipeline.Recipe:
    return pipeline.Recipe(
        grammar=spoken.GRAMMAR,
        fold=fold.fold,
        latin=read_lexicon(_FILES / "latin.tsv"),
        abbreviations=(_FILES / "abbreviations.tsv",),
        lexicon={},
    )


LANGUAGE = Language(
    code="am",
    name="Amharic",
    steps=pipeline.steps(_recipe()),
    scripts=letters.SCRIPTS,
    sentence_ends="።፧፨!?.…",
    clause_ends="፣፤፥፦,;:",
    character_limit=150,  # about as long as 250 Latin letters: an Ethiopic one is a syllable
    abbreviations=pipeline.dotted(_recipe()),
)


def with_files(abbreviations: Path | None = None, lexicon: Path | None = None, keep_marks: bool = False) -> Language:
    """Amharic with a user's abbreviations and pronunciation lexicon added to ours, theirs first.

    `keep_marks` keeps the gemination marks U+135D-135F of text and lexicon, for G2P. Raises TextError for a bad line.
    """
    return pipeline.with_files(LANGUAGE, _recipe(), abbreviations, lexicon, keep_marks)


def foreign(text: str) -> list[str]:
    """The characters of other scripts that normalising leaves in a text, each once, in order of appearance."""
    return pipeline.foreign(LANGUAGE, text)
