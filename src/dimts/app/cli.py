"""The `dimts` command: every command is one function that imports what it needs when it runs.

Exit codes: 0 done, 1 the input is wrong (one line per problem), 2 usage, 3 interrupted and resumable.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from dimts.app import base, data, doctor, exporting, text, vocabulary
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
app.command()(exporting.export)
app.command()(text.text)
app.command()(doctor.doctor)

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
        for problem in error.problems:
            typer.echo(f"dimts: {problem}", err=True)
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

    from dimts.train import curve, dist, forecast, preflight, recipe
    from dimts.train import plan as planning

    run = preflight.read(run_file, settings)
    preflight.check(run)
    if plot:
        curve.require_matplotlib()
    console = Console(stderr=True)
    trainer, bundle = recipe.prepare(run, dist.join(run.device), console)
    planned = planning.of(trainer, bundle.base.tokenizer.rows)
    with console.status("measuring memory and time on a micro-batch"):
        found = forecast.of(trainer)
    if plot:
        curve.picture(run.schedule, curve.rates(run), planned.total_updates, plot)
    blocks = curve.blocks_for(sys.stdout.encoding)
    width = shutil.get_terminal_size().columns
    drawing = curve.lines(run.schedule, curve.rates(run), planned.total_updates, width, blocks)
    show({**planned.facts(), "forecast": found.facts()}, as_json, *planned.lines(drawing), *found.lines())


@app.command()
def speak(
    voice: Annotated[Path, typer.Argument(help="Voice bundle or base folder.", show_default=False)],
    text: Annotated[str, typer.Argument(help="What to say.", show_default=False)],
    out: Annotated[Path, typer.Option(help="WAV or FLAC file to write.")] = Path("out.wav"),
    language: Annotated[str, typer.Option(help="Language of the text.")] = "am",
    reference: Annotated[list[Path], typer.Option(help="Recording of the voice to use; may be repeated.")] = [],
    stored: Annotated[str | None, typer.Option("--voice", help="One of the bundle's own voices.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same samples.", min=0)] = 0,
    temperature: Annotated[float, typer.Option(min=0.01)] = 0.75,
    top_k: Annotated[int, typer.Option(min=0)] = 50,
    top_p: Annotated[float, typer.Option(min=0.0, max=1.0)] = 0.85,
    repetition_penalty: Annotated[float, typer.Option(min=1.0)] = 5.0,
    greedy: Annotated[bool, typer.Option(help="Always take the likeliest code.")] = False,
    max_codes: Annotated[int, typer.Option(min=1, max=602, help="Longest piece, in codes of 46.4 ms.")] = 600,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    as_json: Json = False,
) -> None:
    """Speak a text into a file."""
    import numpy as np
    from rich.console import Console

    from dimts.audio import io
    from dimts.infer.decode import Sampling
    from dimts.infer.device import choose
    from dimts.infer.speak import load

    io.refuse_other_formats(out)
    speaker = load(voice, choose(device))
    heard = speaker.voice(reference) if reference else speaker.stored_voice(stored)
    sampling = Sampling(temperature, top_k, top_p, repetition_penalty, greedy, max_codes)
    with Console(stderr=True).status("speaking"):
        pieces = list(speaker.stream(text, heard, language, seed, sampling))
    audio = io.Audio(np.concatenate([piece.samples for piece in pieces]), pieces[0].rate_hz)
    io.write(out, audio)
    cut = [piece.text for piece in pieces if not piece.ended]
    facts = {"out": str(out), "seconds": round(audio.duration_s, 3), "rate_hz": audio.rate_hz, "not_ended": cut}
    notes = [f"  ran into --max-codes, its end may be missing: {piece[:60]}" for piece in cut]
    show(facts, as_json, f"{out}: {audio.duration_s:.1f} s", *notes)


if __name__ == "__main__":
    main()
