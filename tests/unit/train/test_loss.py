"""The gradient of an update is that of one mean over all its targets, however split; masked codes count nothing."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dimts.data.batching import IGNORED, Plan, Update, collate
from dimts.data.dataset import Example
from dimts.data.prompting import Draw
from dimts.model.gpt import Scores
from dimts.train import loss
from dimts.train.engine import Tally
from dimts.train.trainer import Trainer
from tests.flow.material import Material
from tests.unit.data.test_batching import PROMPT, SHORT, STATS, STOP_ID, example, examples, plan

SPLITS = {1: (7, 1), 2: (4, 2), 4: (2, 4)}  # ways: (clips, accumulation); 7 clips, so the last one is smaller
DRY = "train.dropout=0"


def trainer_of(material: Material, out: Path, ways: int, *settings: str) -> Trainer:
    clips, accumulation = SPLITS[ways]
    layout = (f"batch.clips={clips}", f"batch.accumulation={accumulation}")
    return material.trainer(material.run(out, DRY, *layout, *settings))


def gradients(trainer: Trainer, number: int = 0, update: Update | None = None) -> dict[str, Tensor]:
    """The gradients of one update as the trainer adds them up."""
    update = update or trainer.plan.update(number)
    trainer.gpt.train()
    for micro, draws in enumerate(update.micro_batches):
        trainer.engine.micro_batch(update, micro, draws, Tally())
    return {name: p.grad for name, p in trainer.gpt.named_parameters() if p.grad is not None}


def expected(trainer: Trainer, number: int = 0) -> dict[str, Tensor]:
    """The same by definition: every clip scored alone, one mean over all targets outside the prompts."""
    update, run = trainer.plan.update(number), trainer.run
    text, codes = [], []
    for draw in itertools.chain(*update.micro_batches):
        alone = collate(trainer.pair.train, [draw], run.prompt, trainer.stats, trainer.tokenizer.stop_id)
        scores = loss.score(trainer.gpt, alone, trainer.tokenizer.start_id, padded=False)
        text.append(cross_entropy(scores.text_NR, alone.text_targets_N, reduction="none"))
        each = cross_entropy(scores.codes_NR, alone.code_targets_N.clamp(min=0), reduction="none")
        codes.append(each[alone.code_targets_N != IGNORED] if run.prompt.masking else each)
    whole = run.train.text_weight * torch.cat(text).mean() + torch.cat(codes).mean()
    names, parameters = zip(*trainer.gpt.named_parameters(), strict=True)
    return dict(zip(names, torch.autograd.grad(whole, parameters), strict=True))


def assert_same(one: dict[str, Tensor], two: dict[str, Tensor]) -> None:
    assert one.keys() == two.keys() and max(float(grad.norm()) for grad in one.values()) > 0.1
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-5


EVERY = [(ways, layout) for layout in ("packed", "padded") for ways in SPLITS]


@pytest.mark.parametrize(
    ("settings", "splits"),
    [((), EVERY), (("prompt.masking=false",), EVERY), (("prompt.pad_prompts=true",), [(1, "packed"), (4, "padded")])],
)
def test_the_gradient_is_of_one_mean_however_it_is_split(
    material: Material, tmp_path: Path, settings: Sequence[str], splits: Sequence[tuple[int, str]]
) -> None:
    reference = expected(trainer_of(material, tmp_path, 1, *settings))
    for ways, layout in splits:
        trainer = trainer_of(material, tmp_path, ways, f"batch.layout={layout}", *settings)
        assert len(trainer.plan.update(0).micro_batches) == ways
        assert_same(gradients(trainer), reference)


@pytest.mark.parametrize("layout", ["packed", "padded"])
def test_the_gradient_is_the_same_by_tokens(material: Material, tmp_path: Path, layout: str) -> None:
    """Clips of unlike length, most of them together, one alone, and after memory ran out, in halves."""
    reference = expected(trainer_of(material, tmp_path, 1))
    trainer = trainer_of(material, tmp_path, 1, "batch.by=auto", f"batch.layout={layout}")
    for budget, ways in ((400, (2, 3)), (150, (4, 7))):
        laid_out = trainer.plan.update(0).within(budget)
        assert ways[0] <= len(laid_out.micro_batches) <= ways[1]
        assert_same(gradients(trainer, update=laid_out), reference)
        trainer.gpt.zero_grad()


def test_rows_are_those_of_the_network(material: Material, tmp_path: Path) -> None:
    """An update says how many rows its clips take, and the network takes so many."""
    trainer, taken = trainer_of(material, tmp_path, 1), list[int]()
    update = trainer.plan.update(0)
    trainer.gpt.gpt.register_forward_pre_hook(lambda module, given: taken.append(len(given[0])))
    for draw in update.draws:
        alone = collate(trainer.pair.heard, [draw], trainer.run.prompt, trainer.stats, trainer.tokenizer.stop_id)
        loss.score(trainer.gpt, alone, trainer.tokenizer.start_id, padded=False)
    assert tuple(taken) == update.rows and len(set(taken)) > 3


def test_a_trailing_group_weighs_what_it_holds(material: Material, tmp_path: Path) -> None:
    """The last update of an epoch holds 3 of 4 clips, in micro-batches of 2 and 1: still one mean over its targets."""
    trainer = material.trainer(material.run(tmp_path, DRY))
    assert [len(draws) for draws in trainer.plan.update(1).micro_batches] == [2, 1]
    assert_same(gradients(trainer, 1), expected(trainer, 1))


def test_layouts_really_differ(material: Material, tmp_path: Path) -> None:
    """With dropout, packed and padded draw other masks: the layouts above were not one and the same."""
    settings = ("train.dropout=0.3",)
    packed = gradients(trainer_of(material, tmp_path, 1, *settings))
    padded = gradients(trainer_of(material, tmp_path, 1, "batch.layout=padded", *settings))
    assert not torch.equal(packed["mel_head.bias"], padded["mel_head.bias"])


def test_text_weight(material: Material, tmp_path: Path) -> None:
    none = gradients(trainer_of(material, tmp_path, 1, "train.text_weight=0"))
    some = gradients(trainer_of(material, tmp_path, 1))
    much = gradients(trainer_of(material, tmp_path, 1, "train.text_weight=0.02"))
    assert float(none["text_head.weight"].abs().max()) == 0 < float(some["text_head.weight"].abs().max())
    assert torch.allclose(2 * some["text_head.weight"], much["text_head.weight"], atol=1e-7)
    assert torch.allclose(some["mel_head.weight"], much["mel_head.weight"], atol=1e-6)


class Altered(Example):
    """A clip one of whose codes is another."""

    def tensors(self) -> tuple[Tensor, Tensor]:
        codes_A, mel_MF = super().tensors()
        codes_A = codes_A.clone()
        codes_A[self.altered] = (codes_A[self.altered] + 1) % 1024
        return codes_A, mel_MF

    @property
    def altered(self) -> int:
        return int(self.clip.text)


def altered(clip: Example, code: int) -> Example:
    return Altered(clip.folder, replace(clip.clip, text=str(code)), clip.ids, clip.codes, clip.samples, clip.cache)


def test_a_target_inside_the_prompt_has_no_influence() -> None:
    """Change one target of one clip of a batch: the loss changes if, and only if, it lies outside the prompt."""
    clips = [example(n, 30_000 + 5000 * n) for n in range(4)]
    draws = [Draw(n, 1024 * n, 9000) for n in range(4)]
    batch = collate(clips, draws, SHORT, STATS, STOP_ID)
    scores = made_up(batch.text_targets_N, batch.code_targets_N)
    before = float(loss.sums(scores, batch).codes)
    for n, draw in enumerate(draws):
        for code in range(clips[n].codes):
            changed = [altered(clip, code) if i == n else clip for i, clip in enumerate(clips)]
            after = float(loss.sums(scores, collate(changed, draws, SHORT, STATS, STOP_ID)).codes)
            inside = draw.start_samples // 1024 <= code < (draw.start_samples + draw.length_samples) // 1024
            assert (after == before) == inside, (n, code)


def test_masked_rows_get_no_gradient(material: Material, tmp_path: Path) -> None:
    trainer = trainer_of(material, tmp_path, 1)
    (draws,) = trainer.plan.update(0).micro_batches
    batch = collate(trainer.pair.train, draws, trainer.run.prompt, trainer.stats, trainer.tokenizer.stop_id)
    scores = loss.score(trainer.gpt, batch, trainer.tokenizer.start_id, padded=False)
    scores.codes_NR.retain_grad()
    torch.autograd.backward(loss.sums(scores, batch).loss(1, 1, 0.01))
    assert scores.codes_NR.grad is not None
    silent = scores.codes_NR.grad.abs().sum(1) == 0
    assert torch.equal(silent, batch.code_targets_N == IGNORED) and 0 < int(silent.sum()) < len(silent)


def made_up(text_targets_N: Tensor, code_targets_N: Tensor) -> Scores:
    generator = torch.Generator().manual_seed(0)
    text_NR = torch.randn(len(text_targets_N), 64, generator=generator)
    codes_NR = torch.randn(len(code_targets_N), 1026, generator=generator)
    return Scores(text_NR, codes_NR, codes_NR)


def test_the_masked_loss_is_never_nan_at_batch_one() -> None:
    clips = examples(200)
    whole: Plan = plan(clips, 1, 1, prompt=PROMPT)
    for number in range(2000):
        update = whole.update(number)
        batch = collate(clips, update.micro_batches[0], PROMPT, STATS, STOP_ID)
        found = loss.sums(made_up(batch.text_targets_N, batch.code_targets_N), batch)
        assert bool(torch.isfinite(found.loss(update.text_targets, update.code_targets, 0.01)))


def test_label_smoothing_spreads_the_target(material: Material, tmp_path: Path) -> None:
    clips, draws = [example(0, 30_000)], [Draw(0, 0, 9000)]
    batch = collate(clips, draws, SHORT, STATS, STOP_ID)
    scores = made_up(batch.text_targets_N, batch.code_targets_N)
    counted = batch.code_targets_N != IGNORED
    log_NR = scores.codes_NR.log_softmax(1)[counted]
    sharp = -log_NR.gather(1, batch.code_targets_N[counted, None]).sum()
    spread = -log_NR.mean(1).sum()
    assert torch.allclose(loss.sums(scores, batch).codes, sharp)
    assert torch.allclose(loss.sums(scores, batch, 0.1).codes, 0.9 * sharp + 0.1 * spread)
    plain = gradients(trainer_of(material, tmp_path, 1))
    smooth = gradients(trainer_of(material, tmp_path, 1, "train.label_smoothing=0.2"))
    assert float((plain["mel_head.weight"] - smooth["mel_head.weight"]).norm()) > 1e-3
    assert float((plain["text_head.weight"] - smooth["text_head.weight"]).norm()) > 1e-5


def test_which_clips_are_not_finite() -> None:
    clips = [example(n, 20_000 + 3000 * n, 3 + n) for n in range(4)]
    draws = [Draw(n, 0, 9000) for n in range(4)]
    batch = collate(clips, draws, SHORT, STATS, STOP_ID)
    scores = made_up(batch.text_targets_N, batch.code_targets_N)
    assert loss.not_finite(scores, batch) == [0, 1, 2, 3]  # none alone: all are suspects
    scores.codes_NR[clips[0].codes + 4, 7] = torch.inf  # the second clip's first row
    assert loss.not_finite(scores, batch) == [1]
    scores.text_NR[-1, 0] = torch.nan
    assert loss.not_finite(scores, batch) == [1, 3]
