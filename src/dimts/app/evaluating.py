"""The command that judges checkpoints and voices by what they say."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dimts.app.output import Json, show
from dimts.errors import ConfigError

MAX_DEFAULT_WORKERS = 4
SOURCES = "One run folder, and any number of voice bundles or bases to judge with it."
RECOGNISER = "Count wrong letters and words too: faster-whisper:MODEL or hf:MODEL (a CTC model)."


def evaluate(
    sources: Annotated[list[Path], typer.Argument(help=SOURCES, show_default=False, metavar="RUN|VOICE...")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; default: RUN/evaluation.", show_default=False)
    ] = None,
    language: Annotated[
        list[str], typer.Option(help="Language to judge; may be repeated. Default: those of the run or voice.")
    ] = [],
    texts: Annotated[
        Path | None, typer.Option(help="Sentences of your own, one a line, or LANGUAGE, tab, sentence.")
    ] = None,
    dataset: Annotated[
        list[Path], typer.Option(help="Dataset whose held-back clips are spoken too; a run brings its own.")
    ] = [],
    sentences: Annotated[int, typer.Option(min=1, help="How many of each language to judge.")] = 24,
    others: Annotated[
        int, typer.Option(min=0, help="How many of each other language of the vocabulary, to hear what was forgotten.")
    ] = 4,
    takes: Annotated[int, typer.Option(min=1, help="How often each sentence is spoken, with other seeds.")] = 1,
    reference: Annotated[list[Path], typer.Option(help="Recording of a voice to speak with; may be repeated.")] = [],
    voices: Annotated[int, typer.Option(min=1, help="How many voices take turns where none is given.")] = 3,
    checkpoints: Annotated[
        str | None, typer.Option(help="Updates to judge, comma-separated. Default: all that are kept.")
    ] = None,
    recogniser: Annotated[str | None, typer.Option(help=RECOGNISER, show_default=False)] = None,
    rank: Annotated[str | None, typer.Option(help="Weights of the rank: column=weight,...", show_default=False)] = None,
    no_choice: Annotated[bool, typer.Option("--no-choice", help="Leave the run's best.json as it is.")] = False,
    mark: Annotated[
        int | None,
        typer.Option(min=1, help="Judge nothing: write this update's checkpoint into best.json by hand."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of speech and of intervals.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.01)] = 0.75,
    repetition_penalty: Annotated[float, typer.Option(min=1.0)] = 5.0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that listen.", show_default="one a core, 4 at most")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge checkpoints and voices by what they say; write a report, and the best checkpoint into the run."""
    from rich.console import Console

    from dimts.app import judged
    from dimts.app.bar import stages
    from dimts.evaluate import evaluating, planning, record, report, select
    from dimts.infer.decode import Sampling
    from dimts.train import candidates

    if mark is not None:
        if len(sources) != 1 or not (sources[0] / "run.yaml").is_file():
            raise ConfigError("--mark: name one run folder, the `out` of a run")
        show(record.mark(sources[0], mark), as_json, f"best.json: update {mark}, marked by hand; dimts export takes it")
        return
    console, weights = Console(stderr=True), select.weights_of(rank)
    found = candidates.gather(sources, _updates(checkpoints), dataset, device, console)
    for line in found.damaged:
        console.print(f"left out: {line}", markup=False, highlight=False, soft_wrap=True)
    default = found.run / "evaluation" if found.run else sources[0].with_name(f"{sources[0].name}-evaluation")
    asked = planning.Asked(
        (out or default).absolute(),
        tuple(language),
        texts,
        sentences,
        others,
        takes,
        tuple(reference),
        voices,
        recogniser,
        Sampling(temperature=temperature, repetition_penalty=repetition_penalty),
        seed,
        workers or min(MAX_DEFAULT_WORKERS, os.cpu_count() or 1),
    )
    plan = planning.plan(asked, found.known)
    select.refuse_unknown(weights, plan)
    with stages(console) as tell:
        evaluation = evaluating.evaluate(plan, found.subjects, tell)
    ranking = select.rank(evaluation, weights)
    record.write(evaluation, ranking)
    page = report.write(evaluation, ranking)
    chosen = record.choose(found.run, ranking) if found.run and not no_choice else None
    facts = {"out": str(asked.out), "report": str(page), "chosen": chosen, **record.facts(evaluation, ranking)}
    show(facts, as_json, *judged.lines(evaluation, ranking, chosen), f"report: {page}")


def listen(
    folder: Annotated[Path, typer.Argument(help="Folder that `dimts evaluate` wrote.", show_default=False)],
    one: Annotated[str | None, typer.Option(help="Who to compare; default: the best by rank.")] = None,
    other: Annotated[str | None, typer.Option(help="With whom; default: the next by rank.")] = None,
    answers: Annotated[list[Path], typer.Option(help="Count these instead: files that the page saved.")] = [],
    seed: Annotated[int, typer.Option(min=0, help="Of the order, and of who is A.")] = 0,
    as_json: Json = False,
) -> None:
    """Compare two voices blindly: write a page that plays pairs without names, then count its answers."""
    from dataclasses import asdict

    from dimts.evaluate import listening

    if answers:
        found = listening.preference(folder, answers)
        return show(asdict(found), as_json, found.in_words())
    page, pairs = listening.write(folder, one, other, seed)
    facts = {"page": str(page), "pairs": len(pairs)}
    return show(facts, as_json, f"{page}: {len(pairs)} pairs; open it, listen, save the answers")


def _updates(said: str | None) -> list[int]:
    """Read comma-separated updates. ConfigError for what is no number."""
    words = [word.strip() for word in said.split(",")] if said else []
    if wrong := [word for word in words if not word.isdigit()]:
        raise ConfigError(f"--checkpoints: {wrong[0]!r} is no update; give numbers such as 500,1000")
    return [int(word) for word in words]
