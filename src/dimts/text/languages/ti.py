"""Tigrinya: the patterns of the Amharic normaliser with Tigrinya words, and no letter folded.

Tigrinya says ሐ and ዐ, so its spelling stands as written. The words for arithmetic signs are loans; numbers,
ordinals, money and times follow `tigrinya/`.
"""

from functools import cache
from pathlib import Path

from dimts.text.language import Language
from dimts.text.languages.amharic import letters, pipeline
from dimts.text.languages.amharic.lexicon import read as read_lexicon
from dimts.text.languages.tigrinya import spoken

_HERE = Path(__file__).parent


@cache
def _recipe() -> pipeline.Recipe:
    latin = read_lexicon(_HERE / "amharic" / "latin.tsv")
    return pipeline.Recipe(
        grammar=spoken.GRAMMAR,
        fold=pipeline.same,
        latin={word: said.replace("አ", "ኣ") for word, said in latin.items()},
        abbreviations=(_HERE / "tigrinya" / "abbreviations.tsv",),
        lexicon={},
    )


LANGUAGE = Language(
    code="ti",
    name="Tigrinya",
    steps=pipeline.steps(_recipe()),
    scripts=letters.SCRIPTS,
    sentence_ends="።፧፨!?.…",
    clause_ends="፣፤፥፦,;:",
    character_limit=150,  # about as long as 250 Latin letters: an Ethiopic one is a syllable
    abbreviations=pipeline.dotted(_recipe()),
)


def with_files(abbreviations: Path | None = None, lexicon: Path | None = None, keep_marks: bool = False) -> Language:
    """Tigrinya with a user's abbreviations and pronunciation lexicon added to ours, theirs first.

    `keep_marks` keeps the gemination marks U+135D-135F of text and lexicon, for G2P. Raises TextError for a bad line.
    """
    return pipeline.with_files(LANGUAGE, _recipe(), abbreviations, lexicon, keep_marks)


def foreign(text: str) -> list[str]:
    """The characters of other scripts that normalising leaves in a text, each once, in order of appearance."""
    return pipeline.foreign(LANGUAGE, text)
