"""What an export makes of a trained network: adapters merged into the weights, a share of the base mixed back in.

A network that learned a language from one speaker may have forgotten some of what it knew of others; weights between
old and new often keep both, since fine-tuning moves weights little.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from dimts.checkpoint import grow, official, weights
from dimts.model import lora
from dimts.model.xtts import Xtts


def merged(network: Xtts) -> Xtts:
    """Return a network that speaks alike and has no adapters; what they do not touch is shared."""
    shape = network.shape.gpt
    if shape.lora is None:
        return network
    state = lora.merged(dict(network.state_dict()), shape.lora)
    return grow.build(network, replace(network.shape, gpt=replace(shape, lora=None)), state)


def with_base(network: Xtts, base: Path, share: float) -> Xtts:
    """Return a network of (1 - share) x its own weights + share x the base's; rows that the base lacks stay.

    The base is read again from its folder: training changes its weights in memory.
    """
    if not share:
        return network
    state = dict(network.state_dict())
    for name, old in official.canonical(weights.read(official.find(base, "model"))).items():
        if name in state and state[name].dim():  # all but counters
            state[name] = _mixed(state[name], old, share)
    return grow.build(network, network.shape, state)


def _mixed(own: Tensor, base: Tensor, share: float) -> Tensor:
    """Mix as many rows as the base has; equal values stay to the bit, as all do at 0, and 1 gives the base's."""
    rows = len(base)
    return torch.cat([torch.lerp(own[:rows], base.to(own), share), own[rows:]])
