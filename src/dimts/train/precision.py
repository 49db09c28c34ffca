"""Number formats of a run: what forward and backward compute in, and how exactly NVIDIA GPUs multiply fp32."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}  # fp32 is without autocast


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
