"""What an evaluation leaves: evaluation.json with all means, takes.jsonl with every take, and best.json in the run."""

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dimts import files
from dimts.checkpoint import store
from dimts.errors import ConfigError
from dimts.evaluate import means
from dimts.evaluate.evaluating import Evaluation
from dimts.evaluate.select import Ranking

SUMMARY, TAKES, BEST = "evaluation.json", "takes.jsonl", "best.json"
METRIC = "rank"  # as best.json calls what this chose by


def write(evaluation: Evaluation, ranking: Ranking) -> Path:
    """Write both files into the plan's folder; return the summary's path."""
    out = evaluation.plan.out
    with files.writing(out):
        out.mkdir(parents=True, exist_ok=True)
        files.write_text(
            out / TAKES, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in takes(evaluation))
        )
        summary = json.dumps(facts(evaluation, ranking), indent=1, ensure_ascii=False)
        files.write_text(out / SUMMARY, summary + "\n")
    return out / SUMMARY


def facts(evaluation: Evaluation, ranking: Ranking) -> dict[str, Any]:
    """Give the summary."""
    plan = evaluation.plan
    return {
        "dimts": version("dimts"),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "languages": sorted(plan.targets),
        "sentences": len({line.sentence for line in plan.lines}),
        "takes": len(plan.lines),
        "voices": list(dict.fromkeys(line.reference.name for line in plan.lines)),
        "seed": plan.seed,
        **means.facts(evaluation),
        "rank": {
            "weights": dict(ranking.weights),
            "left_out": list(ranking.left_out),
            "order": [
                {
                    "name": each.judged.name,
                    "update": each.judged.update,
                    "value": round(each.value.mean, 5),
                    "low": round(each.value.low, 5),
                    "high": round(each.value.high, 5),
                    "first": each.first,
                    "verdicts": list(each.verdicts),
                }
                for each in ranking.order
            ],
            "why": ranking.why(),
        },
    }


def takes(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """Give every take: what was to be said, how it went, and its values."""
    out = evaluation.plan.out
    for judged in evaluation.subjects:
        for row in judged.rows:
            line, told = row.take.line, row.take.facts
            path = row.take.path
            yield {
                "subject": judged.name,
                "text": line.sentence.text,
                "language": line.sentence.language,
                "kinds": line.sentence.kinds,
                "voice": line.reference.name,
                "seed": line.seed,
                "audio": str(path.relative_to(out)) if path and path.is_relative_to(out) else path and str(path),
                **{name: told[name] for name in ("codes", "pieces", "ended", "refused", "took_s") if name in told},
                "values": dict(row.values),
            }


def mark(run: Path, update: int, why: str = "marked by a person") -> dict[str, Any]:
    """Write a checkpoint of a run into its best.json by hand. ConfigError when it is not kept or not whole."""
    path = store.place(run, update)
    if wrong := store.problems(path) if path.is_dir() else [f"{run}: keeps no checkpoint of update {update}"]:
        kept = ", ".join(str(store.update_of(each)) for each in store.all_of(run)) or "none"
        raise ConfigError(f"{wrong[0]}; it keeps {kept}")
    best = {"update": update, "value": 0.0, "metric": METRIC, "why": why}
    with files.writing(run / BEST):
        files.write_text(run / BEST, json.dumps(best, indent=2, ensure_ascii=False) + "\n")
    return best


def choose(run: Path, ranking: Ranking) -> dict[str, Any] | None:
    """Write the best checkpoint of a run into its best.json, with why; None where every checkpoint is unfit."""
    placed = next((each for each in ranking.order if each.judged.update is not None), None)
    if placed is None or placed.unfit:
        return None
    best = {
        "update": placed.judged.update,
        "value": round(placed.value.mean, 5),
        "metric": METRIC,
        "why": ranking.why(),
        "weights": dict(ranking.weights),
        "order": [each.judged.name for each in ranking.order],
    }
    with files.writing(run / BEST):
        files.write_text(run / BEST, json.dumps(best, indent=2, ensure_ascii=False) + "\n")
    return best
