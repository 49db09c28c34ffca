"""Abbreviations spelled out, from a table that a user can extend (abbreviations.tsv; its form is in `table.py`).

ዶ/ር matches ዶ/ር, ዶ.ር, ዶ. ር and ዶ ር. One prefix may stand before an abbreviation and an ending after it (የት/ቤቱ,
መ/ቤቶች); the longest one wins (አ.አ.ዩ over አ.አ). Letters match their homophones where the exact spelling is in no line,
so that folded text changes no more.

A chain that is in no line is an acronym: letter names (ኤች.አይ.ቪ) and three letters or more (ኢ.ሕ.አ.ፓ) are joined, two
are set apart. A dot after an abbreviation belongs to it, except at the end of the text. `ሀ/ ` with a space labels a
list and is no name. A slash that is left becomes a space.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from dimts.text.languages.amharic.grammar import Grammar
from dimts.text.languages.amharic.letters import LETTER, SECOND, SEVENTH, SIXTH, order, same_consonant, with_order
from dimts.text.languages.amharic.money import either
from dimts.text.languages.amharic.table import Table

_CHAIN = re.compile(rf"(?<!{LETTER}){LETTER}+(?:[./] ?{LETTER}+)+(?:\.(?= |$|[\"'-]))?")
_PARTS = re.compile(r"([./] ?)")
_ALONE = re.compile(rf"(?<!{LETTER}){LETTER} (?={LETTER})")
CACHED = 40  # letters; shorter chains come up again
LONGEST_PART = 16  # letters; a longer word is no part of an abbreviation


class _Expander:
    def __init__(self, grammar: Grammar, table: Table, fold: Callable[[str], str]) -> None:
        self.grammar, self.table, self.fold = grammar, table, fold
        self.folded = {fold(key): spoken for key, spoken in reversed(table.chains.items())}
        self.before_words = {fold(key): spoken for key, spoken in table.before_words.items()}
        self.before_all = {fold(key): spoken for key, spoken in table.before_all.items()}
        self.parts: dict[str, int] = {}  # first part of a line -> the most parts that a line with it has
        for key in self.folded:
            head, parts = key.partition(".")[0], key.count(".") + 1
            self.parts[head] = max(parts, self.parts.get(head, 0))
        self.prefixes = frozenset(("", *grammar.glued, *grammar.apart))
        self.longest_prefix = max(map(len, self.prefixes))
        self.homophones: dict[str, set[str]] = {}
        for letter in map(chr, range(0x1200, 0x135B)):
            self.homophones.setdefault(fold(letter), set()).add(letter)
        self.letter_names = frozenset(grammar.names.values())
        self.spell = lru_cache(maxsize=8192)(self._spell)
        prefixes = either(self.prefixes - {""})
        joined = "|".join([self._spellings(key) for key in sorted(table.joined, key=len, reverse=True)])
        part = f"{LETTER}{{1,{LONGEST_PART}}}"
        self.spaced = re.compile(rf"{LETTER}(?: {part}){{1,{max(self.parts.values(), default=2) - 1}}}(?!{LETTER})")
        self.joined = re.compile(
            rf"(?<!{LETTER})((?:{prefixes})?)({joined})({LETTER}{{0,6}})(?!{LETTER})" if table.joined else "(?!)"
        )

    def __call__(self, text: str) -> str:
        if "." in text or "/" in text:
            text = _CHAIN.sub(self._chain, text).replace("/", " ")
        if _ALONE.search(text):
            text = self._apart(text)
        return self.joined.sub(self._joined, text)

    def _chain(self, found: re.Match[str]) -> str:
        after = found.string[found.end() : found.end() + 4]
        at_end = len(after) < 4 and not after.strip(" \"'")
        return self.spell(found[0], at_end) if len(found[0]) < CACHED else self._spell(found[0], at_end)

    def _spell(self, chain: str, at_end: bool) -> str:
        """A chain of parts spelled out; its last dot stays at the end of the text, or if no abbreviation claims it."""
        pieces = _PARTS.split(chain.removesuffix("."))
        chunks, signs = pieces[::2], [*pieces[1::2], ""]
        out: list[str] = []
        at, short = 0, False  # short: what was read last is an abbreviation that a dot belongs to
        while at < len(chunks):
            read, count, short = self._read(chunks, signs, at)
            at += count
            sign = signs[at - 1]
            out += [read, " " if sign[:1] == "/" or (sign and short) else sign]
        if chain.endswith(".") and (at_end or not short):
            out.append(".")
        return "".join(out)

    def _read(self, chunks: list[str], signs: list[str], at: int) -> tuple[str, int, bool]:
        """What begins at a chunk: its words, the number of chunks it takes, whether a dot after it belongs to it."""
        if found := self._longest(chunks, at):
            return *found, len(chunks[at + found[1] - 1]) <= 2
        if (count := self._letters(chunks, signs, at)) > 1:
            letters = chunks[at : at + count]
            apart = count == 2 and not self.letter_names.issuperset(letters)
            return (" " if apart else "").join(letters), count, True
        spoken = self._opener(chunks, signs[at], at)
        return spoken or chunks[at], 1, spoken is not None

    def _opener(self, chunks: list[str], sign: str, at: int) -> str | None:
        """The words of what stands before others (ገ/, ቁ.), with its prefix; `ሀ/ ` with a space labels a list."""
        chunk, openers = chunks[at], self.before_all if sign[:1] == "." else {}
        if sign == "/" and (len(chunks[at + 1]) > 1 or self._longest(chunks, at + 1)):
            openers = self.before_words
        for length in range(min(len(chunk), self.longest_prefix + 1)):
            prefix, spoken = chunk[:length], openers.get(self.fold(chunk[length:]))
            if spoken and prefix in self.prefixes:
                return self._prefixed(prefix, spoken)
        return None

    def _letters(self, chunks: list[str], signs: list[str], at: int) -> int:
        """How many chunks from here on are letters of one acronym."""
        end = at
        while (
            end < len(chunks)
            and self._is_letter(chunks[end], end == at)
            and (end == at or signs[end - 1] == "." or (signs[end - 1] == "/" and chunks[end] in self.letter_names))
        ):
            end += 1
        more = end < len(chunks) and end - at > 1 and signs[end - 1] == "." and self._is_inflected(chunks[end])
        return end - at + more

    def _is_letter(self, chunk: str, first: bool) -> bool:
        if len(chunk) == 1 or chunk in self.letter_names:
            return True
        return first and chunk[0] in self.grammar.joins and (len(chunk) == 2 or chunk[1:] in self.letter_names)

    def _is_inflected(self, chunk: str) -> bool:
        """A last letter with an ending: ግን in ኢ.ሕ.አ.ዴ.ግን."""
        return any(
            (length == 1 or chunk[:length] in self.letter_names)
            and self.grammar.inflect(self.grammar.number, self.fold(chunk[length:])) is not None
            for length in range(1, min(len(chunk), LONGEST_PART))
        )

    def _longest(self, chunks: list[str], at: int) -> tuple[str, int] | None:
        """The words of the longest abbreviation from a chunk on, with prefix and ending, and its number of parts."""
        heads = self._heads(chunks[at])
        for count in range(
            min(max([self.parts[self.fold(head)] for _, head in heads], default=0), len(chunks) - at), 1, -1
        ):
            last = chunks[at + count - 1]
            for prefix, head in heads:
                stem = ".".join([head, *chunks[at + 1 : at + count - 1], ""])
                if len(last) <= LONGEST_PART and (spoken := self._inflected(stem, last)):
                    return self._prefixed(prefix, spoken), count
        return None

    def _heads(self, chunk: str) -> list[tuple[str, str]]:
        """The ways to read a chunk as a prefix, if any, and the first part of some line."""
        cuts = [(chunk[:length], chunk[length:]) for length in range(min(len(chunk), self.longest_prefix + 1))]
        return [cut for cut in cuts if cut[0] in self.prefixes and self.fold(cut[1]) in self.parts]

    def _inflected(self, stem: str, last: str) -> str | None:
        for length in range(len(last), 0, -1):
            part, ending = last[:length], self.fold(last[length:])
            if spoken := self._line(stem + part):
                return self.grammar.inflect(spoken, ending) if ending else spoken
            if order(part[-1]) != SIXTH and (spoken := self._line(stem + part[:-1] + with_order(part[-1], SIXTH))):
                changed = self.fold(part[-1])
                return self.grammar.inflect(spoken, changed + ending) if same_consonant(spoken[-1], changed) else None
        return None

    def _line(self, key: str) -> str | None:
        return self.table.chains.get(key) or self.folded.get(self.fold(key))

    def _prefixed(self, prefix: str, spoken: str) -> str:
        """The prefix joined; the የ of an expansion gives way to it (በ + የተባበሩት is በተባበሩት)."""
        if not prefix:
            return spoken
        return prefix + (" " if prefix in self.grammar.apart else "") + spoken.removeprefix("የ")

    def _apart(self, text: str) -> str:
        """Abbreviations with spaces for signs: a single letter, then the parts of a line."""
        out, done = [], 0
        for found in _ALONE.finditer(text):
            parts = self.spaced.match(text, found.start())
            if found.start() < done or parts is None or found[0][0] in self.grammar.joins:
                continue
            chunks = parts[0].split(" ")
            if longest := self._longest(chunks, 0):
                out += [text[done : found.start()], longest[0]]
                done = found.start() + len(" ".join(chunks[: longest[1]]))
        return "".join([*out, text[done:]])

    def _spellings(self, key: str) -> str:
        """A pattern of a joined form, a longer one also with an article or a plural on its last consonant (ትቤቱ, ትቤቶች).

        A form that folding leaves alone matches every spelling that folds to it.
        """
        stable = self.fold(key) == key
        classes = [self.homophones.get(letter, {letter}) if stable else {letter} for letter in key]
        if len(key) > 2 and order(key[-1]) == SIXTH and len(self.homophones.get(self.fold(key[-1]), ())) == 1:
            classes[-1] = {with_order(key[-1], vowel) for vowel in (SECOND, SIXTH, SEVENTH)}
        return "".join([f"[{''.join(sorted(letters))}]" for letters in classes])

    def _joined(self, found: re.Match[str]) -> str:
        prefix, key, ending = found.groups()
        spoken = self.table.joined.get(key) or self.table.joined.get(self.fold(key))
        if spoken is None:  # ቤቱ for ቤት
            spoken = self.table.joined[key[:-1] + with_order(key[-1], SIXTH)]
            ending = key[-1] + ending
        said = self.grammar.inflect(spoken, self.fold(ending)) if ending else spoken
        return found[0] if said is None else self._prefixed(prefix, said)


def step(grammar: Grammar, table: Table, fold: Callable[[str], str]) -> Callable[[str], str]:
    """The step that spells out abbreviations; `fold` makes homophones one."""
    return _Expander(grammar, table, fold)
