"""LoRA: narrow pairs of matrices beside a block's linear layers, which learn while the layers themselves stay.

A network is built with them (`GptShape.lora`) and speaks as without until they learn, since the second matrix of a pair
begins at zero. `merged` adds them to the weights: the same network, in the official layout again.
"""

# I inputs, O outputs, R rank, N rows

import torch
from torch import Tensor, nn

from dimts.model.cpu import dropout
from dimts.model.shapes import LoraShape

NAMED = "adapter."  # is in the name of every parameter of an adapter, and in no other
DOWN, UP = "adapter.down", "adapter.up"  # beside the layer's own `weight`
State = dict[str, Tensor]


class Adapter(nn.Module):
    """What is added to a layer's output: scale x (x down) up."""

    def __init__(self, inputs: int, outputs: int, lora: LoraShape) -> None:
        super().__init__()
        self.lora = lora
        self.down = nn.Parameter(torch.zeros(inputs, lora.rank))
        self.up = nn.Parameter(torch.zeros(lora.rank, outputs))

    def forward(self, x_NI: Tensor) -> Tensor:
        rate = self.lora.dropout if self.training else 0.0
        narrow_NR = dropout(x_NI, rate) @ self.down
        added_NO: Tensor = narrow_NR @ self.up * self.lora.scale
        return added_NO


def merged(state: State, lora: LoraShape) -> State:
    """Return a state without adapters, each added to its layer's weight in float32."""
    plain = {name: tensor for name, tensor in state.items() if NAMED not in name}
    for name, down_IR in state.items():
        if name.endswith(DOWN):
            layer = name.removesuffix(DOWN)
            product_IO = down_IR.float() @ state[layer + UP].float()
            plain[layer + "weight"] = state[layer + "weight"].float() + lora.scale * product_IO
    return plain
