"""Folders of recordings with their texts beside them, or with none, and a single recording.

For `a.wav` the text is in `a.normalized.txt` (LibriTTS), `a.txt` or `a.lab`, or a subtitle file beside it; VCTK keeps
texts in a tree of its own, `txt/`, LibriSpeech in a `.trans.txt` for each folder. Sub-folders name the speakers where
there are several.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dimts.data.importers import Found, Utterance, cues, subtitles, tables, texts
from dimts.data.importers.places import is_media, key, printable, turned_away, within
from dimts.data.importers.walking import Walked, walk
from dimts.errors import DataError

LIST_SUFFIX = ".trans.txt"  # lines of `name text`
TEXT_SUFFIXES = (".normalized.txt", ".normalised.txt", LIST_SUFFIX, ".original.txt", ".txt", ".lab")
TEXT_TREE = "txt"  # of VCTK
MICROPHONE = re.compile(r"_mic\d$")  # of VCTK: recordings of one reading share a text
NO_SPEAKER = re.compile(r"(train|dev|test|eval|valid|wavs?|clips|audio|mp3|flac)(?![^\W_])", re.IGNORECASE)
LABEL_TIMES = re.compile(r"\s*(\d+ \d{5,} \S+\s+)+$")  # HTK's labels, in 100 ns: no text
Place = tuple[Path, str]  # folder and name without suffix


@dataclass(frozen=True)
class Words:
    """Where the words of a recording are: a file, or the line of one."""

    file: Path
    line: int | None = None
    text: str | None = None  # None: all that the file holds

    def read(self) -> str:
        """The words. DataError when they are no text."""
        text = texts.read(self.file) if self.text is None else self.text
        if LABEL_TIMES.match(f"{text}\n"):
            raise DataError(f"{self.file}: holds labels with times; give the words alone")
        return text.strip()


@dataclass(frozen=True)
class Folder:
    """What lies in a folder: words and files with times by the place of the recording they are for, and speakers."""

    root: Path
    words: Mapping[Place, Sequence[Words]]  # best first
    timed: Mapping[Place, Sequence[Path]]
    speakers: Mapping[Path, str]
    language: str | None = None

    def places(self, media: Path) -> Iterator[Place]:
        """Where words of a recording may be, nearest first."""
        stem, inner = key(media.stem), media.parent.relative_to(self.root).parts[1:]
        yield from ((media.parent, stem), (media.parent, key(media.name)))
        for name in dict.fromkeys((stem, MICROPHONE.sub("", stem))):
            yield self.root.joinpath(TEXT_TREE, *inner), name

    def words_of(self, media: Path) -> Words | None:
        """Give the best words of a recording."""
        return next((self.words[place][0] for place in self.places(media) if place in self.words), None)

    def timed_of(self, media: Path) -> list[Path]:
        """Give the subtitles and transcripts of a recording."""
        return subtitles.ours(media, (path for place in self.places(media) for path in self.timed.get(place, ())))


def accepts(source: Path) -> bool:
    """Whether this is a folder or a recording."""
    return source.is_dir() or is_media(source)


def read(source: Path, language: str | None = None) -> Iterator[Found]:
    """Find the recordings of a folder, sorted by name, or the one. DataError when there is none, or only tables."""
    if not source.is_dir():
        near = Walked()
        near.take(sorted(source.parent.iterdir()))
        found = _recording(source, _folder(source.parent, replace(near, media=[source]), language))
        return (replace(each, source=printable(f"{source}:1")) for each in found)
    walked = walk(source)
    if not walked.media:
        raise DataError(f"{source}: holds no recording and no table that is known by its name; give the file itself")
    folder = _folder(source, walked, language)
    _refuse_unread_tables(folder, walked)
    return _all(folder, walked)


def _folder(root: Path, walked: Walked, language: str | None) -> Folder:
    words: dict[Place, list[Words]] = defaultdict(list)
    for rank, path in sorted((_rank(path), path) for path in walked.words):
        for name, found in _words(path, rank):
            words[path.parent, key(name)].append(found)
    timed: dict[Place, list[Path]] = defaultdict(list)
    for path in walked.timed:
        for name in subtitles.keys(path):
            timed[path.parent, name].append(path)
    return Folder(root, words, timed, _speakers(root, walked.media), language)


def _rank(path: Path) -> int:
    """Which of the known endings a file of words has."""
    return next(rank for rank, suffix in enumerate(TEXT_SUFFIXES) if path.name.lower().endswith(suffix))


def _words(path: Path, rank: int) -> Iterator[tuple[str, Words]]:
    """The names of the recordings that a file has words for, with these."""
    if TEXT_SUFFIXES[rank] != LIST_SUFFIX:
        yield path.name[: -len(TEXT_SUFFIXES[rank])], Words(path)
        return
    for line, content in enumerate(texts.read(path).split("\n"), start=1):
        name, _, text = content.strip().partition(" ")
        if name:
            yield name, Words(path, line, text)


def _speakers(root: Path, media: Sequence[Path]) -> dict[Path, str]:
    """Give the sub-folder that names a recording's speaker: the first in which they part, if they do."""
    inner = {path: path.parent.relative_to(root).parts for path in media}
    shared = len(os.path.commonprefix(list(inner.values())))
    named = {path: [part for part in parts[shared:] if not NO_SPEAKER.match(part)] for path, parts in inner.items()}
    speakers = {path: printable(parts[0]) for path, parts in named.items() if parts}
    return speakers if len(set(speakers.values())) > 1 else {}


def _refuse_unread_tables(folder: Folder, walked: Walked) -> None:
    """Where no recording has words, but tables lie there, the words are in them: better ask than drop them."""
    found = [path for path in sorted(folder.root.iterdir()) if path.suffix.lower() in (*tables.SUFFIXES, ".jsonl")]
    named = [path.name for path in found if path.suffix.lower() != ".txt" or _holds_columns(path)]
    if named and not any(folder.words_of(path) or folder.timed_of(path) for path in walked.media):
        raise DataError(f"{folder.root}: its recordings have no words beside them; name the table: {', '.join(named)}")


def _holds_columns(path: Path) -> bool:
    try:
        return "|" in texts.read(path)
    except DataError:
        return False


def _all(folder: Folder, walked: Walked) -> Iterator[Found]:
    """Give every recording, then the words that have none, then what could not be entered."""
    for path in walked.media:
        yield from _recording_or_reason(path, folder)
    claimed = {place for path in walked.media for place in folder.places(path)}
    orphans = [words for place, found in folder.words.items() if place not in claimed for words in found]
    yield from (_orphan(folder.root, words.file, words) for words in orphans)
    timed = {path for place, found in folder.timed.items() if place in claimed for path in found}
    yield from (
        _orphan(folder.root, path)
        for path in walked.timed
        if path not in timed and path.suffix.lower() in cues.SUFFIXES
    )
    yield from walked.away


def _recording_or_reason(media: Path, folder: Folder) -> Iterator[Found]:
    """Turn a recording away whose words cannot be read, for the others go on."""
    try:
        yield from _recording(media, folder)
    except DataError as error:
        said = printable(str(error))
        yield turned_away(media.stem, "bad text", said, "words in a form that is known", within(folder.root, media))


def _recording(media: Path, folder: Folder) -> Iterator[Found]:
    """Find one recording: the cues of its subtitles, or all of it with its words if there are any."""
    if timed := folder.timed_of(media):
        chosen = subtitles.chosen(media, timed, folder.language)
        speaker = folder.speakers.get(media)
        for found in subtitles.read_pair(chosen, media, f"{within(folder.root, chosen)} "):
            yield replace(found, speaker=found.speaker or speaker) if isinstance(found, Utterance) else found
        return
    words = folder.words_of(media)
    source = within(folder.root, words.file if words else media, words.line if words else None)
    if os.path.isfile(media):
        yield Utterance(media, words.read() if words else "", folder.speakers.get(media), source)
    else:
        reason = "not a file" if os.path.exists(media) else "missing"
        yield turned_away(media.stem, reason, printable(str(media)), "a file", source, words.read() if words else "")


def _orphan(root: Path, path: Path, words: Words | None = None) -> Found:
    """Turn away words without a recording."""
    source = within(root, path, words.line if words else None)
    try:
        text = words.read() if words else ""
    except DataError:
        text = ""
    return turned_away(path.stem, "missing", path.name, "a recording of this name beside it", source, text)
