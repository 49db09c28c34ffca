"""Base folders in the official layout: read, converted to one set of names, and built into a network."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from dimts.checkpoint import weights
from dimts.checkpoint.weights import State, shown
from dimts.errors import CheckpointError
from dimts.model.dvae import Dvae
from dimts.model.shapes import CODES, DvaeShape, XttsShape
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer

# What checkpoints may hold beside the network: trainers' copies of the DVAE and mel fronts, the module tree that
# upstream grows for generation, the causal masks of old transformers, the DVAE's loss statistics.
TOLERATED = re.compile(
    r"(dvae|torch_mel_spectrogram_style_encoder|torch_mel_spectrogram_dvae)\..+"
    r"|gpt\.gpt_inference\..+|gpt\.gpt\.wte\..+|gpt\.gpt\.h\.\d+\.attn\.(masked_)?bias"
)
ADAPTERS = "adapters.safetensors"  # what a slim voice has in place of weights
TOLERATED_DVAE = re.compile(r"discrete_loss\..+")
Module = TypeVar("Module", bound=nn.Module)
Sizes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Base:
    """A folder of official layout, read: what speaks, what codes, what tokenizes."""

    folder: Path
    config: dict[str, Any]
    network: Xtts
    dvae: Dvae | None  # None: the folder can speak but not train
    tokenizer: Tokenizer

    @cached_property
    def sha256(self) -> str:
        """The hash of weights and vocabulary; ask before training changes the weights in place."""
        return fingerprint(*self.network.state_dict().values()) + self.tokenizer.sha256[:8]

    def need_dvae(self) -> Dvae:
        """Return the DVAE, or say that training needs it."""
        if self.dvae is None:
            raise CheckpointError(f"{self.folder}: no dvae.pth: it can speak but not train; fetch the complete base")
        return self.dvae


def load(folder: Path, device: str | torch.device = "cpu") -> Base:
    """Read a base folder or a voice bundle, strictly; float32, eval mode. CheckpointError names what is wrong."""
    base = _open(folder, weights.read)
    dvae = base.dvae.to(device) if base.dvae else None
    return replace(base, network=base.network.to(device), dvae=dvae)


def survey(folder: Path) -> Base:
    """Check a folder as `load` does and return it with a network that has shapes alone: no weight is read."""
    return _open(folder, weights.outline)


def _open(folder: Path, read: Callable[[Path], State]) -> Base:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "no such folder"
        raise CheckpointError(f"{folder}: {what}; give a base folder (`dimts base fetch` or `dimts base init`)")
    if (folder / ADAPTERS).is_file():
        raise CheckpointError(
            f"{folder}: holds adapters alone; `dimts export {folder} --base BASE --out VOICE` makes it a voice"
        )
    config = read_config(folder)
    tokenizer = Tokenizer.read(folder / "vocab.json")
    path = find(folder, "model")
    network = build_network(canonical(read(path)), _heads(config, folder), path, folder)
    _match(tokenizer, network, folder)
    _match_layers(config, network, path)
    return Base(folder, config, network, _load_dvae(folder, read), tokenizer)


def find(folder: Path, stem: str) -> Path:
    """Return the weight file of that name: .safetensors before .pth."""
    safe = folder / f"{stem}.safetensors"
    return safe if safe.is_file() else folder / f"{stem}.pth"


def read_config(folder: Path) -> dict[str, Any]:
    """Read config.json. CheckpointError when it is missing or damaged."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: no such file; the folder is not a complete base, fetch or init it again"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); copy it again") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path}: not an XTTS configuration; copy it again")
    return config


def canonical(state: State) -> State:
    """Give every tensor its official name: no `xtts.` prefix, weight norm as parametrizations, no tolerated extras."""
    renamed = {_canonical_name(name): tensor for name, tensor in state.items()}
    return {name: tensor for name, tensor in renamed.items() if not TOLERATED.fullmatch(name)}


def build_network(state: State, heads: int, path: Path, folder: Path | None = None) -> Xtts:
    """Build the network that a canonical state describes and fill it, strictly."""
    if "mel_stats" not in state and folder and (folder / "mel_stats.pth").is_file():
        stats = weights.read_pickle(folder / "mel_stats.pth")
        state = {**state, "mel_stats": stats} if isinstance(stats, Tensor) else state

    def build(sizes: Sizes) -> Xtts:
        shape = XttsShape.read(sizes, heads)
        gpt = shape.gpt
        if heads < 1 or gpt.width % heads:
            raise CheckpointError(
                f"{path}: width {gpt.width} has no {heads} heads; copy the config.json that came with these weights"
            )
        if gpt.code_rows != CODES + 2:
            raise CheckpointError(f"{path}: {gpt.code_rows} code rows, XTTS v2 has {CODES + 2}; give an XTTS v2 base")
        return Xtts(shape)

    return _fill(build, state, path)


def fingerprint(*tensors: Tensor) -> str:
    """Return the hash of tensors' contents: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(str((tuple(tensor.shape), tensor.dtype)).encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _load_dvae(folder: Path, read: Callable[[Path], State]) -> Dvae | None:
    path = find(folder, "dvae")
    if not path.is_file():
        return None
    state = {name.removeprefix("dvae."): tensor for name, tensor in read(path).items()}
    state = {name: tensor for name, tensor in state.items() if not TOLERATED_DVAE.fullmatch(name)}
    dvae = _fill(lambda sizes: Dvae(DvaeShape.read(sizes)), state, path)
    if dvae.shape.codes > CODES:
        raise CheckpointError(f"{path}: {dvae.shape.codes} codes, XTTS v2 has {CODES}; use the base's own dvae.pth")
    return dvae


def _canonical_name(name: str) -> str:
    name = name.removeprefix("module.").removeprefix("xtts.")
    name = re.sub(r"\.weight_g$", ".parametrizations.weight.original0", name)
    return re.sub(r"\.weight_v$", ".parametrizations.weight.original1", name)


def _fill(build: Callable[[Sizes], Module], state: State, path: Path) -> Module:
    """Build a module without memory, compare names and shapes, and put the weights in as float32."""
    sizes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    try:
        with torch.device("meta"):
            module = build(sizes)
    except KeyError as error:
        raise CheckpointError(f"{path}: not an XTTS v2 checkpoint: lacks {error.args[0]}; copy it again") from error
    except (ValueError, ZeroDivisionError, IndexError, RuntimeError) as error:
        raise CheckpointError(f"{path}: not an XTTS v2 checkpoint: odd shapes ({error}); copy it again") from error
    expected = module.state_dict()
    _compare({name: tuple(tensor.shape) for name, tensor in expected.items()}, sizes, path)
    if odd := [name for name, t in state.items() if t.is_floating_point() != expected[name].is_floating_point()]:
        raise CheckpointError(f"{path}: {len(odd)} weights of wrong type ({shown(odd)}); give them as floats")
    floats = {name: t.float() if t.is_floating_point() else t for name, t in state.items()}
    module.load_state_dict(floats, strict=True, assign=True)
    return module.eval()


def _compare(expected: Sizes, given: Sizes, path: Path) -> None:
    problems = []
    if missing := expected.keys() - given.keys():
        problems.append(f"{len(missing)} weights missing ({shown(missing)})")
    if unexpected := given.keys() - expected.keys():
        problems.append(f"{len(unexpected)} unknown ({shown(unexpected)})")
    if wrong := [name for name in expected.keys() & given.keys() if expected[name] != given[name]]:
        first = min(wrong)
        problems.append(f"{len(wrong)} of wrong shape ({first}: {given[first]} where {expected[first]} fits)")
    if problems:
        raise CheckpointError(f"{path}: not a complete XTTS v2 checkpoint: {'; '.join(problems)}; copy it again")


def _heads(config: dict[str, Any], folder: Path) -> int:
    arguments = config.get("model_args")
    heads = arguments.get("gpt_n_heads") if isinstance(arguments, dict) else None
    if not isinstance(heads, int):
        raise CheckpointError(
            f"{folder / 'config.json'}: lacks model_args.gpt_n_heads; copy the base's own config.json"
        )
    return heads


def _match(tokenizer: Tokenizer, network: Xtts, folder: Path) -> None:
    rows = network.shape.gpt.text_rows
    if tokenizer.rows != rows:
        raise CheckpointError(
            f"{folder / 'vocab.json'}: foreign vocabulary: {tokenizer.rows} rows, the weights have {rows}; "
            "use the vocab.json that came with these weights"
        )


def _match_layers(config: dict[str, Any], network: Xtts, path: Path) -> None:
    """Weights that lack the last blocks look like a smaller network: only config.json can tell."""
    stated, found = config["model_args"].get("gpt_layers"), network.shape.gpt.layers
    if stated not in (None, found):
        raise CheckpointError(f"{path}: {found} layers, config.json says {stated}; copy both from the same base")
