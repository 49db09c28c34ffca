"""Guided attention: what strays from the diagonal costs, other heads are free, and training listens."""

from pathlib import Path

import torch
from torch import Tensor

from dimts.data.batching import MicroBatch, collate
from dimts.data.prompting import Draw
from dimts.model.attending import text_attention
from dimts.model.blocks import Watch
from dimts.train import guide, loss
from dimts.train.engine import Tally
from dimts.train.trainer import Trainer
from tests.flow.material import Material
from tests.unit.data.test_batching import SHORT, STATS, STOP_ID, example
from tests.unit.train.test_loss import gradients, trainer_of


def heard(material: Material, out: Path, padded: bool) -> tuple[Tensor, MicroBatch]:
    """What codes of an update's clips attend to, and these clips."""
    trainer = trainer_of(material, out, 1)
    (draws,) = trainer.plan.update(0).micro_batches
    batch = collate(trainer.pair.train, draws, trainer.run.prompt, trainer.stats, trainer.tokenizer.stop_id)
    watch = Watch(1)
    with torch.no_grad():
        loss.score(trainer.gpt.eval(), batch, trainer.tokenizer.start_id, padded, watch)
    text, codes = [len(ids) for ids in batch.text], [len(ids) for ids in batch.codes]
    return text_attention(watch, trainer.gpt.shape.heads, trainer.gpt.shape.latents, text, codes), batch


def test_attention_adds_up_over_the_own_text_alone(material: Material, tmp_path: Path) -> None:
    shares_BHAT, batch = heard(material, tmp_path, padded=False)
    for shares_HAT, text, codes in zip(shares_BHAT, batch.text, batch.codes, strict=True):
        assert torch.allclose(shares_HAT[:, : len(codes)].sum(-1), torch.ones(1), atol=1e-5)
        assert float(shares_HAT[:, len(codes) :].abs().sum()) == 0 == float(shares_HAT[..., len(text) :].abs().sum())
    assert len({len(ids) for ids in batch.text}) > 1
    assert torch.allclose(shares_BHAT, heard(material, tmp_path, padded=True)[0], atol=1e-5)


def test_only_what_leaves_the_diagonal_costs() -> None:
    away_BAT = guide.off_diagonal([40, 20], [40, 10])
    assert float(away_BAT[0].diagonal().max()) < 1e-6 < 0.99 < float(away_BAT[0, 0, 39])
    assert torch.equal(away_BAT[1, ::2, :10].argmin(1)[:10], torch.arange(10))


def test_training_learns_to_look_along_the_text(material: Material, tmp_path: Path) -> None:
    """The gradient of the guide reaches the queries and keys of its heads, and walking down it they stray less."""
    trainer = trainer_of(material, tmp_path, 1, "train.guided_attention=10000")
    block = trainer.gpt.shape.layers // 2
    name, width = f"gpt.h.{block}.attn.c_attn.weight", trainer.gpt.shape.width
    plain, guided = (
        gradients(trainer_of(material, tmp_path, 1, f"train.guided_attention={weight}"))[name] for weight in (0, 1)
    )
    assert torch.allclose(plain[:, 2 * width :], guided[:, 2 * width :], atol=1e-7)  # values are not guided
    per_head = (guided - plain)[:, :width].reshape(width, trainer.gpt.shape.heads, -1).norm(dim=(0, 2))
    assert float(per_head[: guide.HEADS].min()) > 1e-6 >= float(per_head[guide.HEADS :].max())
    strayed = losses_walking_down(trainer, name)
    assert strayed == sorted(strayed, reverse=True) and strayed[-1] < 0.99 * strayed[0]


def losses_walking_down(trainer: Trainer, name: str) -> list[float]:
    """Strayed attention of the same update, before and after each of three steps of a weight down its gradient."""
    update, found, weight = trainer.plan.update(0), list[float](), trainer.gpt.get_parameter(name)
    for _ in range(4):
        trainer.gpt.zero_grad()
        tally = Tally()
        for micro, draws in enumerate(update.micro_batches):
            trainer.engine.micro_batch(update, micro, draws, tally)
        found.append(tally.totals()[2])
        assert weight.grad is not None
        weight.data -= weight.grad / weight.grad.norm()
    return found


def test_prompts_of_equal_length_are_stacked_and_told_apart() -> None:
    clips = [example(n, 30_000 + 5000 * n) for n in range(4)]
    draws = [Draw(n, 1024 * n, length) for n, length in enumerate((9000, 8000, 9000, 7000))]
    prompt = SHORT.model_copy(update={"pad_prompts": False})
    batch = collate(clips, draws, prompt, STATS, STOP_ID)
    assert [len(stack) for stack in batch.prompts] == [2, 1, 1] and batch.prompt_order == (0, 2, 1, 3)
    rows = [row for stack in batch.prompts for row in stack]
    for number, draw in enumerate(draws):
        (alone,) = collate(clips, [draw], prompt, STATS, STOP_ID).prompts
        assert torch.equal(rows[batch.prompt_order[number]], alone[0])
