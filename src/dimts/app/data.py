"""The commands that make and look at datasets: prepare, check."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dimts.app.output import Json, show
from dimts.app.reading import Abbreviations, Language, Lexicon, PronouncedBy, ReadingMode, chosen
from dimts.errors import DataError

if TYPE_CHECKING:
    from dimts.data.manifest import Dataset

SOURCES = (
    "Any mix of: tables (.csv .tsv .psv .txt), JSON lists (.jsonl .json), folders of recordings with or without .txt or"
    " .lab beside them, single recordings or videos, subtitles (.srt .vtt .ass .ssa .json) with their recording beside"
    " them or as SUBTITLES=RECORDING, hf:ORGANISATION/DATASET[:CONFIG][:SPLIT], folders of save_to_disk, addresses"
    " (https://...) and text files of addresses."
)
DOWNLOADS = "Folder that keeps what was brought from the hub or from pages; default: beside the dataset, OUT-downloads."
COOKIES = "Cookies for pages that want them, as browsers export them (Netscape's format)."


def prepare(
    sources: Annotated[list[str], typer.Argument(help=SOURCES, show_default=False)],
    out: Annotated[Path, typer.Option(help="Dataset folder to make or add to.", show_default=False)],
    language: Language = "am",
    mode: ReadingMode = None,
    backend: PronouncedBy = None,
    lexicon: Lexicon = None,
    abbreviations: Abbreviations = None,
    eval_share: Annotated[float, typer.Option(help="Share of sentences held back for evaluation; 0 is none.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of the split.", min=0)] = 0,
    speaker: Annotated[str, typer.Option(help="Speaker's name where the source gives none.")] = "speaker",
    limit: Annotated[list[str], typer.Option(help="Change a limit: name=value. May be repeated.")] = [],
    downloads: Annotated[Path | None, typer.Option(help=DOWNLOADS, show_default=False)] = None,
    cookies: Annotated[Path | None, typer.Option(help=COOKIES, show_default=False)] = None,
    proxy: Annotated[str | None, typer.Option(help="Proxy to bring pages through.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Turn recordings and their texts into a dataset; say what became of every clip."""
    from rich.console import Console

    from dimts.app.bar import stages
    from dimts.data import prepare as preparing
    from dimts.data.filters import Limits
    from dimts.data.importers import remote

    limits = Limits().override(dict(_pair(text) for text in limit))
    reading = chosen(mode, backend, lexicon, abbreviations)
    options = preparing.Options(eval_share=eval_share, seed=seed, speaker=speaker, text=reading, limits=limits)
    console = Console(stderr=True)
    say = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    kept = downloads or out.with_name(f"{out.name}-downloads")
    local = remote.fetch(sources, remote.Access(kept, language, cookies, proxy, say))
    with stages(console) as progress:
        dataset = preparing.prepare(local, out, language, options, progress)
    hours = sum(clip.duration_s for clip in dataset.clips) / 3600
    reasons = dict(Counter(rejection.reason for rejection in dataset.rejected).most_common())
    held_back = len(dataset.side("eval"))
    facts = {"dataset": str(out), "clips": len(dataset.clips), "hours": round(hours, 4), "eval_clips": held_back,
             "rejected": reasons, "normaliser": dataset.normaliser, "unread": unread(dataset)}  # fmt: skip
    show(
        facts,
        as_json,
        f"{out}: {len(dataset.clips):,} clips accepted ({hours:.2f} h), {held_back:,} of them held back for evaluation",
        *(f"  turned away: {count:,} x {reason}" for reason, count in reasons.items()),
        *([f"  each with its reason in {out / 'rejected.jsonl'}"] if reasons else []),
        *remarks(dataset),
    )


def unread(dataset: "Dataset") -> list[str]:
    """Name the letters of other scripts that the texts hold."""
    front, language = dataset.front, dataset.language
    found = (front.unread(front.normalised(clip.text, language), language) for clip in dataset.clips)
    return sorted(set(chain.from_iterable(found)))


def remarks(dataset: "Dataset") -> Iterator[str]:
    """Yield what a person should know about how the texts were read."""
    language = dataset.front.language(dataset.language)
    if language.generic:
        yield f"  language {language.name}"
    if foreign := unread(dataset):
        yield f"  some texts hold letters of another script, which nobody reads: {' '.join(foreign[:20])}"


def check(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.", show_default=False)], as_json: Json = False
) -> None:
    """Validate a dataset; exit 1 and a list when something is wrong."""
    from dimts.data.check import check as checking

    problems = checking(dataset)
    if as_json:
        show({"dataset": str(dataset), "problems": problems}, True)
        raise typer.Exit(1 if problems else 0)
    if problems:
        raise DataError(*problems)
    show({}, False, f"{dataset}: sound")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise DataError(f"--limit {text}: write it as name=value")
    return name.strip(), value.strip()
