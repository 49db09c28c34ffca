"""Pickles as other tools write them, pickles that would run code, and bases with such weights."""

import io
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from dimts.checkpoint import weights
from dimts.checkpoint.weights import State

Change = Callable[[State], Any]
COQUI = "TTS.tts.configs.xtts_config"


@dataclass
class XttsConfig:
    """Looks like coqui-tts's configuration object once `coqui` has given it that name."""

    model: str = "xtts"
    lr: float = 5e-6
    languages: list[str] = field(default_factory=lambda: ["en", "am"])
    model_args: dict[str, Any] = field(default_factory=lambda: {"gpt_layers": 30})
    nested: "XttsConfig | None" = None


@contextmanager
def coqui() -> Iterator[None]:
    """Let coqui-tts's module exist, with `XttsConfig` in it, so that objects of it can be pickled."""
    names = [".".join(COQUI.split(".")[: depth + 1]) for depth in range(4)]
    modules = {name: ModuleType(name) for name in names}
    vars(modules[COQUI])["XttsConfig"] = XttsConfig
    home, XttsConfig.__module__ = XttsConfig.__module__, COQUI
    sys.modules.update(modules)
    try:
        yield
    finally:
        XttsConfig.__module__ = home
        for name in names:
            del sys.modules[name]


class Calls:
    """Pickles as a call of `function(*arguments)`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


def archive(path: Path, pickled: bytes) -> Path:
    """Write an archive like torch.save's around these bytes of pickle."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in (("data.pkl", pickled), ("byteorder", b"little"), ("version", b"3\n")):
            file.writestr(f"archive/{name}", content)
    path.write_bytes(stream.getvalue())
    return path


def global_call(module: str, name: str, argument: str) -> bytes:
    """Bytes of a pickle that calls `module.name(argument)`; the module need not exist here."""
    text = argument.encode()
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"X" + len(text).to_bytes(4, "little") + text + b"\x85R."


def folder_with(base: Path, out: Path, change: Change, suffix: str = "pth") -> Path:
    """Copy a base, its weights changed and written as model.pth or model.safetensors."""
    shutil.copytree(base, out)
    state = weights.read(out / "model.safetensors")
    (out / "model.safetensors").unlink()
    if suffix == "pth":
        with coqui():
            torch.save(change(state), out / "model.pth")
    else:
        weights.write(change(state), out / "model.safetensors")
    return out
