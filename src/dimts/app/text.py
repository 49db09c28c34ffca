"""`dimts text`: how texts are read aloud and cut into tokens, one JSON object a line; any number of lines."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dimts.app.output import Json
from dimts.app.reading import Abbreviations, Language, Lexicon, PronouncedBy, ReadingMode, chosen
from dimts.errors import TextError

if TYPE_CHECKING:
    from dimts.text.bpe import Tokenizer
    from dimts.text.front import Front

BATCH = 1000  # lines tokenized and printed together; from standard input each is answered as it comes
STANDARD_INPUT = "-"


def text(
    texts: Annotated[list[str], typer.Argument(help="Texts; or give --file.", show_default=False)] = [],
    file: Annotated[str | None, typer.Option(help="Text file, one text a line; - is standard input.")] = None,
    language: Language = "am",
    vocab: Annotated[Path | None, typer.Option(help="vocab.json to tokenize with.", show_default=False)] = None,
    mode: ReadingMode = None,
    backend: PronouncedBy = None,
    lexicon: Lexicon = None,
    abbreviations: Abbreviations = None,
    steps: Annotated[bool, typer.Option("--steps", help="Show what each step changed.")] = False,
    as_json: Json = False,
) -> None:
    """Show how texts are read aloud and tokenized: one JSON object a line, with or without --json."""
    from dimts.text.bpe import Tokenizer

    if not texts and file is None:
        raise TextError("nothing to read: give texts, or --file (- is standard input)")
    front = chosen(mode, backend, lexicon, abbreviations).of()
    front.require(language)
    tokenizer = Tokenizer.read(vocab) if vocab else None
    if tokenizer:
        tokenizer.tag_id(language)
    reader = Reader(front, language, tokenizer, steps)
    given = [text.encode(errors="replace").decode() for text in texts]  # the shell may pass what is not UTF-8
    for lines, together in ((given, BATCH), (lines_of(file) if file else (), 1 if file == STANDARD_INPUT else BATCH)):
        for batch in batches(lines, together):
            sys.stdout.write("".join(json.dumps(facts, ensure_ascii=False) + "\n" for facts in reader.read(batch)))
            sys.stdout.flush()
    for line in reader.remarks():
        typer.echo(f"dimts: {line}", err=True)


@dataclass
class Reader:
    """Reads texts and remembers what it could not read."""

    front: "Front"
    language: str
    tokenizer: "Tokenizer | None"
    steps: bool
    texts: int = 0
    with_unread: int = 0
    with_unknown: int = 0
    unread: dict[str, None] = field(default_factory=dict)  # characters, in order of appearance

    def read(self, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield what is to be shown of each text."""
        normalised = [self.front.normalised(text, self.language) for text in texts]
        spoken = [self.front.pronounced(text, self.language) for text in normalised]
        ids = self.tokenizer.encode_spoken_batch(spoken, self.language) if self.tokenizer else [[]] * len(texts)
        for text, said, letters, tokens in zip(texts, spoken, normalised, ids, strict=True):
            facts: dict[str, Any] = {"text": text, "spoken": said, **self._tokens(tokens)}
            foreign = self.front.unread(letters, self.language)
            facts["unread"] = foreign
            if self.steps:
                facts["steps"] = self._changes(text)
            self.texts += 1
            self.with_unread += bool(foreign)
            self.unread |= dict.fromkeys(foreign)
            yield facts

    def remarks(self) -> Iterator[str]:
        """Yield what a person should know of all texts together."""
        known = self.front.language(self.language)
        if known.generic:
            yield f"language {known.name}"
        if self.with_unread:
            signs = " ".join(islice(self.unread, 20)) + (" ..." if len(self.unread) > 20 else "")
            yield f"{self.with_unread:,} of {self.texts:,} texts hold letters of another script, which stay: {signs}"
        if self.with_unknown:
            yield f"{self.with_unknown:,} of {self.texts:,} texts hold unknown tokens; extend the vocabulary with them"

    def _tokens(self, ids: list[int]) -> dict[str, Any]:
        if self.tokenizer is None:
            return {}
        unknown = ids.count(self.tokenizer.unknown_id)
        self.with_unknown += bool(unknown)
        return {"tokens": self.tokenizer.tokens(ids), "ids": ids, "unknown": unknown}

    def _changes(self, text: str) -> list[dict[str, str]]:
        """The steps that changed something, and the text after each."""
        changes, before = [], text
        for name, after in self.front.steps(text, self.language):
            if after != before:
                changes.append({"step": name, "text": after})
            before = after
        return changes


def lines_of(file: str) -> Iterator[str]:
    """Yield a file's lines as they come. TextError when it is missing or not UTF-8."""
    if file == STANDARD_INPUT:
        yield from _decoded(sys.stdin.buffer, "standard input")
        return
    try:
        with Path(file).open("rb") as stream:
            yield from _decoded(stream, file)
    except OSError as error:
        raise TextError(f"{file}: cannot be read ({error.strerror}); give a text file, one text a line") from None


def _decoded(stream: Iterable[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        try:
            decoded = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise TextError(f"{name}, line {number}: is not UTF-8; convert it, for instance with iconv") from None
        yield decoded.rstrip("\r\n")


def batches(lines: Iterable[str], together: int) -> Iterator[list[str]]:
    """Yield lines in lists of so many, of which the last may be shorter."""
    rest = iter(lines)
    while batch := list(islice(rest, together)):
        yield batch
