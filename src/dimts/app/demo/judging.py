"""What the demo learned, heard: the base before and the voice after say sentences of which training heard none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from dimts import config, files
from dimts.app.bar import stages
from dimts.app.demo import corpus, replay
from dimts.checkpoint import export
from dimts.evaluate import evaluating, means, planning, record, report, select
from dimts.evaluate.evaluating import Evaluation, Judged
from dimts.infer.decode import Sampling
from dimts.infer.device import choose
from dimts.train import candidates, dist, recipe
from dimts.train.samples import voices

VOICE, JUDGED, KEPT = "voice", "judged", "kept"
BEFORE, AFTER = "before", "after"
SENTENCES, OTHERS = 12, 2  # of Amharic in its speakers' voices, and of each of the base's languages in its own voices
SAMPLING = Sampling(temperature=0.5, repetition_penalty=1.0)  # of 512 codes, many must come again in a sentence
SHOWN = ("nearest", "phone_error", "voice_likeness", "mos")


def judge(out: Path, language: str, seed: int, console: Console) -> dict[str, Any]:
    """Let the voice before training and after say held-out sentences; write takes and pages; return their scores."""
    folders = {BEFORE: _before(out, console), AFTER: out / "run" / VOICE}
    texts = out / "held_out.txt"
    files.write_text(texts, "\n".join(corpus.read_sentences("held_out.txt")[:SENTENCES]) + "\n")
    asked = planning.Asked((out / JUDGED).absolute(), (language,), texts, others=0, **_how(seed))
    learned, page = _judged(asked, folders, [out / "dataset"], console)
    own = replay.references(out / "replay")
    asked = planning.Asked((out / KEPT).absolute(), (*replay.LANGUAGES,), None, OTHERS, 0, references=own, **_how(seed))
    kept, _ = _judged(asked, folders, [], console)
    return {
        "page": str(page),
        "takes": str(out / JUDGED / "takes"),
        "scores": {each.name: _scores(learned, each) for each in learned.subjects},
        "others": {each.name: _scores(kept, each) for each in kept.subjects},
        "unmeasured": {name: why for name, why in learned.absent.items() if name in SHOWN},
    }


def _how(seed: int) -> dict[str, Any]:
    return {"sampling": SAMPLING, "seed": seed, "workers": 2}


def _judged(
    asked: planning.Asked, folders: Mapping[str, Path], datasets: Sequence[Path], console: Console
) -> tuple[Evaluation, Path]:
    """Evaluate folders and write the report; return it and its page."""
    found = candidates.gather([*folders.values()], (), datasets, "cpu", console)
    plan = planning.plan(asked, found.known)
    with stages(console) as tell:
        subjects = [replace(one, name=name) for one, name in zip(found.subjects, folders, strict=True)]
        evaluation = evaluating.evaluate(plan, subjects, tell)
    ranking = select.rank(evaluation, select.weights_of(None))
    record.write(evaluation, ranking)
    return evaluation, report.write(evaluation, ranking)


def _scores(evaluation: Evaluation, judged: Judged) -> dict[str, float]:
    columns = [column for column in evaluation.columns if column.name in SHOWN]
    found = means.of(means.target_rows(evaluation, judged), columns)
    return {name: round(interval.mean, 3) for name, interval in found.items()}


def _before(out: Path, console: Console) -> Path:
    """Write the voice as it is before training: the base with its new rows, and the dataset's speakers."""
    folder = out / BEFORE
    if not folder.is_dir():
        run = config.read(out / "run" / "run.yaml")
        trainer, bundle = recipe.prepare(run, dist.World(0, 1, choose("cpu")), console)
        made = {name: voice.state() for name, voice in voices(bundle.network, trainer.pair).items()}
        export.write(replace(bundle, voices=made), folder)
    return folder
