"""What a run gives: its best checkpoint as a voice bundle, or the part of it that learned."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dimts.checkpoint import blend, export, slim
from dimts.checkpoint.export import Bundle
from dimts.config import RunConfig
from dimts.errors import ConfigError
from dimts.train.samples import voices
from dimts.train.trainer import Trainer


@dataclass(frozen=True)
class Form:
    """How a checkpoint is exported."""

    averaged: bool = True  # the average of the weights where the run keeps one, else the weights themselves
    base_share: float = 0.0  # of the base's weights that is mixed in
    adapters: bool = False  # what learned alone, to be joined with its base later


def export_best(trainer: Trainer, bundle: Bundle, folder: Path, form: Form = Form()) -> Path:
    """Write the best checkpoint as a voice bundle, whole or slim, with a voice for every speaker."""
    network = trainer.best(form.averaged)
    if not form.adapters:
        network = blend.with_base(blend.merged(network), bundle.base.folder, form.base_share)
    made = {name: voice.state() for name, voice in voices(network, trainer.pair).items()}
    facts = {
        **bundle.facts,
        "best": asdict(trainer.state.best) if trainer.state.best else None,
        "averaged": form.averaged and trainer.state.average is not None,
        "base_share": form.base_share,
    }
    whole = replace(bundle, network=network, voices=made, facts=facts)
    if not form.adapters:
        return export.write(whole, folder)
    learned = trainer.state.learned(bundle.base.network.shape.gpt)
    return slim.write(whole, learned, trainer.state.identity["base"], folder)


def refuse(run: RunConfig, folder: Path, form: Form) -> None:
    """ConfigError for a form that a run cannot have; every reason in a line."""
    problems = {
        f"--raw: {folder} keeps no average (train.ema is 0), so its weights are as they are; leave --raw out":
            not form.averaged and not run.train.ema,
        f"--adapters: {folder} has none (train.trainable is {run.train.trainable}); export the whole voice":
            form.adapters and not run.train.with_lora,
        "--base-share: mixes whole weights, and --adapters writes none; leave one of them out":
            form.adapters and form.base_share > 0,
    }  # fmt: skip
    if found := [text for text, wrong in problems.items() if wrong]:
        raise ConfigError(*found)
