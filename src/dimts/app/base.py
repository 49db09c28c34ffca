"""The `dimts base` commands: fetch the official model, make one, look at one, try one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dimts.app.output import Json, show
from dimts.app.rows import fact, row, wrapped
from dimts.errors import ConfigError

if TYPE_CHECKING:
    from dimts.evaluate.finding import Finding

app = typer.Typer(
    help="Base models: fetch the official one, make a small one, look at one, try one.", no_args_is_help=True
)
Folder = Annotated[Path, typer.Argument(help="Base folder or voice bundle.", show_default=False)]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")]
KINDS = {
    "random": "random weights, made by `dimts base init`",
    "bundle": "a voice bundle of Dimts",
    "official": "official-looking: the sizes of XTTS v2",
    "other": "not the sizes of the official XTTS v2",
}


@app.command("init")
def base_init(
    folder: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)],
    size: Annotated[str, typer.Option(help="Random: tiny, small, full. Trained: small-trained.")] = "small",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    vocab: Annotated[Path | None, typer.Option(help="vocab.json to use instead of our own.")] = None,
    as_json: Json = False,
) -> None:
    """Make a base without a download: a random one, or a copy of the small one that Dimts brings (small-trained)."""
    from dimts.checkpoint import initial

    initial.write(folder, size, seed, vocab)
    said = f"{folder}: a random {size} base, seed {seed}"
    if size == initial.TRAINED:
        said = f"{folder}: the small base that Dimts brings; its README.md says what it can and cannot do"
    show({"base": str(folder), "size": size, "seed": seed}, as_json, said)


@app.command("fetch")
def base_fetch(
    folder: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)],
    accept_license: Annotated[bool, typer.Option("--accept-license", help="I accept the licence (CPML).")] = False,
    revision: Annotated[str, typer.Option(help="Branch, tag or commit of coqui/XTTS-v2.")] = "main",
    as_json: Json = False,
) -> None:
    """Download the official XTTS v2 (about 2.1 GB, non-commercial licence); an interrupted download goes on."""
    from huggingface_hub.utils import logging

    from dimts.checkpoint import fetch

    for paragraph in fetch.LICENCE:
        typer.echo(wrapped(paragraph), err=True)
    typer.echo(err=True)
    if not accept_license:
        raise ConfigError(f"nothing was downloaded; to accept: dimts base fetch {folder} --accept-license")
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # its warnings say in many lines what our one line says
    try:
        origin = fetch.fetch(folder, revision, lambda line: typer.echo(line, err=True))
    except KeyboardInterrupt:
        typer.echo(f"dimts: stopped; {folder}.part keeps what came, the same command goes on", err=True)
        raise typer.Exit(3) from None
    came = "is there already and is" if origin.get("already") else "is"
    done = f"{folder}: {came} {origin['repo']} at {origin['commit'][:12]}; now run: dimts base check {folder}"
    show({"base": str(folder), **origin}, as_json, done)


@app.command("show")
def base_show(folder: Folder, as_json: Json = False) -> None:
    """Say what a base holds: sizes, languages, files, and whether it is random, official or a bundle."""
    from dimts.checkpoint import describe, official

    facts = describe.facts(official.load(folder))
    show(facts, as_json, *_described(facts))


@app.command("check")
def base_check(
    folder: Folder,
    reference: Annotated[Path | None, typer.Option(help="Recording of a voice, 3 to 11 seconds.")] = None,
    reference_text: Annotated[str | None, typer.Option(help="What is said in it: scores the recording.")] = None,
    text: Annotated[str | None, typer.Option(help="What to say; an English sentence if not given.")] = None,
    language: Annotated[str, typer.Option(help="Language of both texts.")] = "en",
    dataset: Annotated[list[Path], typer.Option(help="Dataset to hold the DVAE against. May be repeated.")] = [],
    out: Annotated[Path, typer.Option(help="Where to write what was said (WAV or FLAC).")] = Path("out.wav"),
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Try a base, step by step: files, shapes, vocabulary, weights, codes, speech. Exit code 1 if one is a PROBLEM."""
    from dimts.evaluate import first_contact
    from dimts.infer.device import choose

    request = first_contact.Request(folder, out, reference, reference_text, text, language, datasets=tuple(dataset))
    findings: list[Finding] = []
    for finding in first_contact.examine(request, choose(device)):
        again = bool(findings) and findings[-1].step == finding.step
        findings.append(finding)
        if not as_json:
            typer.echo(row("" if again else finding.step, finding.verdict, finding.text))
    problems = sum(finding.verdict == "PROBLEM" for finding in findings)
    spoken = any(finding.step == "speech" and finding.facts for finding in findings)
    facts = {"folder": str(folder), "ok": not problems, "out": str(out) if spoken else None}
    steps = [{"step": f.step, "verdict": f.verdict, "text": f.text, **f.facts} for f in findings]
    show({**facts, "findings": steps}, as_json, *_verdict(findings, problems, out if spoken else None))
    if problems:
        raise typer.Exit(1)


def _verdict(findings: "list[Finding]", problems: int, out: Path | None) -> list[str]:
    """Return what is said below the steps."""
    notes = sum(finding.verdict == "note" for finding in findings)
    lines = [""]
    if any("(expected:" in finding.text for finding in findings):
        lines.append(wrapped("Expected values are what trained weights should show; they were never measured on them."))
    lines += [f"Listen to {out}"] if out else []
    counted = ", ".join(f"{n} {word}{'s' if n != 1 else ''}" for n, word in ((problems, "problem"), (notes, "note")))
    return [*lines, f"{counted[0].upper()}{counted[1:]}."]


def _described(facts: dict[str, Any]) -> list[str]:
    """Return the rows of `dimts base show`."""
    from dimts.checkpoint.fetch import shown_bytes

    dvae, counts = facts["dvae"], facts["parameters"]
    millions = ", ".join(f"{part} {count / 1e6:.2f} M" for part, count in counts.items())
    coder = "none: it can speak but not train"
    if dvae:
        widths = " > ".join(str(width) for width in (dvae["bands"], *dvae["widths"]))
        coder = f"{widths} > {dvae['codes']:,} codes of {dvae['code_width']}"
    return [
        f"{facts['folder']}: {KINDS[facts['kind']]}",
        fact("GPT", f"{facts['layers']} layers, width {facts['width']}, {facts['heads']} heads"),
        fact("text", f"{facts['text_rows']:,} rows, {facts['text_positions']} positions"),
        fact("codes", f"{facts['code_rows']:,} rows, {facts['code_positions']} positions: {facts['longest_clip_s']} s"),
        fact("voice", f"{facts['prompt_latents']} prompt latents, speaker embedding of {facts['speaker_width']}"),
        fact("DVAE", coder),
        fact("vocoder", f"{facts['vocoder_channels']} channels"),
        fact("languages", f"{len(facts['languages'])}: {' '.join(facts['languages'])}"),
        fact("parameters", f"{sum(counts.values()) / 1e6:.2f} M: {millions}"),
        *(
            fact("files" if not i else "", f"{name:<20} {shown_bytes(size):>9}")
            for i, (name, size) in enumerate(facts["files"].items())
        ),
        fact("fingerprint", facts["fingerprint"]),
    ]
