"""Adapters add nothing until they learn, then what their definition says, and merge into the weights they stand by."""

import pytest
import torch
from torch import nn

from dimts.model import lora
from dimts.model.blocks import Conv1D
from dimts.model.lora import Adapter
from dimts.model.shapes import LoraShape

SHAPE = LoraShape(rank=4, alpha=6.0, dropout=0.0, targets=("attn.c_attn",), blocks=(0,))


def layer(shape: LoraShape | None, seed: int = 0) -> Conv1D:
    """A layer of random weights; its adapter's, if it has one, random too."""
    torch.manual_seed(seed)
    made = Conv1D(12, 20, shape)
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


@pytest.mark.parametrize("rows", [3, 50])
def test_what_an_adapter_adds(rows: int) -> None:
    adapted, x_NI = layer(SHAPE), torch.randn(rows, 12)
    adapter = adapted.adapter
    assert isinstance(adapter, Adapter)
    plain_NO = x_NI @ adapted.weight + adapted.bias
    torch.testing.assert_close(adapted(x_NI), plain_NO + 6.0 / 4 * (x_NI @ adapter.down) @ adapter.up)
    nn.init.zeros_(adapter.up)
    torch.testing.assert_close(adapted(x_NI), plain_NO)


def test_dropout_is_of_what_an_adapter_hears_while_training() -> None:
    adapter = Adapter(1000, 2, LoraShape(2, 2.0, 0.25, (), ()))
    nn.init.ones_(adapter.down)
    nn.init.ones_(adapter.up)
    ones_NI = torch.ones(40, 1000)
    assert adapter.eval()(ones_NI).unique().tolist() == [2000]
    dropped_NO = adapter.train()(ones_NI)
    assert len(dropped_NO.unique()) > 20 and dropped_NO.mean().item() == pytest.approx(2000, rel=0.01)
    assert dropped_NO.std().item() == pytest.approx(2 * (1000 * 0.25 / 0.75) ** 0.5, rel=0.3)


def test_merged() -> None:
    adapted, x_NI = layer(SHAPE), torch.randn(7, 12)
    state = lora.merged(dict(adapted.state_dict()), SHAPE)
    plain = Conv1D(12, 20, None)
    plain.load_state_dict(state, strict=True)
    torch.testing.assert_close(plain(x_NI), adapted(x_NI))
    assert not torch.equal(plain.weight, adapted.weight) and state["weight"].dtype == torch.float32
    assert adapted.adapter is not None and lora.DOWN in adapted.state_dict()
