"""Several datasets, languages and speakers in one run, with replay and everything that draws clips on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dimts.checkpoint import export
from dimts.data.dataset import Example
from dimts.data.prepare import Options
from dimts.errors import CheckpointError, ConfigError
from dimts.train import plan, preflight, recipe, trainable
from dimts.train.interrupt import Stop
from dimts.train.trainer import Interrupted, Trainer
from tests.flow.material import ALONE, QUIET, Material, left, quiet_display
from tests.unit.data.recordings import corpus, run
from tests.unit.train.test_state import StopAfter

EVERYTHING = (
    "data.sampling=balanced",
    "data.balance_by=speaker",
    "data.temperature=3",
    "data.replay_share=0.2",
    "data.short_share=0.75",
    "data.short_s=1.1",
    "prompt.source=same_speaker",
    "prompt.speed=0.1",
    "prompt.pitch=2",
    "prompt.noise_snr_db=10",
    "batch.by=tokens",
    "batch.tokens=400",
    "batch.accumulation=4",
    "train.epochs=2",
    "evaluate.at_start=false",
    "train.dropout=0.1",
    "save.keep=1",
)


@pytest.fixture(scope="module")
def others(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two more datasets: six English clips by Sara, eight French ones by Luc for replay, all of one second."""
    folder = tmp_path_factory.mktemp("others")
    for language, speaker, count, first in (("en", "Sara", 8, 0), ("fr", "Luc", 8, 50)):
        source = corpus(folder / f"{language}-source", count, first)
        options = Options(workers=1, speaker=speaker, eval_share=0.2)
        run(folder / language, source, options=options, language=language)
    return folder


def settings(material: Material, others: Path, *more: str) -> tuple[str, ...]:
    return (f"data.datasets=[{material.dataset}, {others / 'en'}]", f"data.replay=[{others / 'fr'}]", *more)


def trainer_of(material: Material, out: Path, *more: str) -> Trainer:
    trainer, _ = recipe.prepare(material.run(out, *more), ALONE, QUIET)
    out.mkdir(exist_ok=True)
    trainer.resume(out)
    return trainer


def languages(examples: tuple[Example, ...]) -> set[str]:
    return {example.clip.language for example in examples}


def test_a_stopped_run_goes_on_exactly(material: Material, others: Path, tmp_path: Path) -> None:
    """Balanced by speaker, replayed, short clips again, prompts of other clips, changed, by tokens: bit for bit."""
    wanted = settings(material, others, *EVERYTHING)
    whole = trainer_of(material, tmp_path / "whole", *wanted)
    whole.fit(Stop(), quiet_display(whole))
    assert whole.plan.sampler.again and len(whole.plan.update(0).micro_batches) > 1
    stops = 0
    for _ in range(30):
        trainer = trainer_of(material, tmp_path / "stopped", *wanted)
        try:
            trainer.fit(StopAfter(3), quiet_display(trainer))
        except Interrupted:
            stops += 1
            continue
        break
    assert stops >= 2 and left(tmp_path / "stopped") == left(tmp_path / "whole")


def test_a_run_of_two_languages_with_replay_of_a_third(material: Material, others: Path, tmp_path: Path) -> None:
    """Evaluation, counting and voices are of what is learned; replay is heard, counted in no clip and told of."""
    out = tmp_path / "out"
    asked = settings(material, others, "data.replay_share=0.2", "train.epochs=1", "train.trainable=auto")
    voice = recipe.finetune(material.run(out, *asked), QUIET)
    trainer = trainer_of(material, out, *asked)
    pair = trainer.pair
    assert languages(pair.train) == languages(pair.eval) == {"am", "en"} and languages(pair.replay) == {"fr"}
    told = plan.of(trainer, trainer.tokenizer.rows)
    assert (
        told.train_clips == len(pair.train) and told.draws_per_epoch == told.train_clips + trainer.plan.sampler.replayed
    )
    assert told.epoch in told.lines() and " of replay (" in told.epoch
    heard = [pair.heard[draw.index] for n in range(told.updates_per_epoch) for draw in trainer.plan.update(n).draws]
    assert languages(tuple(heard)) == {"am", "en", "fr"}
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert sum(line.get("clips", 0) for line in lines) == told.draws_per_epoch
    described = export.read_description(voice)
    assert described["trained_languages"] == ["am", "en"] and export.voice_names(voice) == ["Sara", "speaker"]
    assert [each["language"] for each in described["datasets"]] == ["am", "en"]
    assert [(each["name"], each["language"]) for each in described["replay"]] == [("fr", "fr")]
    assert described["recipe"]["data"] == {
        "balance_by": "language", "eval_split": "eval", "replay_share": 0.2, "sampling": "each_once",
        "short_s": 2.0, "short_share": 0.0, "temperature": 5.0}  # fmt: skip


def test_replay_is_part_of_what_a_run_is_trained_on(material: Material, others: Path, tmp_path: Path) -> None:
    one = settings(material, others, "data.replay_share=0.2", "train.max_updates=1", "evaluate.at_start=false")
    trainer = trainer_of(material, tmp_path, *one)
    trainer.fit(Stop(), quiet_display(trainer))
    with pytest.raises(CheckpointError, match="was trained on another dataset"):
        trainer_of(material, tmp_path, *one, "data.replay=[]", "data.replay_share=0")


def test_replay_that_the_base_would_read_otherwise(material: Material, others: Path, tmp_path: Path) -> None:
    """French in IPA is nothing that a plain base knows, so there is nothing to forget."""
    ipa = run(
        tmp_path / "ipa", corpus(tmp_path / "source", 4), options=Options(workers=1, speaker="Luc"), language="fr"
    )
    held = [replace(ipa, normaliser=f"{ipa.normaliser}+ipa-rules-1")]
    with pytest.raises(ConfigError, match=r"data.replay: .* reads fr from letters, .*ipa holds IPA by rules"):
        preflight.refuse_other_replay(material.base, {}, held)
    preflight.refuse_other_replay(material.base, {}, [ipa])


def test_a_sample_is_spoken_by_a_speaker_of_its_language(material: Material, others: Path, tmp_path: Path) -> None:
    asked = settings(material, others, "data.replay_share=0.1", "samples.language=am")
    trainer = trainer_of(material, tmp_path, *asked)
    assert list(trainer.pair.speakers) == ["Sara", "speaker"]
    assert languages(tuple(trainer.samples._speaker())) == {"am"}


def test_auto_counts_no_replay(
    material: Material, others: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One training clip short of a large dataset is small, however many clips are replayed."""
    asked = settings(material, others, "data.replay_share=0.5", "train.trainable=auto")
    monkeypatch.setattr(trainable, "SMALL_DATASET_CLIPS", 14)
    small = trainer_of(material, tmp_path / "small", *asked)
    assert len(small.pair.train) == 13 and len(small.pair.heard) > 14
    monkeypatch.setattr(trainable, "SMALL_DATASET_CLIPS", 13)
    large = trainer_of(material, tmp_path / "large", *asked)
    assert len(small.state.pieces) < len(large.state.pieces)
