"""The `dimts` command: every command is one function that imports what it needs when it runs.

Exit codes: 0 done, 1 the input is wrong (one line per problem), 2 usage, 3 interrupted and resumable.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from dimts.app import base, data, doctor, evaluating, exporting, speaking, text, troubles, vocabulary, web
from dimts.app.demo import demo
from dimts.app.output import Json, show
from dimts.errors import DimtsError

app = typer.Typer(
    help="Fine-tune XTTS v2 into a voice for any language, Amharic first.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(base.app, name="base")
app.command()(demo.demo)
app.command()(data.prepare)
app.command()(data.check)
app.command()(data.report)
app.command()(vocabulary.vocab)
app.command()(evaluating.evaluate)
app.command()(evaluating.listen)
app.command()(exporting.export)
app.command()(exporting.push)
app.command()(speaking.speak)
app.command()(text.text)
app.command()(doctor.doctor)
app.command()(web.ui)

Settings = Annotated[list[str], typer.Option("--set", help="Change a setting: name.part=value. May be repeated.")]
CTRL_C = 130  # what Typer exits with where nothing has taken the signal over
RunFile = Annotated[Path, typer.Argument(help="Run file (YAML); see recipes/.", show_default=False)]


def main() -> None:
    """Run a command; errors that a user can mend become lines and exit code 1.

    Idle OpenMP threads sleep instead of spinning: beside other programs training is many times faster (LOG.md).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        app()
    except DimtsError as error:
        for line in troubles.told(error.problems):
            typer.echo(f"dimts: {line}", err=True)
        sys.exit(1)
    except SystemExit as end:
        if end.code != CTRL_C:
            raise
        typer.echo("dimts: stopped; the same command goes on", err=True)
        sys.exit(3)


@app.command()
def train(run_file: RunFile, settings: Settings = [], as_json: Json = False) -> None:
    """Train, or go on exactly where the run's folder stopped; export the best checkpoint."""
    from rich.console import Console

    from dimts.train import preflight, recipe
    from dimts.train.trainer import Interrupted

    run = preflight.read(run_file, settings)
    try:
        voice = recipe.finetune(run, Console(stderr=True))
    except Interrupted:
        again = shlex.join(["dimts", "train", str(run_file), *(word for each in settings for word in ("--set", each))])
        typer.echo(f"dimts: stopped; everything is saved: `{again}` goes on", err=True)
        raise typer.Exit(3) from None
    show({"voice": str(voice)}, as_json, f"the voice is ready: {voice}")


@app.command()
def plan(
    run_file: RunFile,
    settings: Settings = [],
    plot: Annotated[Path | None, typer.Option(help="Draw the learning rate as a PNG too.")] = None,
    as_json: Json = False,
) -> None:
    """Say what a run will do, before anything starts."""
    from rich.console import Console

    from dimts.train import curve, preflight

    run = preflight.read(run_file, settings)
    preflight.check(run)
    if plot:
        curve.require_matplotlib()
    console = Console(stderr=True)
    rates, updates, facts, lines = _planned(run, console)
    if plot:
        curve.picture(run.schedule, rates, updates, plot)
    width, blocks = shutil.get_terminal_size().columns, curve.blocks_for(sys.stdout.encoding)
    show(facts, as_json, *lines(curve.lines(run.schedule, rates, updates, width, blocks)))


def _planned(run: Any, console: Any) -> tuple[dict[str, float], int, dict[str, Any], Callable[[list[str]], list[str]]]:
    """Load a run; return its highest learning rates, its updates, its facts, and its lines around a drawn curve."""
    from dimts.train import curve, dist, forecast, recipe
    from dimts.train import plan as planning
    from dimts.train.parts import run as parts

    if run.part != "gpt":
        loop = parts.prepare(run, console)[2]
        said = parts.lines(loop)
        return {"lr": loop.part.lr}, loop.total_updates, parts.facts(loop), lambda drawing: [*said, *drawing]
    trainer, bundle = recipe.prepare(run, dist.join(run.device), console)
    planned = planning.of(trainer, bundle.base.tokenizer.rows)
    with console.status("measuring memory and time on a micro-batch"):
        found = forecast.of(trainer)
    facts = {**planned.facts(), "forecast": found.facts()}
    return dict(curve.rates(run)), planned.total_updates, facts, lambda drawing: [
        *planned.lines(drawing), *found.lines()]  # fmt: skip


if __name__ == "__main__":
    main()
