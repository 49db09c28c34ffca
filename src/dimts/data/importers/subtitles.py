"""Subtitles and transcripts: which file of them belongs to which recording. `captions` makes utterances of the pair."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dimts.data.importers import Found, captions, cues, transcripts
from dimts.data.importers.places import MEDIA_SUFFIXES, is_media, key, printable
from dimts.errors import DataError

JSON_SUFFIXES = (".json", ".json3")  # the latter of YouTube
SUFFIXES = (*cues.SUFFIXES, *JSON_SUFFIXES)
PAIR = re.compile(r"(.+?\.(?:srt|vtt|ass|ssa|json3?))=(.+)$", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"\.([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)$")  # talk.am.srt


def accepts(source: Path) -> bool:
    """Whether this is a subtitle file or a transcript, or a recording that has one beside it."""
    if is_media(source) and source.is_file():
        return bool(beside(source))
    return is_subtitle(source)


def is_subtitle(path: Path) -> bool:
    """Whether a file holds words with times."""
    return path.suffix.lower() in cues.SUFFIXES or path.suffix.lower() in JSON_SUFFIXES and transcripts.accepts(path)


def read(source: Path, language: str | None = None) -> Iterator[Found]:
    """Find the cues of a subtitle file, or of those beside a recording. DataError in one line when there is no pair."""
    if is_media(source):
        return read_pair(chosen(source, beside(source), language), source, f"{source}:")
    media = recording_of(source)
    if media is None:
        raise DataError(f"{source}: no recording of this name lies beside it; give {source.name}=RECORDING")
    return read_pair(source, media)


def pair(source: Path | str) -> tuple[Path, Path] | None:
    """Part `SUBTITLES=RECORDING`; None for what is no such pair."""
    found = None if Path(source).exists() else PAIR.match(str(source))
    return (Path(found[1]), Path(found[2])) if found else None


def read_pair(subtitles: Path, media: Path, named: str = "", extra: captions.Extra = ()) -> Iterator[Found]:
    """Find the cues of a subtitle file in its recording; their lines follow `named`. DataError when either is gone."""
    for path in (subtitles, media):
        if not path.is_file():
            raise DataError(f"{path}: no such file; give SUBTITLES=RECORDING")
    is_json = subtitles.suffix.lower() in JSON_SUFFIXES
    found, language = transcripts.read(subtitles) if is_json else (cues.read(subtitles), _tag(subtitles, media))
    if not found:
        raise DataError(f"{subtitles}: holds no cue; give subtitles with times")
    return captions.finds(captions.Pair(printable(named or f"{subtitles}:"), media, language, extra), found)


def recording_of(subtitles: Path) -> Path | None:
    """The recording beside subtitles: `talk.am.srt` and `talk.srt` belong to `talk.mp4`; None where there is none."""
    stems = (key(subtitles.stem), key(TAG.sub("", subtitles.stem)))
    media = [path for path in subtitles.parent.iterdir() if is_media(path) and path.is_file()]
    media.sort(key=lambda path: (MEDIA_SUFFIXES.index(path.suffix.lower()), path.name))
    return next((path for stem in stems for path in media if stem in (key(path.stem), key(path.name))), None)


def beside(media: Path) -> list[Path]:
    """The subtitles beside a recording, best format first."""
    return ours(media, [path for path in media.parent.iterdir() if keys(path) & {key(media.stem), key(media.name)}])


def keys(subtitles: Path) -> set[str]:
    """The names that a recording may have for these subtitles to be its own."""
    return {key(subtitles.stem), key(TAG.sub("", subtitles.stem))}


def ours(media: Path, candidates: Iterable[Path]) -> list[Path]:
    """Those of the files with a recording's name that hold words with times, best format first."""
    timed = [
        path
        for path in dict.fromkeys(candidates)
        if path.suffix.lower() in SUFFIXES and path.is_file() and path != media
    ]
    timed = [path for path in timed if path.suffix.lower() in cues.SUFFIXES or _is_transcript(path)]
    return sorted(timed, key=lambda path: (SUFFIXES.index(path.suffix.lower()), path.name))


def chosen(media: Path, subtitles: Sequence[Path], language: str | None) -> Path:
    """The subtitles to read: those of the language, else those that name none. DataError when this leaves a doubt."""
    tags = {path: _tag(path, media) for path in subtitles}
    for wanted in (language, None):
        if fitting := [path for path in subtitles if _primary(tags[path]) == _primary(wanted)]:
            return fitting[0]
    if len(set(tags.values())) == 1:
        return subtitles[0]
    named = ", ".join(path.name for path in subtitles)
    raise DataError(f"{media}: several subtitles lie beside it ({named}); give one as SUBTITLES=RECORDING")


def _is_transcript(path: Path) -> bool:
    """Whether a .json file beside a recording is about its words; anything else there is none of ours."""
    try:
        return transcripts.accepts(path)
    except DataError:
        return False


def _tag(subtitles: Path, media: Path) -> str | None:
    """The language in a name like `talk.am.srt`, where `talk` is the recording's."""
    found = TAG.search(subtitles.stem)
    return found[1] if found and key(subtitles.stem) not in (key(media.stem), key(media.name)) else None


def _primary(tag: str | None) -> str | None:
    return re.split("[-_]", tag)[0].lower() if tag else None
