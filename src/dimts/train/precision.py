"""Number formats of a run: what forward and backward compute in, and how exactly NVIDIA GPUs multiply fp32."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}  # fp32 is without autocast
FIRST_SCALE = 2.0**16  # as torch's GradScaler has them
GROWTH_UPDATES = 2_000


@dataclass
class LossScale:
    """What the loss is multiplied by, so that fp16 gradients do not vanish: halved when they overflow, else growing."""

    value: float = 1.0
    good_updates: int = 0  # since it last changed
    enabled: bool = False

    @staticmethod
    def of(number_format: str) -> "LossScale":
        """Return the scale that a format needs: 1 for all but fp16."""
        return LossScale(FIRST_SCALE, 0, True) if number_format == "fp16" else LossScale()

    @property
    def can_fall(self) -> bool:
        """Whether an overflow may be its fault."""
        return self.enabled and self.value > 1

    def update(self, finite: bool) -> None:
        """Learn whether an update's gradient was finite."""
        if not self.enabled:
            return
        self.good_updates = self.good_updates + 1 if finite else 0
        if not finite:
            self.value /= 2
        elif self.good_updates == GROWTH_UPDATES:
            self.value, self.good_updates = self.value * 2, 0

    def facts(self) -> dict[str, object]:
        """Return what a checkpoint keeps."""
        return asdict(self)

    @staticmethod
    def from_facts(facts: Mapping[str, object]) -> "LossScale":
        """Take back what `facts` gave."""
        return LossScale(**facts)  # type: ignore[arg-type]


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    """Let CUDA round fp32 products to TF32 inside the block, or forbid it: torch itself allows it for convolutions."""
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    products.allow_tf32 = convolutions.allow_tf32 = allowed
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before


@contextmanager
def equal_shapes() -> Iterator[None]:
    """Let cuDNN try which convolution is fastest, which pays where shapes are always the same.

    Not by torch.backends.cudnn.flags(benchmark=True): that turns cuDNN off
    (tests/unit/train/test_precision.py::test_trying_convolutions_leaves_cudnn_on).
    """
    cudnn = torch.backends.cudnn
    before, cudnn.benchmark = cudnn.benchmark, True
    try:
        yield
    finally:
        cudnn.benchmark = before
