"""Latin words and acronyms written in Ethiopic letters, as a reader says them in the middle of a sentence.

In this order: a word of the list (latin.tsv: Google, km, COVID); an acronym, that is capitals up to four letters,
dotted capitals, or letters without a vowel, by the names of its letters (BBC ቢቢሲ, HIV ኤችአይቪ); anything else by its
spelling, read as English names are usually written in Amharic: the longest known group of letters first (sh ሽ, ee
ኢ, ph ፍ), each consonant taking the vowel after it, and the sixth order where none follows. Roman numerals from II
on are numbers. A prefix or an ending in Ethiopic stays joined (በBBC, BBCን); any other word is set apart.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from dimts.text.languages.amharic import letters
from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER, with_order

_WORD = re.compile(r"(?:[A-Za-z]\.){2,10}[A-Za-z]?(?![A-Za-z])|[A-Za-z]+(?:'[A-Za-z]+)*")
_LEFT = re.compile(rf"(?<!{LETTER})({LETTER}+)-?(?=[A-Za-z])")
_RIGHT = re.compile(rf"(?<=[A-Za-z])({LETTER}+)")
_ROMAN = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12, "XIII": 13}
_ROMAN |= {"XIV": 14, "XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18, "XIX": 19, "XX": 20, "XXI": 21}
LONGEST_ACRONYM = 4

# letters of a word -> consonant in its sixth order
_CONSONANTS = {
    "tsch": "ች", "shch": "ሽች", "sch": "ሽ", "tch": "ች", "dge": "ጅ", "sh": "ሽ", "ch": "ች", "zh": "ዥ", "ph": "ፍ",
    "th": "ዝ", "gh": "ግ", "kh": "ክ", "wh": "ው", "ck": "ክ", "qu": "ኩ", "gn": "ኝ", "ny": "ኝ", "ng": "ንግ", "T": "ጽ",
    "x": "ክስ", "b": "ብ", "d": "ድ", "f": "ፍ", "g": "ግ", "h": "ህ", "j": "ጅ", "k": "ክ", "l": "ል", "m": "ም", "n": "ን",
    "p": "ፕ", "q": "ቅ", "r": "ር", "s": "ስ", "t": "ት", "v": "ቭ", "w": "ው", "y": "ይ", "Y": "ይ", "z": "ዝ",
}  # fmt: skip
# letters -> (vowel order, letters said after it)
_VOWELS = {
    "igh": (3, "ይ"),
    "eau": (6, ""), "oo": (1, ""), "ou": (1, ""), "ee": (2, ""), "ea": (2, ""), "ie": (2, ""), "ei": (2, ""),
    "ai": (4, "ይ"), "ay": (4, "ይ"), "ey": (4, "ይ"), "oy": (6, "ይ"), "oi": (6, "ይ"), "au": (6, ""), "aw": (6, ""),
    "ow": (6, ""), "oa": (6, ""), "ue": (1, ""), "aa": (3, ""), "a": (3, ""), "e": (4, ""), "i": (2, ""),
    "o": (6, ""), "u": (1, ""),
}  # fmt: skip
_GLIDES = {letters.THIRD: "ይ", letters.FIFTH: "ይ", letters.SECOND: "ው", letters.SEVENTH: "ው"}
_GROUPS = sorted((*_CONSONANTS, *_VOWELS, "c", "er"), key=len, reverse=True)
_SPELLING = re.compile("|".join(_GROUPS))
# English spelling made regular before the letters are read, in this order: (pattern, replacement)
_REGULAR = [
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"tion", "shn"),
        (r"([bcdfgjklmnpqrstvz])\1", r"\1"),
        (r"^ts", "T"),
        (r"^[kg]n", "n"),
        (r"^wr", "r"),
        (r"^ps", "s"),
        (r"ch(?=r)", "k"),
        (r"sc(?=[eiy])", "s"),
        (r"c(?=[eiy])", "s"),
        (r"g(?=e[a-z]|i[aou])", "j"),
        (r"(?<=[bcdfghjklmnpqrstvwxz])[iy]([dfklmnprtvz])e$", r"igh\1"),  # line, Skype
        (r"(?<=[bcdfghjklmnpqrstvwxz])a([dfklmnprstvz])e$", r"e\1"),  # name
        (r"(?<=[aiouy])([bcdfgklmnprstvz])e$", r"\1"),  # the silent e
        (r"(?<=[nrl])([csv])e$", r"\1"),
        (r"(?<=[nrl])ge$", "j"),
        (r"(?<=[bcdfgkpstz])le$", "l"),
        (r"y(?=[aeiou])", "Y"),
        (r"(?<=[bcdfghjklmnpqrstvxz])y", "i"),
    )
]


def _sounds(word: str) -> list[str]:
    """The groups of letters of a word, silent ones left out."""
    for pattern, plain in _REGULAR:
        word = pattern.sub(plain, word)
    return _SPELLING.findall(word)


def _spelt(word: str) -> str:
    """A word by its spelling."""
    written: list[str] = []
    open_consonant = False
    for group in _sounds(word):
        if group == "er":
            written += [*_voiced(written, open_consonant, 0 if open_consonant else 4), "ር"]
            open_consonant = True
        elif group in _VOWELS:
            order, after = _VOWELS[group]
            written += [*_voiced(written, open_consonant, order), *after]
            open_consonant = False
        else:
            written += list(_CONSONANTS.get(group, "ክ"))
            open_consonant = written[-1] != "ኩ"
    return "".join(written)


def _voiced(written: list[str], open_consonant: bool, order: int) -> list[str]:
    """The last consonant with its vowel; a vowel alone stands on አ, after i or e on ይ (media), after u or o on ው."""
    if open_consonant:
        return [with_order(written.pop(), order)]
    carrier = _GLIDES.get(letters.order(written[-1]), "አ") if written else "አ"
    return [with_order(carrier, order)]


class _Latin:
    def __init__(self, grammar: Grammar, words: Mapping[str, str]) -> None:
        self.grammar = grammar
        self.words = words
        self.prefixes = frozenset(grammar.glued)
        self.said = lru_cache(maxsize=4096)(self._said)

    def __call__(self, text: str) -> str:
        if _WORD.search(text) is None:
            return text
        text = _LEFT.sub(lambda found: found[1] if found[1] in self.prefixes else f"{found[1]} ", text)
        text = _RIGHT.sub(self._ending, text)
        return _WORD.sub(lambda found: self.said(found[0]), text)

    def _ending(self, found: re.Match[str]) -> str:
        return found[1] if self.grammar.inflect(self.grammar.number, found[1]) is not None else f" {found[1]}"

    def _said(self, word: str) -> str:
        plain = re.sub("[^A-Za-z]", "", word).lower()
        acronym = word.removesuffix("'s").isupper() and len(plain) <= LONGEST_ACRONYM
        listed = self.words.get(word) or (None if acronym else self.words.get(word.lower()))
        if listed:
            return listed
        if word in _ROMAN:
            return self.grammar.read(str(_ROMAN[word]))
        if "." in word or acronym or len(plain) == 1 or not re.search("[aeiouy]", plain):
            return "".join([self.grammar.names[letter] for letter in plain])
        return _spelt(plain)


def step(grammar: Grammar, words: Mapping[str, str]) -> Callable[[str], str]:
    """The step that writes Latin words in Ethiopic; `words` maps listed words, in lower case, to their spoken form."""
    return _Latin(grammar, words)
