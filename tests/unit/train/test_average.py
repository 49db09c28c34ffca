"""EMA: what is averaged, when it is evaluated, saved and exported in the weights' stead."""

from pathlib import Path

import torch
from torch import nn

from dimts.checkpoint import store
from dimts.train import validate
from dimts.train.average import Average
from dimts.train.interrupt import Stop
from dimts.train.trainable import Piece
from tests.flow.material import Material, quiet_display


def pieces() -> list[Piece]:
    parameter = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
    return [Piece("x[1:]", parameter, slice(1, None), True)]


def test_shadows_follow_the_weights() -> None:
    (piece,) = pieces()
    average = Average([piece], 0.9)
    assert torch.equal(average.state()["x[1:]"], torch.tensor([2.0, 3.0]))
    piece.parameter.data += 10
    average.update()
    assert torch.allclose(average.state()["x[1:]"], torch.tensor([3.0, 4.0]))
    average.update()
    assert torch.allclose(average.state()["x[1:]"], torch.tensor([3.9, 4.9]))
    assert piece.parameter.tolist() == [11, 12, 13]


def test_in_place_for_a_while_even_through_an_error() -> None:
    (piece,) = pieces()
    average = Average([piece], 0.5)
    piece.parameter.data += 10
    for broken in (False, True):
        try:
            with average.in_place():
                assert piece.parameter.tolist() == [11, 2, 3]
                if broken:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        assert piece.parameter.tolist() == [11, 12, 13] and average.state()["x[1:]"].tolist() == [2, 3]


def test_a_run_evaluates_saves_and_exports_the_average(material: Material, tmp_path: Path) -> None:
    trainer = material.trainer(material.run(tmp_path, "train.ema=0.5", "train.max_updates=2", "train.trainable=last-2"))
    average = trainer.state.average
    assert average is not None
    start = {name: tensor.clone() for name, tensor in average.state().items()}
    trainer.fit(Stop(), quiet_display(trainer))
    end = {piece.name: piece.tensor.clone() for piece in trainer.state.pieces}
    shadows = {name: tensor.clone() for name, tensor in average.state().items()}
    assert all(not torch.equal(end[name], shadows[name]) for name in end if name != "text_pos_embedding.emb.weight")
    assert start.keys() == shadows.keys() == end.keys()
    saved = store.load(store.place(tmp_path, 2)).tensors
    assert all(torch.equal(saved["ema"][name], shadow) for name, shadow in shadows.items())
    assert torch.equal(saved["weights"]["final_norm.bias"], end["final_norm.bias"])
    best = trainer.best()
    assert all(torch.equal(piece.tensor, shadows[piece.name]) for piece in trainer.state.pieces)
    scores = validate.evaluate(best.gpt, trainer.eval_set, trainer.stats)
    assert trainer.state.best is not None and trainer.state.best.value == scores.code_loss


def test_off_by_default_and_live_when_on(material: Material, tmp_path: Path) -> None:
    plain = material.trainer(material.run(tmp_path / "plain", "train.max_updates=2"))
    averaged = material.trainer(material.run(tmp_path / "averaged", "train.max_updates=2", "train.ema=0.9"))
    for trainer in (plain, averaged):
        trainer.fit(Stop(), quiet_display(trainer))
    assert plain.state.average is None and "ema" not in store.load(store.place(tmp_path / "plain", 2)).tensors
    pairs = zip(plain.gpt.parameters(), averaged.gpt.parameters(), strict=True)
    assert all(torch.equal(one, two) for one, two in pairs)  # the weights themselves learn the same
    assert plain.state.best is not None and averaged.state.best is not None
    assert plain.state.best.value != averaged.state.best.value
