"""The steps of an Ethiopic language in order, from its grammar and its tables.

The numeric steps run only on text with a digit. Abbreviations come after numbers and Latin letters (see the
package's docstring), folding is the last lexical step, and nothing after it changes a letter.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dimts.text.language import Language, Step
from dimts.text.languages.amharic import (
    abbreviations,
    arithmetic,
    clock,
    dates,
    geez,
    integers,
    latin,
    lexicon,
    money,
    punctuation,
    seams,
    symbols,
    table,
    telephone,
    unicode,
    units,
    web,
)
from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTERS

_DIGIT = re.compile("[0-9]")
_FOREIGN = re.compile(rf"[^{LETTERS}{unicode.MARKS}{re.escape(punctuation.KEPT)}\s]")
_NUMERIC = (telephone, dates, clock, money, units, seams, arithmetic, integers)


@dataclass(frozen=True)
class Recipe:
    """What makes a language's steps."""

    grammar: Grammar
    fold: Callable[[str], str]  # homophones; the identity where a language has none
    latin: Mapping[str, str]  # Latin words and their spoken form
    abbreviations: tuple[Path, ...]  # files, the user's last
    lexicon: Mapping[str, str]
    keep_marks: bool = False  # keep the gemination marks of text and lexicon (G2P mode)


def _with_digits(step: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: step(text) if _DIGIT.search(text) else text


def _lines(recipe: Recipe) -> table.Table:
    lines = table.Table()
    for path in recipe.abbreviations:
        table.read(path, lines)
    return lines


def dotted(recipe: Recipe) -> tuple[str, ...]:
    """Abbreviations as written with dots, whose last dot ends no sentence."""
    lines = _lines(recipe)
    return tuple(f"{key}." for key in (*lines.chains, *lines.before_all) if len(key.rpartition(".")[2]) <= 2)


def steps(recipe: Recipe) -> tuple[Step, ...]:
    """The named steps, in order. TextError for a bad line in a file."""
    grammar, fold, clean = recipe.grammar, recipe.fold, unicode.step(keep_marks=True)
    lines = _lines(recipe)
    said = {clean(word): spoken for word, spoken in recipe.lexicon.items()}
    numeric = [(part.__name__.rpartition(".")[2], _with_digits(part.step(grammar))) for part in _NUMERIC]
    return (
        ("unicode", unicode.step(recipe.keep_marks)),
        ("terms", lexicon.terms(said)),
        ("web", web.step(grammar)),
        ("geez", geez.step),
        *numeric,
        ("symbols", symbols.step(grammar)),
        ("latin", latin.step(grammar, dict(recipe.latin) | lexicon.latin(said))),
        ("punctuation", punctuation.marks),
        ("abbreviations", abbreviations.step(grammar, lines, fold)),
        ("lexicon", lexicon.words(said, fold, grammar.joins, recipe.keep_marks)),
        *([("fold", fold)] if fold is not same else []),
        ("spaces", punctuation.spaces),
    )


def same(text: str) -> str:
    """The fold of a language that has no homophones."""
    return text


def with_files(
    language: Language, recipe: Recipe, abbreviations_file: Path | None, lexicon_file: Path | None, keep_marks: bool
) -> Language:
    """The language with a user's files added to its own. TextError for a bad line."""
    added = () if abbreviations_file is None else (abbreviations_file,)
    words = {} if lexicon_file is None else lexicon.read(lexicon_file)
    recipe = replace(recipe, abbreviations=(*recipe.abbreviations, *added), lexicon=words, keep_marks=keep_marks)
    return replace(language, steps=steps(recipe), abbreviations=dotted(recipe))


def foreign(language: Language, text: str) -> list[str]:
    """The characters that normalising leaves and that are neither Ethiopic nor kept marks: each once, in order."""
    for _, step in language.steps:
        text = step(text)
    return list(dict.fromkeys(_FOREIGN.findall(text)))
