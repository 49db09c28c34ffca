"""`dimts vocab`: a base's vocabulary extended with what datasets need, and what that buys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dimts.app.output import Json, show
from dimts.errors import TextError

if TYPE_CHECKING:
    from dimts.data.manifest import Dataset
    from dimts.text.bpe import Tokenizer
    from dimts.text.coverage import Report


def vocab(
    datasets: Annotated[list[Path], typer.Argument(help="Dataset folders.", show_default=False)],
    base: Annotated[Path, typer.Option(help="Base folder or voice bundle whose vocabulary grows.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Vocabulary to make; one that is there grows, its ids stay.")] = Path(
        "vocab.json"
    ),
    extend: Annotated[
        Path | None, typer.Option(help="Extended vocabulary to go on from, instead of --out's.", show_default=False)
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="New tokens of each language at most.", min=0, show_default="as many as the texts bear, 2,000 at most"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Extend a base's vocabulary, append-only, with what the datasets' texts need; report the coverage."""
    from dimts import files
    from dimts.data import manifest
    from dimts.text.bpe import Tokenizer

    before = Tokenizer.read(base / "vocab.json")
    opened = manifest.read_alike(datasets)
    earlier = earlier_extension(out, extend, before)
    after = grown(earlier, opened, size)
    with files.writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(out, after.to_json())
    reports = {language: report(before, after, opened, language) for language in languages_of(opened)}
    facts = {
        "vocab": str(out),
        "rows_before": before.rows,
        "rows": after.rows,
        "new": after.rows - before.rows,
        "added_now": after.rows - earlier.rows,
        "normaliser": opened[0].normaliser,
        "languages": {language: asdict(found) for language, found in reports.items()},
    }
    show(facts, as_json, *summary(out, before, earlier, after), *table(reports))


def earlier_extension(out: Path, extend: Path | None, base: "Tokenizer") -> "Tokenizer":
    """Give the vocabulary to go on from. TextError when it is no extension of the base's."""
    from dimts.text import extend as extending

    if out.is_dir():
        raise TextError(f"{out}: is a folder; give the name of a file, such as {out / 'vocab.json'}")
    path = extend or (out if out.exists() else None)
    try:
        return extending.read(path, base)
    except TextError as error:
        if path != out:
            raise
        raise TextError(f"{error.problems[0].partition(';')[0]}; remove it, or choose another --out") from None


def grown(earlier: "Tokenizer", datasets: "Sequence[Dataset]", size: int | None) -> "Tokenizer":
    """Give the vocabulary with every language of the datasets appended."""
    from dimts.text import extend

    after = earlier
    for language in languages_of(datasets):
        own = [dataset for dataset in datasets if dataset.language == language]
        front = own[0].front
        spoken = [clip.spoken for dataset in own for clip in dataset.clips] + [front.inventory(language)]
        room = None if size is None else max(0, size - len(extend.tokens_of(after, language)))
        after = extend.extend(after, spoken, language, room, script_letters=front.mode == "bpe")
    return after


def report(before: "Tokenizer", after: "Tokenizer", datasets: "Sequence[Dataset]", language: str) -> "Report":
    """Compare both vocabularies on a language's clips."""
    from dimts.text import coverage

    clips = [clip for dataset in datasets if dataset.language == language for clip in dataset.clips]
    spoken, durations_s = [clip.spoken for clip in clips], [clip.duration_s for clip in clips]
    return coverage.report(before, after, spoken, language, durations_s)


def languages_of(datasets: "Sequence[Dataset]") -> list[str]:
    """The languages of datasets, sorted."""
    return sorted({dataset.language for dataset in datasets})


def summary(out: Path, before: "Tokenizer", earlier: "Tokenizer", after: "Tokenizer") -> Iterator[str]:
    """Yield what was done in a line or two."""
    new, merges = after.rows - before.rows, len(after.merges) - len(before.merges)
    yield f"{out}: {after.rows:,} rows, {new:,} more than the base's {before.rows:,}, {merges:,} of them by merges"
    kept, came = earlier.rows - before.rows, after.rows - earlier.rows
    if kept:
        yield f"  {kept:,} of them were there and kept their ids; {came:,} came now"


def table(reports: "Mapping[str, Report]") -> Iterator[str]:
    """Yield what each language gains, for a person."""
    for language, found in reports.items():
        yield ""
        yield f"{language}, {found.texts:,} texts".ljust(32) + "before".rjust(10) + "after".rjust(10)
        for name, before, after in (
            ("characters with a token", f"{found.coverage_before:.1%}", f"{found.coverage:.1%}"),
            ("unknown tokens", f"{found.unknown_before:.1%}", f"{found.unknown:.1%}"),
            ("tokens a character", f"{found.tokens_per_character_before:.2f}", f"{found.tokens_per_character:.2f}"),
            ("tokens a word", f"{found.fertility_before:.2f}", f"{found.fertility:.2f}"),
            ("tokens a second of audio", _rate(found.tokens_per_s_before), _rate(found.tokens_per_s)),
            (f"clips over {found.limit_tokens} tokens", f"{found.over_limit_before:,}", f"{found.over_limit:,}"),
            ("new tokens that no text reaches", "", f"{found.unreachable:,}"),
        ):
            yield f"  {name}".ljust(32) + before.rjust(10) + after.rjust(10)
        if found.missing:
            yield f"  still without a token: {' '.join(found.missing[:40])}"


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
