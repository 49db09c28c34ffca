"""Passing a voice on: as one archive, or to the Hugging Face hub."""

import zipfile
from pathlib import Path

from dimts.checkpoint.hub import Unreachable, one_line
from dimts.errors import CheckpointError
from dimts.files import whole_file


def archive(folder: Path) -> Path:
    """Write FOLDER.zip beside a folder, whole or not at all; weights are not compressed, as that gains nothing."""
    path = folder.with_name(f"{folder.name}.zip")
    try:
        with whole_file(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as packed:
            for each in sorted(folder.rglob("*")):
                if each.is_file():
                    packed.write(each, Path(folder.name) / each.relative_to(folder))
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written ({error.strerror or error}); free space") from error
    return path


def push(folder: Path, repository: str, private: bool = True) -> str:
    """Upload a voice bundle as a model of the hub, with the login of this machine; return its address.

    CheckpointError for what is no bundle, and in one line for what the hub answers.
    """
    from huggingface_hub import HfApi

    if not (folder / "bundle.json").is_file():
        raise CheckpointError(f"{folder}: is no voice bundle (bundle.json is missing); export one with `dimts export`")
    try:
        with one_line(repository):
            hub = HfApi()
            made = hub.create_repo(repository, private=private, exist_ok=True)
            hub.upload_folder(repo_id=made.repo_id, folder_path=folder, commit_message="A voice by Dimts")
    except Unreachable as error:
        raise CheckpointError(f"{repository}: cannot be pushed: {error}") from error
    return str(made)
