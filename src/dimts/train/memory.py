"""Memory: what a run will take at its peak, the largest micro-batch that fits, and what to do when it does not.

What grows with a micro-batch is measured, not guessed: a long clip, a short one and both are scored, and every tensor
that the way back will need is counted. The rest is arithmetic on what is loaded and what learns.
"""

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

SIGNS = ("out of memory", "can't allocate memory", "not enough memory")  # as CUDA, MPS and CPU allocators say it
SPARE = 0.9  # share of free GPU memory that `batch.by: auto` fills: allocators need room between tensors
SPARE_CPU = 0.5  # of a machine that does other things too
KIB = 1024


@dataclass(frozen=True)
class Growth:
    """Bytes that a micro-batch keeps for the way back: `fixed`, so many for each row, and for each clip's prompt."""

    fixed: float
    row: float
    clip: float

    def of(self, rows: int, clips: int) -> float:
        """Return the bytes of a micro-batch of so many rows and clips."""
        return self.fixed + self.row * rows + self.clip * clips


@dataclass(frozen=True)
class Estimate:
    """Bytes at the peak, by what takes them."""

    loaded: float  # now: the network, the program
    gradients: float
    averages: float  # of AdamW, and EMA's
    micro_batch: float
    grows: bool  # whether gradients lie there while a micro-batch is scored: with more than one in an update

    @property
    def total(self) -> float:
        """Where an update is one micro-batch, gradients take the place of what it kept."""
        both = self.gradients + self.micro_batch if self.grows else max(self.gradients, self.micro_batch)
        return self.loaded + self.averages + both


def ran_out(error: RuntimeError) -> bool:
    """Say whether an error means that memory did not suffice."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in SIGNS)


def release(device: torch.device) -> None:
    """Give back what nothing refers to."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def peak_bytes(device: torch.device) -> int:
    """Return the most memory taken so far: of the GPU by torch, else of the machine by this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":  # does not say
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KIB


def taken_bytes(device: torch.device) -> int:
    """Return the memory taken now."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return _line(Path("/proc/self/status"), "VmRSS:") or peak_bytes(device)


def free_bytes(device: torch.device) -> int:
    """Return the memory that can still be taken."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return _line(Path("/proc/meminfo"), "MemAvailable:") or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def kept_bytes(network: nn.Module, score: Callable[[], object]) -> int:
    """Return the bytes that the way back from `score` needs beyond the network's own weights."""
    own = {p.untyped_storage().data_ptr() for p in (*network.parameters(), *network.buffers())}
    kept: dict[int, Tensor] = {}  # held, so that no storage is freed and its place counted for another

    def keep(tensor: Tensor) -> Tensor:
        if tensor.untyped_storage().data_ptr() not in own:
            kept[tensor.untyped_storage().data_ptr()] = tensor.detach()
        return tensor.detach()  # what keeps a tensor that keeps it would never be freed

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        result = score()
    total = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    del result
    return total


def growth(long: tuple[int, int], short: tuple[int, int], pair: tuple[int, int]) -> Growth:
    """Return what (rows, bytes) of a long clip, of a short one, and of the long one with another tell of all others.

    Clips of one length cannot tell rows from prompts: then all is put down to rows.
    """
    rows, second = pair[0] - long[0], pair[1] - long[1]  # what the other clip adds
    row = (long[1] - short[1]) / (long[0] - short[0]) if long[0] != short[0] else second / rows
    clip = max(0.0, second - row * rows)
    return Growth(max(0.0, long[1] - row * long[0] - clip), row, clip)


def room(taken: float, device: torch.device) -> float:
    """Return the bytes that a micro-batch may take once `taken` more are gone; negative where nothing is left."""
    return free_bytes(device) * (SPARE if device.type == "cuda" else SPARE_CPU) - taken


def _line(path: Path, name: str) -> int | None:
    """Return the bytes that a line of Linux's /proc tells; None elsewhere."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((int(line.split()[1]) * KIB for line in lines if line.startswith(name)), None)
