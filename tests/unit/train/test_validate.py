"""Evaluation: fixed prompts in fixed order, the masked loss as headline, nothing left changed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from dimts.data.batching import collate
from dimts.data.prompting import fixed_draw
from dimts.train import loss, validate
from dimts.train.trainer import Trainer
from tests.flow.material import Material


def trainer_of(material: Material, out: Path, *settings: str) -> Trainer:
    return material.trainer(material.run(out, *settings))


def scores(trainer: Trainer) -> validate.Scores:
    return validate.evaluate(trainer.gpt, trainer.eval_set, trainer.stats)


def test_scores_by_definition(material: Material, tmp_path: Path) -> None:
    """Every clip alone: means over all targets, those inside prompts in the unmasked loss only."""
    trainer = trainer_of(material, tmp_path)
    masked, unmasked, text, right = [], [], [], []
    trainer.gpt.eval()
    for index, example in enumerate(trainer.pair.eval):
        draw = fixed_draw(example, index, trainer.run.prompt)
        batch = collate(trainer.pair.eval, [draw], trainer.run.prompt, trainer.stats, trainer.tokenizer.stop_id)
        with torch.no_grad():
            found = loss.score(trainer.gpt, batch, trainer.tokenizer.start_id, padded=False)
        codes_A, _ = example.tensors()
        targets_N = torch.cat([codes_A, torch.full((4,), 1025)])
        each_N = cross_entropy(found.codes_NR, targets_N, reduction="none")
        length = 12_000 if example.samples > 12_000 else example.samples // 2
        heard_N = torch.arange(len(targets_N)) < length // 1024
        masked.append(each_N[~heard_N])
        unmasked.append(each_N)
        right.append((found.codes_NR.argmax(1) == targets_N)[~heard_N])
        text.append(cross_entropy(found.text_NR, batch.text_targets_N, reduction="none"))
    got = scores(trainer)
    assert got.code_loss == pytest.approx(float(torch.cat(masked).mean()), abs=1e-5)
    assert got.code_loss_unmasked == pytest.approx(float(torch.cat(unmasked).mean()), abs=1e-5)
    assert got.text_loss == pytest.approx(float(torch.cat(text).mean()), abs=1e-5)
    assert got.code_accuracy == pytest.approx(float(torch.cat(right).float().mean()))
    assert got.code_loss != got.code_loss_unmasked


def test_the_batch_size_changes_nothing(material: Material, tmp_path: Path) -> None:
    found = [scores(trainer_of(material, tmp_path, f"batch.eval_clips={size}")) for size in (1, 2, 3)]
    for one in found[1:]:
        assert one.code_loss == pytest.approx(found[0].code_loss, abs=1e-5)
        assert one.code_accuracy == found[0].code_accuracy


def test_the_same_twice_whatever_the_seed_and_the_mode(material: Material, tmp_path: Path) -> None:
    trainer = trainer_of(material, tmp_path)
    first = scores(trainer)
    torch.manual_seed(99)
    for training in (True, False):
        trainer.gpt.train(training)
        assert scores(trainer) == first and trainer.gpt.training == training
    assert scores(trainer_of(material, tmp_path, "seed=7")) == first
    assert all(parameter.grad is None for parameter in trainer.gpt.parameters())


def test_the_masked_loss_is_the_headline_even_when_training_masks_nothing(material: Material, tmp_path: Path) -> None:
    assert scores(trainer_of(material, tmp_path, "prompt.masking=false")) == scores(trainer_of(material, tmp_path))


def test_padding_prompts_is_heard(material: Material, tmp_path: Path) -> None:
    padded = scores(trainer_of(material, tmp_path, "prompt.pad_prompts=true"))
    assert padded.code_loss != scores(trainer_of(material, tmp_path)).code_loss


def test_what_the_prompt_holds_does_not_count(material: Material, tmp_path: Path) -> None:
    """Only the targets move: the loss of codes inside the fixed prompts is in the unmasked loss alone."""
    trainer = trainer_of(material, tmp_path)
    whole = scores(trainer)
    short = replace(trainer.eval_set, prompt=trainer.run.prompt.model_copy(update={"min_samples": 9000}))
    fewer = validate.evaluate(trainer.gpt, short, trainer.stats)
    assert fewer.code_loss != whole.code_loss


def test_eval_split(material: Material, tmp_path: Path) -> None:
    held_out, own = trainer_of(material, tmp_path), trainer_of(material, tmp_path, "data.eval_split=train")
    assert [example.clip.split for example in held_out.eval_set.examples] == ["eval"] * 3
    assert own.eval_set.examples == own.pair.train
