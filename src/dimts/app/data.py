"""The commands from recordings and text to a dataset and a vocabulary: prepare, check, vocab, text."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from dimts.app.output import Json, show
from dimts.errors import DataError

Datasets = Annotated[list[Path], typer.Argument(help="Dataset folders.", show_default=False)]
LanguageOption = Annotated[str, typer.Option(help="Language code: am, ti, en, ...")]


def prepare(
    sources: Annotated[list[Path], typer.Argument(help="metadata.csv files or folders with one.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Dataset folder to make or add to.", show_default=False)],
    language: LanguageOption = "am",
    eval_share: Annotated[float, typer.Option(help="Share of sentences held back for evaluation; 0 is none.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of the split.", min=0)] = 0,
    speaker: Annotated[str, typer.Option(help="Speaker's name where the source gives none.")] = "speaker",
    limit: Annotated[list[str], typer.Option(help="Change a limit: name=value. May be repeated.")] = [],
    as_json: Json = False,
) -> None:
    """Turn recordings and their texts into a dataset; say what became of every clip."""
    from rich.console import Console

    from dimts.app.bar import counting
    from dimts.data import prepare as preparing
    from dimts.data.filters import Limits

    limits = Limits().override(dict(_pair(text) for text in limit))
    options = preparing.Options(eval_share=eval_share, seed=seed, speaker=speaker, limits=limits)
    with counting("reading clips", Console(stderr=True)) as progress:
        dataset = preparing.prepare(sources, out, language, options, progress)
    hours = sum(clip.duration_s for clip in dataset.clips) / 3600
    reasons = dict(Counter(rejection.reason for rejection in dataset.rejected).most_common())
    held_back = len(dataset.side("eval"))
    facts = {"dataset": str(out), "clips": len(dataset.clips), "hours": round(hours, 4), "eval_clips": held_back,
             "rejected": reasons}  # fmt: skip
    show(
        facts,
        as_json,
        f"{out}: {len(dataset.clips):,} clips accepted ({hours:.2f} h), {held_back:,} of them held back for evaluation",
        *(f"  turned away: {count:,} x {reason}" for reason, count in reasons.items()),
        *([f"  each with its reason in {out / 'rejected.jsonl'}"] if reasons else []),
    )


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


def vocab(
    datasets: Datasets,
    base: Annotated[Path, typer.Option(help="Base folder whose vocabulary grows.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Where to write the extended vocabulary.")] = Path("vocab.json"),
    size: Annotated[int | None, typer.Option(help="New tokens; as many as the data bears if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Extend a base's vocabulary, append-only, with what the datasets' texts need; report the coverage."""
    from dimts import files
    from dimts.data import manifest
    from dimts.text import extend
    from dimts.text.bpe import Tokenizer

    before = Tokenizer.read(base / "vocab.json")
    opened = [manifest.read(folder) for folder in datasets]
    after = before
    for language in sorted({dataset.language for dataset in opened}):
        spoken = [clip.spoken for dataset in opened if dataset.language == language for clip in dataset.clips]
        after = extend.extend(after, spoken, language, size)
    out.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(out, after.to_json())
    facts = {"vocab": str(out), "rows_before": before.rows, "rows": after.rows, "new": after.rows - before.rows}
    show(facts, as_json, f"{out}: {after.rows:,} rows, {after.rows - before.rows:,} of them new")


def text(
    texts: Annotated[list[str], typer.Argument(help="Texts; or give --file.", show_default=False)] = [],
    file: Annotated[Path | None, typer.Option(help="Text file, one text a line.")] = None,
    language: LanguageOption = "am",
    vocab: Annotated[Path | None, typer.Option(help="vocab.json to tokenize with.")] = None,
    as_json: Json = False,
) -> None:
    """Show how texts are read aloud and tokenized: one JSON object a line."""
    from dimts.text import normalise
    from dimts.text.bpe import Tokenizer

    tokenizer = Tokenizer.read(vocab) if vocab else None
    lines = file.read_text(encoding="utf-8").splitlines() if file else texts
    for line in lines:
        spoken = normalise.normalise(line, language)
        facts: dict[str, object] = {"text": line, "spoken": spoken}
        if tokenizer:
            ids = tokenizer.encode_spoken(spoken, language)
            unknown = ids.count(tokenizer.unknown_id)
            facts |= {"tokens": tokenizer.tokens(ids), "ids": ids, "unknown": unknown}
        typer.echo(json.dumps(facts, ensure_ascii=False))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise DataError(f"--limit {text}: write it as name=value")
    return name.strip(), value.strip()
