"""One process or many: who this one is, and how gradients are added up. `torchrun` sets the environment."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor

from dimts.infer.device import choose


@dataclass(frozen=True)
class World:
    """This process among its peers."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """The one that writes files and talks to the terminal."""
        return self.rank == 0

    def memory(self) -> dict[str, float]:
        """Return the most memory that the GPU has held so far, as `gpu_gib`; {} where there is none."""
        if self.device.type != "cuda":
            return {}
        return {"gpu_gib": round(torch.cuda.max_memory_allocated(self.device) / 2**30, 3)}

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all processes."""
        if self.size > 1:
            for tensor in tensors:
                torch.distributed.all_reduce(tensor)

    def total(self, *values: float) -> list[float]:
        """Return sums over all processes, in double precision."""
        if self.size == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(sums)
        return [float(value) for value in sums]

    def together(self, names: Sequence[str]) -> list[str]:
        """Return the names that all processes give, in the order of their ranks."""
        if self.size == 1:
            return list(names)
        gathered: list[list[str]] = [[]] * self.size
        torch.distributed.all_gather_object(gathered, list(names))
        return [name for given in gathered for name in given]

    def any(self, flag: bool) -> bool:
        """Say whether any process raised its flag."""
        if self.size == 1:
            return flag
        flags = torch.tensor(float(flag), device=self.device)
        torch.distributed.all_reduce(flags)
        return bool(flags > 0)

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            torch.distributed.barrier()

    def leave(self) -> None:
        """Say goodbye to the peers."""
        if self.size > 1:
            torch.distributed.destroy_process_group()


def join(device: str) -> World:
    """Choose the device and join the other processes that `torchrun` started, if any."""
    rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    chosen = choose(device, int(os.environ.get("LOCAL_RANK", "0")))
    if size > 1:
        if chosen.type == "cuda":
            torch.cuda.set_device(chosen)
        torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return World(rank, size, chosen)
