"""The commands that make and look at datasets: prepare, check, report."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from dimts.app.output import Json, show
from dimts.app.reading import Abbreviations, Language, Lexicon, PronouncedBy, ReadingMode, chosen
from dimts.errors import ConfigError, DataError

SOURCES = (
    "Any mix of: tables (.csv .tsv .psv .txt), JSON lists (.jsonl .json), folders of recordings with or without .txt or"
    " .lab beside them, single recordings or videos, subtitles (.srt .vtt .ass .ssa .json) with their recording beside"
    " them or as SUBTITLES=RECORDING, hf:ORGANISATION/DATASET[:CONFIG][:SPLIT], folders of save_to_disk, addresses"
    " (https://...) and text files of addresses. What was prepared before and is not named stays; without any source"
    " the decisions of review.jsonl are applied."
)
REPAIRS = {  # what each is without a number, and its name among repairs
    "loudness": (-23.0, "loudness_lufs"),
    "highpass": (70.0, "high_pass_hz"),
    "denoise": (True, "denoise"),
    "vocals": (True, "vocals"),
}
DOWNLOADS = "Folder that keeps what was brought from the hub or from pages; default: beside the dataset, OUT-downloads."
COOKIES = "Cookies for pages that want them, as browsers export them (Netscape's format)."
Limit = Annotated[
    list[str],
    typer.Option(help="Change a limit, name=value; may be repeated. A wrong name lists them.", metavar="NAME=VALUE"),
]
Workers = Annotated[
    int | None, typer.Option(help="Processes that read files at once.", min=1, show_default="one a core, 4 at most")
]
Vocabulary = Annotated[
    Path | None,
    typer.Option("--vocab", help="vocab.json: turn away texts that it cannot write or hold.", show_default=False),
]
Base = Annotated[
    Path | None, typer.Option(help="Base folder or bundle: as --vocab, with its vocabulary.", show_default=False)
]
Detector = Annotated[
    str, typer.Option(help="What finds speech: silero, or energy (loud from quiet only, needs no package).")
]


def prepare(
    out: Annotated[Path, typer.Option(help="Dataset folder to make or add to.", show_default=False)],
    sources: Annotated[list[str] | None, typer.Argument(help=SOURCES, show_default=False, metavar="SOURCE...")] = None,
    language: Language = "am",
    mode: ReadingMode = None,
    backend: PronouncedBy = None,
    lexicon: Lexicon = None,
    abbreviations: Abbreviations = None,
    join: Annotated[
        bool, typer.Option(help="Join short neighbouring cues of one speaker, up to 11 s; a cut clip sounds hasty.")
    ] = True,
    detector: Detector = "silero",
    eval_share: Annotated[float, typer.Option(help="Share of the clips held back for evaluation; 0 is none.")] = 0.05,
    group_by: Annotated[
        str,
        typer.Option(
            help="What is on one side of that split as a whole: recording, speaker or text; the same text always is."
            " auto: recording if there are 20 of them, else text."
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Of the split.", min=0)] = 0,
    align: Annotated[
        str,
        typer.Option(
            help="What cuts a long recording by its text: none, hama (offline), hf:MODEL (any CTC model), or auto: hama"
            " if it is installed. If named, it also scores every other clip: does it say its text?"
        ),
    ] = "auto",
    transcribe: Annotated[
        str | None,
        typer.Option(
            help="What writes down recordings that have no text: hf:MODEL (any CTC model) or faster-whisper:MODEL; a"
            " given text always wins. Without it they are turned away.",
            show_default=False,
        ),
    ] = None,
    repair: Annotated[
        list[str],
        typer.Option(
            help="Do this to every clip: loudness (to -23 LUFS) or loudness=LUFS, highpass (at 70 Hz) or highpass=HZ,"
            " denoise, vocals (the voice alone). May be repeated. Not by default: a voice learns it too."
        ),
    ] = [],
    music: Annotated[bool, typer.Option("--music", help="Listen for music in every clip, and turn it away.")] = False,
    voices: Annotated[
        bool,
        typer.Option(
            "--voices",
            help="Tell in every clip whether one voice speaks, and turn away several; needs the weights of Resemblyzer"
            " (pip install --no-deps resemblyzer).",
        ),
    ] = False,
    speaker: Annotated[str, typer.Option(help="Speaker's name where the source gives none.")] = "speaker",
    licence: Annotated[str | None, typer.Option(help="Licence of the recordings; kept in dataset.json.")] = None,
    consent: Annotated[str | None, typer.Option(help="How the speakers agreed; kept in dataset.json.")] = None,
    limit: Limit = [],
    base: Base = None,
    vocab: Vocabulary = None,
    downloads: Annotated[Path | None, typer.Option(help=DOWNLOADS, show_default=False)] = None,
    cookies: Annotated[Path | None, typer.Option(help=COOKIES, show_default=False)] = None,
    proxy: Annotated[str | None, typer.Option(help="Proxy to bring pages through.", show_default=False)] = None,
    inside: Annotated[
        list[Path], typer.Option(help="Turn away recordings that lists name outside of this folder; may be repeated.")
    ] = [],
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Turn recordings and their texts into a dataset; say what became of every second."""
    from rich.console import Console

    from dimts.app.bar import stages
    from dimts.app.prepared import facts, lines
    from dimts.data import prepare as preparing
    from dimts.data.importers import remote
    from dimts.data.options import GroupBy, Options
    from dimts.data.stretches import CutRules

    options = Options(
        eval_share=eval_share,
        seed=seed,
        group_by=_one_of("--group-by", group_by, get_args(GroupBy)),
        speaker=speaker,
        text=chosen(mode, backend, lexicon, abbreviations),
        cutting=CutRules(join=join),
        align=align,
        transcribe=transcribe,
        repairs=_repairs(repair),
        hear_music=music,
        hear_voices=voices,
        licence=licence,
        consent=consent,
        inside=tuple(inside),
        **_shared(limit, base, vocab, detector, workers),
    )
    console = Console(stderr=True)
    say = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    kept = downloads or out.with_name(f"{out.name}-downloads")
    local = remote.fetch(sources or [], remote.Access(kept, language, cookies, proxy, say))
    with stages(console) as progress:
        dataset = preparing.prepare(local, out, language, options, progress)
    show(facts(dataset), as_json, *lines(dataset))


def check(
    dataset: Annotated[
        Path, typer.Argument(help="Dataset folder of ours; folder or table of another tool.", show_default=False)
    ],
    language: Language = "am",
    detector: Detector = "silero",
    limit: Limit = [],
    base: Base = None,
    vocab: Vocabulary = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Validate a dataset, or what `prepare` would make of another tool's; exit 1 and a list when something is wrong."""
    from dimts.data.check import check as checking
    from dimts.data.options import Options

    problems = checking(dataset, language, Options(**_shared(limit, base, vocab, detector, workers)))
    if as_json:
        show({"dataset": str(dataset), "problems": problems}, True)
        raise typer.Exit(1 if problems else 0)
    if problems:
        raise DataError(*problems)
    show({}, False, f"{dataset}: sound")


def report(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.", show_default=False)], as_json: Json = False
) -> None:
    """Write report.html into a dataset folder again, as `prepare` does at its end; --json prints its numbers."""
    from dimts.data import manifest
    from dimts.data import report as reports

    read = manifest.read(dataset, any_normaliser=True)
    path = reports.write(read)
    show({"report": str(path), **(reports.facts(read) if as_json else {})}, as_json, f"the report is ready: {path}")


def _shared(
    limit: Sequence[str], base: Path | None, vocab: Path | None, detector: str, workers: int | None
) -> dict[str, Any]:
    """Give the options that both commands have."""
    from dimts.audio.speech import Detector as Known
    from dimts.data.filters import Limits

    if base and vocab:
        raise ConfigError("--base and --vocab: give one of them")
    asked = {
        "limits": Limits().override(dict(_pair(text) for text in limit)),
        "vocabulary": base / "vocab.json" if base else vocab,
        "detector": _one_of("--detector", detector, get_args(Known)),
    }
    return asked | ({"workers": workers} if workers else {})


def _repairs(asked: Sequence[str]) -> Any:
    """Give the repairs that were asked for, None where none was."""
    from dimts.audio.repair import Repairs

    wanted: dict[str, Any] = {}
    for text in asked:
        name, equals, value = text.partition("=")
        usual, key = REPAIRS.get(name, (None, ""))
        if not key or equals and usual is True:
            raise ConfigError(f"--repair {text}: choose from {', '.join(REPAIRS)}; loudness and highpass take =NUMBER")
        try:
            wanted[key] = float(value) if equals else usual
        except ValueError:
            raise ConfigError(f"--repair {text}: {value!r} is not a number") from None
    return Repairs(**wanted) if wanted else None


def _one_of(option: str, value: str, known: Sequence[str]) -> Any:
    if value not in known:
        raise ConfigError(f"{option} {value}: choose from {', '.join(known)}")
    return value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise DataError(f"--limit {text}: write it as name=value")
    return name.strip(), value.strip()
