"""How text is read in one dataset, run or bundle: normalised, with a user's own words, and as IPA where asked for.

Its identity ("dimts-1+ipa-rules-1+lexicon-1a2b3c4d") travels in dataset.json and bundle.json, the user's files lie
beside these under names that hold their hash. So speech reads text as training did, or says why it cannot.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from dimts import files
from dimts.errors import TextError
from dimts.text import g2p, languages, normalise
from dimts.text.g2p import Backend
from dimts.text.language import Language, Step

Mode = Literal["bpe", "g2p"]
FILES = ("lexicon", "abbreviations")
HASH = 8  # hexadecimal digits of a file's hash
PART = re.compile(r"(ipa|lexicon|abbreviations)-([a-z0-9]+)(?:-\d+)?")
STORED = re.compile(rf"(?:{'|'.join(FILES)})-[0-9a-f]{{{HASH}}}\.tsv")


@dataclass(frozen=True)
class Front:
    """One way of reading text; a user's files serve the languages that take them (am, ti)."""

    backend: Backend | None = None  # of IPA; None leaves letters as they are (mode bpe)
    lexicon: Path | None = None
    abbreviations: Path | None = None

    @classmethod
    def like(cls, identity: str, folder: Path) -> "Front":
        """Give what reads as an identity says, with the files in the folder; today's version of it.

        Where its own `identity` is another one, that version or those files are gone. TextError without a file.
        """
        parts = [match for part in identity.split("+")[1:] if (match := PART.fullmatch(part))]
        found = {match[1]: match[2] for match in parts}
        backend = next((known for known in get_args(Backend) if known == found.get("ipa")), None)
        paths = {kind: folder / f"{kind}-{found[kind]}.tsv" for kind in FILES if kind in found}
        for path in paths.values():
            if not path.is_file():
                raise TextError(f"{path}: is missing, and the texts were read with it; copy it back")
        return cls(backend, paths.get("lexicon"), paths.get("abbreviations"))

    @property
    def mode(self) -> Mode:
        return "g2p" if self.backend else "bpe"

    @cached_property
    def identity(self) -> str:
        """Names normaliser, pronunciation and files with their versions. TextError when a file cannot be read."""
        read = g2p.identity(self.backend) if self.backend else normalise.IDENTITY
        return "+".join([read, *(f"{kind}-{digest}" for kind, _, digest in self._files())])

    def spoken(self, text: str, language: str) -> str:
        """Read a text as the network hears it. TextError for an unknown language, MissingExtra for its packages."""
        return self.pronounced(self.normalised(text, language), language)

    def normalised(self, text: str, language: str) -> str:
        """Read a text aloud, still in letters."""
        return normalise.normalise(text, self.language(language))

    def pronounced(self, normalised: str, language: str) -> str:
        """Turn a normalised text into IPA where this front does so."""
        return g2p.to_ipa(normalised, language, self.backend) if self.backend else normalised

    def steps(self, text: str, language: str) -> list[tuple[str, str]]:
        """Give each step's name and the text after it, in order."""
        ipa: Step = (f"ipa by {self.backend}", lambda said: self.pronounced(said, language))
        own = self.language(language)
        return normalise.steps(text, replace(own, steps=(*own.steps, *([ipa] if self.backend else []))))

    def language(self, code: str) -> Language:
        """Give a language with the user's files in it."""
        primary = languages.primary_of(code)
        if primary not in self._languages:
            keep_marks = self.backend is not None
            own = languages.with_files(primary, self.abbreviations, self.lexicon, keep_marks)
            self._languages[primary] = own
        return self._languages[primary]

    def require(self, language: str) -> None:
        """Raise what reading a text of this language would: TextError or MissingExtra."""
        self.spoken("1", language)

    def unread(self, normalised: str, language: str) -> list[str]:
        """Name the letters and digits of other scripts that a normalised text holds, each once, where that is known."""
        foreign = self._foreign(languages.primary_of(language))
        return list(dict.fromkeys(foreign.findall(normalised))) if foreign else []

    def inventory(self, language: str) -> str:
        """Give a text that holds every symbol of IPA which a declared script can become; "" in mode bpe."""
        if self.backend is None or languages.primary_of(language) in languages.OFFICIAL:
            return ""
        scripts = self.language(language).scripts
        letters = [chr(point) for first, last in scripts for point in range(first, last + 1)]
        said = {letter: self.pronounced(letter, language) for letter in letters if letter.isalpha()}
        return " ".join([*(ipa for letter, ipa in said.items() if ipa != letter), "ː"])

    def store(self, folder: Path) -> "Front":
        """Copy the user's files into a folder, under names with their hash; give the front that reads with them."""
        stored = {}
        for kind, path, digest in self._files():
            stored[kind] = folder / f"{kind}-{digest}.tsv"
            if not stored[kind].is_file():
                with files.whole_file(stored[kind]) as beside:
                    shutil.copyfile(path, beside)
        return Front(self.backend, stored.get("lexicon"), stored.get("abbreviations"))

    def sweep(self, folder: Path) -> None:
        """Remove the stored files of other fronts from a folder."""
        for path in folder.iterdir():
            if STORED.fullmatch(path.name) and path not in (self.lexicon, self.abbreviations):
                path.unlink()

    def _foreign(self, primary: str) -> re.Pattern[str] | None:
        """A pattern of what a language does not write; None where any script may come out of it."""
        if primary not in self._patterns:
            scripts = self.language(primary).scripts
            own = "".join(f"{chr(first)}-{chr(last)}" for first, last in scripts)
            known = own and primary not in languages.OFFICIAL
            self._patterns[primary] = re.compile(rf"[^\W_{own}]") if known else None
        return self._patterns[primary]

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str] | None]:
        return {}

    @cached_property
    def _languages(self) -> dict[str, Language]:
        return {}

    def _files(self) -> Iterator[tuple[str, Path, str]]:
        for kind, path in zip(FILES, (self.lexicon, self.abbreviations), strict=True):
            if path is None:
                continue
            try:
                yield kind, path, hashlib.sha256(path.read_bytes()).hexdigest()[:HASH]
            except OSError as error:
                raise TextError(f"{path}: cannot be read ({error.strerror}); give the {kind} as a file") from None


@dataclass(frozen=True)
class Choice:
    """What a user asks of a front; None leaves it as it is."""

    mode: Mode | None = None
    backend: Backend | None = None
    lexicon: Path | None = None
    abbreviations: Path | None = None

    def of(self, own: Front | None = None, where: str = "text") -> Front:
        """Give the front that was asked for, where nothing was asked `own`. TextError when the two do not agree."""
        for what, is_own, asked in (
            ("mode", own and own.mode, self.mode),
            ("backend", own and own.backend, self.backend),
        ):
            if is_own and asked not in (None, is_own):
                raise TextError(
                    f"{where}: was read with --{what} {is_own}, not {asked}; give the same, or a new folder"
                )
        mode = self.mode or (own.mode if own else "bpe")
        if self.backend and mode == "bpe":
            raise TextError(f"--backend {self.backend}: mode bpe pronounces nothing; give --mode g2p too")
        own = own or Front()
        backend = (self.backend or own.backend or "rules") if mode == "g2p" else None
        return Front(backend, self.lexicon or own.lexicon, self.abbreviations or own.abbreviations)
