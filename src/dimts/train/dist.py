"""One process or many: who this one is, and how gradients are added up. `torchrun` sets the environment."""

import os
from collections.abc import Mapping, Sequence
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
        return self.any_of(flag)[0]

    def any_of(self, *flags: bool) -> tuple[bool, ...]:
        """Say of each flag whether any process raised it."""
        if self.size == 1:
            return flags
        raised = torch.tensor(flags, dtype=torch.float32, device=self.device)
        torch.distributed.all_reduce(raised)
        return tuple((raised > 0).tolist())

    def least(self, number: int) -> int:
        """Return the smallest of all processes' numbers."""
        if self.size == 1:
            return number
        found = torch.tensor(number, device=self.device)
        torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MIN)
        return int(found)

    def tell(self, tensor: Tensor, owner: int) -> None:
        """Replace a tensor by the owner's."""
        if self.size > 1:
            sent = tensor.to(self.device)
            torch.distributed.broadcast(sent, owner)
            tensor.copy_(sent)

    def merged(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of all processes, by names that no two of them share; only the leader keeps them."""
        if self.size == 1:
            return dict(tensors)
        described = [(name, value.shape, value.dtype) for name, value in tensors.items()]
        gathered: list[list[tuple[str, torch.Size, torch.dtype]]] = [[]] * self.size
        torch.distributed.all_gather_object(gathered, described)
        found: dict[str, Tensor] = {}
        for owner, theirs in enumerate(gathered):
            for name, shape, dtype in theirs:
                value = tensors[name] if owner == self.rank else torch.empty(shape, dtype=dtype)
                self.tell(value, owner)
                if self.leads:
                    found[name] = value
        return found

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            torch.distributed.barrier()

    def leave(self) -> None:
        """Say goodbye to the peers."""
        if self.size > 1:
            torch.distributed.destroy_process_group()


ALONE = World(0, 1, torch.device("cpu"))


def join(device: str) -> World:
    """Choose the device and join the other processes that `torchrun` started, if any."""
    rank, size = int(os.environ.get("RANK", "0")), ranks()
    chosen = choose(device, local_rank())
    if size > 1:
        if chosen.type == "cuda":
            torch.cuda.set_device(chosen)
        torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return World(rank, size, chosen)


def ranks() -> int:
    """Return how many processes `torchrun` started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_rank() -> int:
    """Return this process's place on its machine."""
    return int(os.environ.get("LOCAL_RANK", "0"))
