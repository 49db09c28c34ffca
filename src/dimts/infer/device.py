"""Which device computes."""

import torch

from dimts.errors import ConfigError


def choose(device: str, local_rank: int = 0) -> torch.device:
    """Resolve `auto` and check that the device is there. ConfigError if not."""
    if device == "auto":
        mps = torch.backends.mps.is_available()
        device = f"cuda:{local_rank}" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device: {device} cannot be used here ({reason}); `dimts doctor` lists what can") from error
    return chosen
