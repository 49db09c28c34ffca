"""What is judged: checkpoints of a run, voices, bases; and the voices that they speak with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from dimts import files
from dimts.checkpoint import export, official
from dimts.checkpoint.speakers import OFFICIAL
from dimts.errors import AudioError, CheckpointError
from dimts.evaluate.cache import key_of
from dimts.infer import speak
from dimts.infer.speak import Speaker
from dimts.infer.voice import Voice
from dimts.model.dvae import Dvae

READING = ("normaliser", "trained_languages", "longest_text_tokens")  # of bundle.json: how texts are read and cut


@dataclass(frozen=True)
class Opened:
    """A loaded network, and what codes recordings for it."""

    speaker: Speaker
    dvae: Dvae | None  # None: the folder can speak, but not be scored on recordings


@dataclass(frozen=True)
class Subject:
    """A network to judge, loaded only when something of it is not known yet."""

    name: str  # "update 250", "base", a bundle's folder
    identity: str  # equal for equal weights, vocabulary and stored voices
    open: Callable[[], Opened] = field(compare=False)
    update: int | None = None  # of a run's checkpoint


@dataclass(frozen=True)
class Reference:
    """A voice to speak with: recordings that are joined, or one that the subject keeps under this name."""

    name: str
    recordings: tuple[Path, ...] = ()

    @cached_property
    def key(self) -> str:
        """Equal for equal recordings. AudioError where one is gone."""
        try:
            return key_of([files.sha256(path) for path in self.recordings] or self.name)
        except OSError as error:
            raise AudioError(f"{error.filename}: cannot be read ({error.strerror}); give another reference") from error

    def voice(self, speaker: Speaker) -> Voice:
        """Make or read the voice for a network."""
        return speaker.voice(self.recordings) if self.recordings else speaker.stored_voice(self.name)


def of_folder(folder: Path, device: str = "cpu", name: str | None = None) -> Subject:
    """Take a voice bundle or a base. CheckpointError where the folder is none."""
    if not official.find(folder, "model").is_file():
        raise CheckpointError(f"{folder}: is no run, voice or base; give the `out` of a run, or a voice bundle")
    return Subject(name or folder.name, identity(folder), partial(_open, folder, device))


def _open(folder: Path, device: str) -> Opened:
    base, description = export.load(folder, device)
    return Opened(speak.of_base(base, description), base.dvae)


def identity(folder: Path) -> str:
    """Return the hash of all in a folder that speech depends on."""
    description = export.read_description(folder, any_normaliser=True)
    stored = [export.voice_file(folder, name) for name in export.voice_names(folder)]
    needed = [official.find(folder, "model"), folder / "config.json", folder / "vocab.json", folder / OFFICIAL, *stored]
    hashes = [files.sha256(path) for path in needed if path.is_file()]
    return key_of(hashes, {name: description.get(name) for name in READING})
