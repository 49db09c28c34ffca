"""Datasets as the trainer sees them: what fits a run, what is turned away and why, which side is evaluated."""

from pathlib import Path

import pytest
import torch

from dimts.checkpoint import official
from dimts.checkpoint.official import Base
from dimts.config import Data, Limits
from dimts.data import dataset, manifest
from dimts.data.dataset import Pair
from dimts.data.prepare import Options
from dimts.errors import ConfigError, DataError, TextError
from dimts.text import extend
from dimts.text.bpe import Tokenizer
from dimts.text.front import Choice
from tests.flow.material import Material, make
from tests.unit.data.recordings import corpus, run, tone

ALL = Limits(text_tokens=100)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def base(material: Material) -> Base:
    return official.load(material.base)


@pytest.fixture(scope="module")
def tokenizer(material: Material, base: Base) -> Tokenizer:
    return extend.read(material.vocab, base.tokenizer)


def opened(folder: Path, tokenizer: Tokenizer, base: Base, limits: Limits = ALL, eval_split: str = "eval") -> Pair:
    data = Data.model_validate({"datasets": [folder], "eval_split": eval_split})
    return dataset.open_pair(data, limits, tokenizer, base)


def test_every_clip_is_on_its_side(material: Material, tokenizer: Tokenizer, base: Base) -> None:
    pair, clips = opened(material.dataset, tokenizer, base), manifest.read(material.dataset).clips
    assert [e.clip for e in pair.train] == [clip for clip in clips if clip.split == "train"]
    assert [e.clip for e in pair.eval] == [clip for clip in clips if clip.split == "eval"]
    assert (len(pair.train), len(pair.eval), pair.rejected) == (7, 3, ())
    for example in (*pair.train, *pair.eval):
        codes_A, mel_MF = example.tensors()
        assert len(codes_A) == example.codes and mel_MF.shape == (80, example.samples // 256 + 1)
        assert list(example.ids) == tokenizer.encode_spoken(example.clip.spoken, "am") and example.audio.is_file()
        assert tokenizer.vocabulary["[am]"] == example.ids[0]
    assert pair.longest_text_tokens == max(len(example.ids) for example in pair.train)


def test_eval_split(material: Material, tokenizer: Tokenizer, base: Base) -> None:
    pair = opened(material.dataset, tokenizer, base, eval_split="train")
    assert pair.eval == pair.train and len(pair.train) == 7


def test_limits_turn_away_with_a_reason(material: Material, tokenizer: Tokenizer, base: Base) -> None:
    whole = opened(material.dataset, tokenizer, base)
    examples = (*whole.train, *whole.eval)
    by_samples = sorted(example.samples for example in examples)
    by_tokens = sorted(len(example.ids) for example in examples)
    limits = Limits(clip_samples=by_samples[-3], text_tokens=by_tokens[-2], rejected_share=1.0)
    pair = opened(material.dataset, tokenizer, base, limits)
    long_text = {e.clip.id for e in examples if len(e.ids) > by_tokens[-2]}
    long_clip = {e.clip.id for e in examples if e.samples > by_samples[-3]} - long_text
    assert {r.id for r in pair.rejected if r.reason == "text too long"} == long_text
    assert {r.id for r in pair.rejected if r.reason == "clip too long"} == long_clip
    assert len(long_clip | long_text) == len(pair.rejected) == 10 - len(pair.train) - len(pair.eval) > 1
    assert all(r.stage == "training" and r.measured > r.limit for r in pair.rejected)  # type: ignore[operator]


def test_too_many_turned_away(material: Material, tokenizer: Tokenizer, base: Base) -> None:
    longest = max(clip.samples for clip in manifest.read(material.dataset).clips)
    limits = Limits(clip_samples=longest - 1, text_tokens=100, rejected_share=0.1)
    assert len(opened(material.dataset, tokenizer, base, limits).rejected) == 1
    with pytest.raises(DataError) as raised:
        opened(material.dataset, tokenizer, base, limits.model_copy(update={"rejected_share": 0.09}))
    (line,) = raised.value.problems
    told = "1 of 10 clips do not fit this run (clip too long: 1; first: clip9); raise the limits, or raise "
    assert line == f"{told}limits.rejected_share (0.09)"


def test_letters_that_the_vocabulary_lacks(material: Material, base: Base) -> None:
    poor = extend.extend(base.tokenizer, ["ሰላም"], "am", script_letters=False)
    with pytest.raises(DataError, match=r"unknown tokens: \d+; first: .*; extend the vocabulary with `dimts vocab`"):
        opened(material.dataset, poor, base)
    with pytest.raises(TextError, match=r"the vocabulary has no tag \[am\], .*; extend it with `dimts vocab`"):
        opened(material.dataset, base.tokenizer, base)


def test_clips_longer_than_the_base_can_hold(material: Material, tokenizer: Tokenizer, base: Base) -> None:
    most = (608 - 4) * 1024  # code positions, less start and three stops
    opened(material.dataset, tokenizer, base, Limits(clip_samples=most, text_tokens=100))
    with pytest.raises(ConfigError) as raised:
        opened(material.dataset, tokenizer, base, Limits(clip_samples=most + 1, text_tokens=100))
    told = f"limits.clip_samples: {most + 1} is more than {material.base} can hold: at most {most} samples"
    assert raised.value.problems == (told,)


def test_the_longest_clip_that_the_base_can_hold_is_scored(material: Material, base: Base) -> None:
    gpt, longest_A = base.network.gpt, torch.zeros(608 - 4, dtype=torch.int64)
    latents_BPD = gpt.prompt(torch.zeros(1, 80, 20))
    assert len(gpt(latents_BPD, [torch.tensor([1])], [longest_A], 2).codes_NR) == 608
    with pytest.raises(IndexError):
        gpt(latents_BPD, [torch.tensor([1])], [torch.cat([longest_A, longest_A[:1]])], 2)


def test_nothing_left_to_evaluate_or_train(tmp_path: Path, base: Base) -> None:
    made = run(tmp_path / "out", corpus(tmp_path / "one", 2))
    assert {clip.split for clip in made.clips} == {"train"}
    with pytest.raises(DataError, match="no clips are held back for evaluation; set data.eval_split: train"):
        opened(made.folder, base.tokenizer, base)
    assert len(opened(made.folder, base.tokenizer, base, eval_split="train").eval) == 2
    short = Limits(clip_samples=100, text_tokens=100, rejected_share=1.0)
    with pytest.raises(DataError, match="no training clips; run `dimts prepare` with more recordings"):
        opened(made.folder, base.tokenizer, base, short)


def test_several_datasets(material: Material, tmp_path: Path, tokenizer: Tokenizer, base: Base) -> None:
    made = run(tmp_path / "english", corpus(tmp_path / "one", 3))
    data = Data(datasets=[material.dataset, made.folder])
    pair = dataset.open_pair(data, ALL, tokenizer, base)
    assert len(pair.train) == 10 and [d.language for d in pair.datasets] == ["am", "en"]
    first_ids = {example.clip.language: example.ids[0] for example in pair.train}
    assert first_ids == {language: tokenizer.vocabulary[f"[{language}]"] for language in ("am", "en")}
    assert {example.audio.parents[1] for example in pair.train} == {material.dataset, made.folder}


def test_replay(material: Material, tmp_path: Path, tokenizer: Tokenizer, base: Base) -> None:
    """Heard along, at its own limits: neither trained clips nor evaluated ones."""
    made = run(tmp_path / "english", corpus(tmp_path / "one", 10), options=Options(workers=1, eval_share=0.2))
    data = Data(datasets=[material.dataset], replay=[made.folder], replay_share=0.1)
    pair = dataset.open_pair(data, ALL, tokenizer, base)
    assert [d.folder for d in pair.replay_datasets] == [made.folder] and len(pair.datasets) == 1
    assert (len(pair.train), len(pair.eval)) == (7, 3) and pair.heard == pair.train + pair.replay
    assert [e.clip for e in pair.replay] == [clip for clip in made.clips if clip.split == "train"]
    assert list(pair.fronts) == ["am"]
    seen = dataset.open_pair(data.model_copy(update={"eval_split": "train"}), ALL, tokenizer, base)
    assert seen.eval == seen.train and len(seen.train) == 7


def test_replay_of_which_too_little_fits(material: Material, tmp_path: Path, tokenizer: Tokenizer, base: Base) -> None:
    """Its clips are counted apart, so that many good ones of the main datasets excuse nothing."""
    table = corpus(tmp_path / "one", 2)
    for path in (tmp_path / "one" / "wavs").iterdir():
        tone(path, hz=300 + 10 * int(path.stem[-1]), duration_s=3.0)
    made = run(tmp_path / "english", table)
    data = Data(datasets=[material.dataset], replay=[made.folder], replay_share=0.1)
    few = Limits(clip_samples=60_000, text_tokens=100, rejected_share=0.9)
    with pytest.raises(DataError, match="2 of 2 clips do not fit this run"):
        dataset.open_pair(data, few, tokenizer, base)
    with pytest.raises(DataError, match="data.replay: no training clips of it fit this run"):
        dataset.open_pair(data, few.model_copy(update={"rejected_share": 1.0}), tokenizer, base)


def test_replay_that_reads_a_learned_language_otherwise(
    material: Material, tmp_path: Path, tokenizer: Tokenizer, base: Base
) -> None:
    table, ipa = material.folder.parent / "source" / "metadata.csv", Options(workers=1, text=Choice("g2p"))
    made = run(tmp_path / "ipa", table, options=ipa, language="am")
    data = Data(datasets=[material.dataset], replay=[made.folder], replay_share=0.1)
    told = (
        r"ipa: data.replay reads am by dimts-1\+ipa-rules-1, .*dataset by dimts-1; prepare both alike, or leave it out"
    )
    with pytest.raises(DataError, match=told):
        dataset.open_pair(data, ALL, tokenizer, base)


def test_speakers(material: Material, tmp_path: Path, tokenizer: Tokenizer, base: Base) -> None:
    """By name, whatever dataset they are in; those without one are others in every dataset."""
    names = (("one", "Sara"), ("two", "Sara"), ("three", "speaker"))
    made = [
        run(tmp_path / name, corpus(tmp_path / f"{name}-wavs", 2), options=Options(workers=1, speaker=speaker))
        for name, speaker in names
    ]
    alone = dataset.open_pair(Data(datasets=[material.dataset]), ALL, tokenizer, base)
    assert {name: len(own) for name, own in alone.speakers.items()} == {"speaker": 7}
    folders = [material.dataset, *(each.folder for each in made)]
    pair = dataset.open_pair(Data(datasets=folders), ALL, tokenizer, base)
    assert {name: len(own) for name, own in pair.speakers.items()} == {
        "Sara": 4, "speaker 1 (dataset)": 7, "speaker 2 (three)": 2}  # fmt: skip
