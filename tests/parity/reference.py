"""Networks filled by `formula`, and the numbers that coqui-tts computed with them.

The tiny network's numbers lie in golden/ (made by coqui-tts 0.28.0 from the two LJ Speech clips beside them, which are
in the public domain). The full-size numbers are read from ../shared/oracle when that folder is there.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor, nn

from dimts.model.dvae import Dvae
from dimts.model.shapes import DvaeShape, XttsShape
from dimts.model.xtts import Xtts

GOLDEN = Path(__file__).parent / "golden"
ORACLE = Path(__file__).parents[3] / "shared" / "oracle"
Numbers = dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"]


@dataclass(frozen=True)
class Reference:
    network: Xtts
    dvae: Dvae
    numbers: Numbers
    waves: tuple[Tensor, Tensor]

    def __getitem__(self, key: str) -> Tensor:
        return torch.from_numpy(np.asarray(self.numbers[key]))


def formula(name: str, shape: tuple[int, ...]) -> Tensor:
    """Return the value of a parameter or buffer, a pure function of its official name and shape."""
    noise = np.random.RandomState(zlib.crc32(name.encode())).uniform(-1.0, 1.0, size=shape).astype(np.float32)
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    if leaf == "running_var":
        return torch.from_numpy(np.asarray(1.0 + 0.25 * noise))
    if leaf in {"running_mean", "bias"}:
        return torch.from_numpy(np.asarray(0.05 * noise))
    if leaf in {"gamma", "original0"} or (leaf == "weight" and len(shape) == 1):
        return torch.from_numpy(np.asarray(1.0 + 0.1 * noise))
    if "embedding" in name or leaf == "latents":
        return torch.from_numpy(np.asarray(0.1 * noise))
    if leaf == "embed":
        return torch.from_numpy(np.asarray(noise))
    if leaf in {"embed_avg", "cluster_size"}:
        return torch.zeros(shape)
    stored_in_out = any(part in name for part in ("c_attn", "c_proj", "c_fc"))
    fan_in = shape[0] if stored_in_out else int(np.prod(shape[1:])) or 1
    return torch.from_numpy(np.asarray(noise * np.float32((3.0 / fan_in) ** 0.5)))


def mel_stats() -> Tensor:
    return torch.from_numpy(2.0 + 0.5 * np.random.RandomState(7).uniform(-1, 1, 80).astype(np.float32))


def read_keys(size: str, dvae: bool = False) -> dict[str, tuple[int, ...]]:
    """Return official names and shapes of model.pth, or of dvae.pth without its loss buffers."""
    lines = (GOLDEN / f"keys-{size}.tsv").read_text().splitlines()
    pairs = (line.split("\t") for line in lines)
    keys = {name: tuple(int(n) for n in shape.strip("[]").split(",") if n) for name, shape in pairs}
    if dvae:
        ours = {name.removeprefix("dvae."): shape for name, shape in keys.items() if name.startswith("dvae.")}
        return {name: shape for name, shape in ours.items() if not name.startswith("discrete_loss.")}
    return {name: shape for name, shape in keys.items() if not name.startswith("dvae.")}


def build(size: str) -> Reference:
    numbers = dict(np.load((GOLDEN if size == "tiny" else ORACLE) / f"{size}.npz"))
    keys = read_keys(size)
    with torch.device("meta"):
        network = Xtts(XttsShape.read(keys, heads=4 if size == "tiny" else 16))
        dvae = Dvae(DvaeShape.read(read_keys(size, dvae=True)))
    fill(network, "")
    fill(dvae, "dvae.")
    clips = [soundfile.read(GOLDEN / f"LJ001-000{i}.flac", dtype="float32")[0] for i in (1, 2)]
    return Reference(network.eval(), dvae.eval(), numbers, (torch.from_numpy(clips[0]), torch.from_numpy(clips[1])))


def fill(module: nn.Module, prefix: str) -> None:
    buffers = np.load(GOLDEN / "speaker-buffers.npz")
    state = {name: formula(prefix + name, tuple(tensor.shape)) for name, tensor in module.state_dict().items()}
    for name in state:
        if name.endswith(("fb", "window", "filter")):
            kept = next(key for key in buffers if key.endswith(name.rsplit(".", 1)[-1]))
            state[name] = torch.from_numpy(buffers[kept])
    if "mel_stats" in state:
        state["mel_stats"] = mel_stats()
    module.load_state_dict(state, assign=True)
