"""Where things lie in runs and bundles, told by names alone: nothing is read, no torch is needed."""

import re
from pathlib import Path
from urllib.parse import unquote

CHECKPOINTS, VOICES = "checkpoints", "voices"
NAME = re.compile(r"update-(\d{6,})")
NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|%\x00-\x1f\x7f]|^\.')  # what some system refuses in a file's name


def place(run: Path, update: int) -> Path:
    """Return where the checkpoint of an update lies, or would."""
    return run / CHECKPOINTS / f"update-{update:06d}"


def all_of(run: Path) -> list[Path]:
    """Return the checkpoint folders of a run, oldest first, complete or not."""
    folder = run / CHECKPOINTS
    named = [path for path in folder.iterdir() if NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(named, key=update_of)


def update_of(path: Path) -> int:
    """Return the update that a checkpoint folder's name tells."""
    match = NAME.fullmatch(path.name)
    assert match, path
    return int(match.group(1))


def voice_file(folder: Path, name: str) -> Path:
    """Return where a bundle keeps a voice, whatever its name: signs that no file may have become `%2F` and such."""
    return folder / VOICES / f"{NOT_IN_NAMES.sub(lambda sign: f'%{ord(sign[0]):02X}', name)}.safetensors"


def voice_names(folder: Path) -> list[str]:
    """Return the names of a bundle's voices, sorted; [] for a plain base."""
    return sorted(unquote(path.stem) for path in (folder / VOICES).glob("*.safetensors"))
