"""Weight files as dictionaries of tensors: safetensors, and official pickles read with an allow-list.

An official model.pth pickles its configuration object beside the tensors. Such objects become inert data: their class
is replaced by an empty one, so nothing of the file's code ever runs. Any other global in a pickle refuses the file.
"""

import pickle
import re
import struct
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from dimts.errors import CheckpointError

State = dict[str, Tensor]

# Classes that official checkpoints and trainers pickle as data; everything else is refused.
INERT = re.compile(
    r"(TTS|trainer|coqpit)\..+"
    r"|pathlib\.\w*Path|pathlib\._local\.\w*Path|argparse\.Namespace"
    r"|numpy\.dtype|numpy\.dtypes\.\w+|numpy\.ndarray|numpy\.(_core|core)\.multiarray\.(scalar|_reconstruct)"
)
ZIP, PICKLE = b"PK\x03\x04", b"\x80"  # how files of torch.save begin: today's, and those before torch 1.6
# What torch raises on damaged bytes, its asserts included.
READ_ERRORS = (
    *(RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError),
    *(AssertionError, struct.error, OverflowError, MemoryError),
)


class Inert:
    """Stands for an object of a class that is not wanted here; takes anything, does nothing."""

    def __init__(self, *values: Any, **named: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


def read(path: Path) -> State:
    """Read the tensors of a .safetensors or .pth file. CheckpointError in one line says why it cannot be.

    They get memory of their own: in a mapped file they lie as they come, and sums differ with the alignment.
    """
    return {name: tensor.clone() for name, tensor in _mapped(path).items()}


def outline(path: Path) -> State:
    """Return tensors without content, on the meta device: names, shapes and whether they are floats.

    No weight is read, but of a .pth file in the format before torch 1.6. CheckpointError as `read`.
    """
    if path.suffix != ".safetensors" or not path.is_file():
        return {name: torch.empty_like(tensor, device="meta") for name, tensor in _mapped(path).items()}
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {name: _empty(part.get_shape(), part.get_dtype()) for name, part in slices.items()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged or cut off ({_first_line(error)}); copy it again") from error


def read_pickle(path: Path) -> Any:
    """Unpickle tensors and plain data; listed classes become `Inert`, a file with any other is refused."""
    try:
        zipped = _is_zip(path)
        names = get_unsafe_globals_in_checkpoint(path) if zipped else []
        if refused := [name for name in names if not INERT.fullmatch(name)]:
            raise _refusal(path, refused)
        stubs = [(type(name.rsplit(".", 1)[-1], (Inert,), {}), name) for name in names]
        with safe_globals(stubs), warnings.catch_warnings():  # type: ignore[arg-type]
            warnings.simplefilter("ignore")  # torch's advice to programmers, about the pickle's protocol
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except READ_ERRORS as error:
        if found := re.search(r"GLOBAL (\S+)", str(error)):  # of a file in the old format: only reading it tells
            raise _refusal(path, [found[1]]) from error
        raise CheckpointError(f"{path}: damaged, cut off or foreign ({_first_line(error)}); copy it again") from error


def write(state: State, path: Path, facts: Mapping[str, str] | None = None) -> None:
    """Write a .safetensors file, with `facts` about it inside. CheckpointError when the disk refuses it."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    try:
        save_file(tensors, path, None if facts is None else dict(facts))
        path.chmod(0o644)  # safetensors makes files that only their owner may read
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: cannot be written ({_first_line(error)}); free space on the disk") from error


def read_facts(path: Path) -> dict[str, str]:
    """Read what a .safetensors file says about itself. CheckpointError when it is damaged."""
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged or cut off ({_first_line(error)}); copy it again") from error


def write_pickle(content: Any, path: Path) -> None:
    """Write tensors or plain data as a .pth file, for other tools. CheckpointError when the disk is full."""
    try:
        torch.save(content, path)
    except (RuntimeError, OSError) as error:
        raise CheckpointError(f"{path}: cannot be written ({_first_line(error)}); free space on the disk") from error


def shown(names: Iterable[str], limit: int = 3) -> str:
    """Return a short list of names for a message: the first few, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more


def _mapped(path: Path) -> State:
    """Open the tensors of a file where they lie."""
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; the folder is not a complete base, fetch or init it again")
    if path.suffix != ".safetensors":
        return _tensors(read_pickle(path), path)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged or cut off ({_first_line(error)}); copy it again") from error


def _empty(shape: list[int], dtype: str) -> Tensor:
    """Make a tensor without content; safetensors calls its types F32, BF16, I64 and the like."""
    return torch.empty(shape, dtype=torch.float32 if "F" in dtype else torch.int64, device="meta")


def _tensors(content: Any, path: Path) -> State:
    """Take the tensors out of a plain dictionary, or out of its "model" entry as trainers nest them."""
    if isinstance(content, dict) and isinstance(content.get("model"), dict):
        content = content["model"]
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: holds no dictionary of weights; give an XTTS v2 checkpoint")
    tensors = {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}
    if not tensors:
        raise CheckpointError(f"{path}: holds no weights; give an XTTS v2 checkpoint")
    return tensors


def _is_zip(path: Path) -> bool:
    """Tell today's format of torch.save from the old one; ValueError for what is neither."""
    with path.open("rb") as file:
        begin = file.read(len(ZIP))
    if begin != ZIP and not begin.startswith(PICKLE):
        raise ValueError("not a file of torch.save" if begin else "0 bytes")
    return begin == ZIP


def _refusal(path: Path, names: Iterable[str]) -> CheckpointError:
    return CheckpointError(f"{path}: refused: it would run code ({shown(names)}); get it from a trusted source")


def _first_line(error: BaseException) -> str:
    """Return what is wrong in one line; torch's own advice to load the file unsafely is left out."""
    lines = [line for line in str(error).splitlines() if line.strip() and "weights_only" not in line]
    return (lines or [type(error).__name__])[0].strip()[:160]
