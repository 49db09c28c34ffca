"""Voice bundles: one folder in the official layout that speaks, with its voices, its origin and its licence."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from dimts.checkpoint import official, weights
from dimts.checkpoint.official import Base
from dimts.checkpoint.places import VOICES
from dimts.checkpoint.places import voice_file as voice_file
from dimts.checkpoint.places import voice_names as voice_names
from dimts.checkpoint.weights import State
from dimts.errors import CheckpointError
from dimts.files import sha256, whole_folder, write_text
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer
from dimts.text.front import Front
from dimts.text.languages import primary_of

COPIED = ("dvae.pth", "dvae.safetensors", "speakers_xtts.pth")
OWN = {"dimts", "created", "normaliser", "licence", "files"}  # what bundle.json says beside a bundle's facts
KINDS: dict[str, type] = {"normaliser": str, "longest_text_tokens": int, "trained_languages": list}
LICENCE = (
    "Weights derived from XTTS v2 stay under the Coqui Public Model License (CPML): non-commercial use only, for the"
    " network and its output alike. A random base made by `dimts base init` carries no such terms."
)


@dataclass(frozen=True)
class Bundle:
    """What goes into a voice bundle beside the base's own files."""

    base: Base
    network: Xtts
    tokenizer: Tokenizer
    voices: Mapping[str, State]  # name -> latents and speaker
    facts: Mapping[str, Any]  # languages, recipe, metrics, longest text: kept in bundle.json
    front: Front = Front()  # how the trained languages' texts are read
    dvae: State | None = None  # in place of the base's


def write(bundle: Bundle, folder: Path, pickled: bool = True) -> Path:
    """Write a bundle whole or not at all, replacing an older one; `pickled` adds model.pth for other tools."""
    assert bundle.network.shape.gpt.lora is None, "adapters are merged before"
    with replaced(folder) as beside:
        _fill_with_weights(bundle, beside, pickled)
        fill_with_the_rest(bundle, beside)
    return folder


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Give an empty folder that becomes `folder`. CheckpointError when something else is there, or the disk is full."""
    foreign = folder.exists() and not (folder / "bundle.json").is_file()
    if not folder.name or (foreign and (not folder.is_dir() or any(folder.iterdir()))):
        raise CheckpointError(f"{folder}: is there and is no voice bundle; choose another --out")
    try:
        with whole_folder(folder) as beside:
            yield beside
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written ({error.strerror or error}); free space") from error


def _fill_with_weights(bundle: Bundle, folder: Path, pickled: bool) -> None:
    state = {name: tensor.detach().cpu() for name, tensor in bundle.network.state_dict().items()}
    weights.write(state, folder / "model.safetensors")
    if pickled:
        weights.write_pickle({"model": state}, folder / "model.pth")
    weights.write_pickle(state["mel_stats"], folder / "mel_stats.pth")
    if bundle.dvae:
        weights.write_pickle({name: tensor.detach().cpu() for name, tensor in bundle.dvae.items()}, folder / "dvae.pth")
    write_text(folder / "config.json", json.dumps(_config(bundle), indent=2) + "\n")
    for name in COPIED:
        if (bundle.base.folder / name).is_file() and not (bundle.dvae and name.startswith("dvae")):
            shutil.copyfile(bundle.base.folder / name, folder / name)


def fill_with_the_rest(bundle: Bundle, folder: Path) -> None:
    """Write what a bundle has beside the network: vocabulary, user's files, voices, and a description of it all."""
    write_text(folder / "vocab.json", bundle.tokenizer.to_json())
    bundle.front.store(folder)
    (folder / VOICES).mkdir()
    for name, voice in bundle.voices.items():
        weights.write(dict(voice), voice_file(folder, name))
    write_text(folder / "bundle.json", json.dumps(_description(bundle, folder), indent=2, ensure_ascii=False) + "\n")


def _config(bundle: Bundle) -> dict[str, Any]:
    """Return the base's configuration with the sizes of the grown network."""
    shape = bundle.network.shape.gpt
    config = dict(bundle.base.config)
    grown = {"gpt_number_text_tokens": shape.text_rows, "gpt_max_text_tokens": shape.text_positions - 2}
    config["model_args"] = {**config.get("model_args", {}), **grown}
    config["languages"] = list(bundle.tokenizer.languages)
    return config


def _description(bundle: Bundle, folder: Path) -> dict[str, Any]:
    files = {str(path.relative_to(folder)): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        "dimts": version("dimts"),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "normaliser": bundle.front.identity,
        **bundle.facts,
        "licence": LICENCE,
        "files": files,
    }


def facts_of(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `Bundle.facts` was when a description was written."""
    return {name: value for name, value in description.items() if name not in OWN}


def read_description(folder: Path, *, any_normaliser: bool = False) -> dict[str, Any]:
    """Read bundle.json; {} for a plain base folder. CheckpointError when it is damaged or of another normaliser."""
    path = folder / "bundle.json"
    if not path.is_file():
        return {}
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        made_with = description["normaliser"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); export the voice again") from error
    for name, kind in KINDS.items():
        value = description.get(name)
        if name in description and (not isinstance(value, kind) or (isinstance(value, int) and value < 1)):
            raise CheckpointError(f"{path}: damaged ({name} is {value!r}); export the voice again")
    today = Front.like(str(made_with), folder).identity
    if made_with != today and not any_normaliser:
        raise CheckpointError(
            f"{folder}: was trained on texts of normaliser {made_with}, this is {today}; use that version"
        )
    return dict(description)


def fronts(folder: Path, description: Mapping[str, Any]) -> dict[str, Front]:
    """Return how each language that a bundle was trained on is read; the others are read as the base learned them."""
    trained = description.get("trained_languages", [])
    return {primary_of(language): Front.like(description["normaliser"], folder) for language in trained}


def load(folder: Path, device: str | torch.device = "cpu") -> tuple[Base, dict[str, Any]]:
    """Read any folder that speaks, and its description ({} for a plain base)."""
    description = read_description(folder)
    return official.load(folder, device), description
