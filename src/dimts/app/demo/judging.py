"""What the demo learned, heard: the base before and the voice after say sentences of which training heard none."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from dimts import config, files
from dimts.app.bar import stages
from dimts.app.demo import corpus
from dimts.checkpoint import export
from dimts.evaluate import evaluating, means, planning, record, report, select
from dimts.evaluate.evaluating import Evaluation, Judged
from dimts.infer.decode import Sampling
from dimts.infer.device import choose
from dimts.train import candidates, dist, recipe
from dimts.train.samples import voices

VOICE, JUDGED = "voice", "judged"
BEFORE, AFTER = "before", "after"
SENTENCES, OTHERS = 12, 2  # of Amharic, and of each language that the base speaks
SAMPLING = Sampling(temperature=0.5, repetition_penalty=1.0)  # of 512 codes, many must come again in a sentence
SHOWN = ("nearest", "phone_error", "voice_likeness", "mos")


def judge(out: Path, language: str, seed: int, console: Console) -> dict[str, Any]:
    """Let the voice before training and after say held-out sentences; write takes and a page; return their scores."""
    folders = {BEFORE: _before(out, console), AFTER: out / "run" / VOICE}
    files.write_text(out / "held_out.txt", "\n".join(corpus.read_sentences("held_out.txt")[:SENTENCES]) + "\n")
    found = candidates.gather([*folders.values()], (), [out / "dataset"], "cpu", console)
    texts = out / "held_out.txt"
    asked = planning.Asked(
        (out / JUDGED).absolute(), (language,), texts, others=OTHERS, sampling=SAMPLING, seed=seed, workers=2
    )
    plan = planning.plan(asked, found.known)
    with stages(console) as tell:
        subjects = [replace(one, name=name) for one, name in zip(found.subjects, folders, strict=True)]
        evaluation = evaluating.evaluate(plan, subjects, tell)
    ranking = select.rank(evaluation, select.weights_of(None))
    record.write(evaluation, ranking)
    page = report.write(evaluation, ranking)
    return {
        "page": str(page),
        "takes": str(out / JUDGED / "takes"),
        "scores": {each.name: _scores(evaluation, each) for each in evaluation.subjects},
        "others": {each.name: _scores(evaluation, each, targets=False) for each in evaluation.subjects},
        "unmeasured": {name: why for name, why in evaluation.absent.items() if name in SHOWN},
    }


def _scores(evaluation: Evaluation, judged: Judged, targets: bool = True) -> dict[str, float]:
    """Return the means in the language that was learned, or in those that the base spoke before."""
    rows = [row for row in judged.rows if (row.language in evaluation.plan.targets) == targets]
    found = means.of(rows, [column for column in evaluation.columns if column.name in SHOWN])
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
