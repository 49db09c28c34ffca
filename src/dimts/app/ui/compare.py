"""The tab Compare: checkpoints with their scores, an evaluation by what they say, players side by side, the best."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from dimts.app import jobs
from dimts.app.projects import Project
from dimts.app.ui import following, listening, tables
from dimts.app.ui.cards import Card
from dimts.app.ui.shell import Shell, Told
from dimts.app.ui.train import run_of
from dimts.app.ui.words import Say
from dimts.checkpoint import places
from dimts.data.report.markup import Markup, tag
from dimts.errors import ConfigError

MOST_ROWS = 40
COLUMNS = ("code_loss", "code_loss_unmasked", "text_loss", "code_accuracy", "rank")  # of evaluations while training
SHOWN = ("nearest", "phone_distance", "cer", "run_on", "cut_off", "voice_likeness", "likeness", "mos", "code_loss")


def build(shell: Shell) -> None:
    """Make the tab."""
    say = shell.say
    gr.Markdown(f"### 1. {say('Checkpoints')}")
    table = gr.HTML("", elem_id="checkpoints")
    with gr.Row():
        update = gr.Dropdown([], label=say("Kept checkpoint, by update"), elem_id="update", min_width=160)
        mark = gr.Button(say("Mark as the best"), elem_id="mark", min_width=140)
    Card(shell, "mark")
    gr.Markdown(f"### 2. {say('Judge by what they say')}")
    with gr.Row():
        sentences = gr.Slider(1, 60, 24, step=1, label=say("Sentences"), min_width=180)
        takes = gr.Slider(1, 5, 1, step=1, label=say("Takes of each"), min_width=180)
        recogniser = gr.Textbox(label=say("Recogniser, to count wrong letters"), placeholder="faster-whisper:MODEL",
                                max_lines=1, min_width=200)  # fmt: skip
        go = gr.Button(say("Evaluate"), variant="primary", elem_id="evaluate", min_width=140)
    Card(shell, "evaluate")
    judged = gr.HTML("", elem_id="judged")
    listening.build(shell)

    shell.act(mark.click, partial(_mark, shell), [update])
    shell.act(go.click, partial(_evaluate, shell), [sentences, takes, recogniser])
    shell.show(partial(_table, say), [table], live=True)
    shell.show(_kept, [update], live=True)
    shell.show(partial(_judged, say), [judged], live=True)


def best_of(run: Path) -> dict[str, Any]:
    """Return what best.json says, {} where there is none that reads."""
    try:
        content = json.loads((run / "best.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _kept(project: Project) -> Any:
    updates = [str(places.update_of(path)) for path in places.all_of(project.run(run_of(project)))]
    return gr.update(choices=updates, value=updates[-1] if updates else None)


def _table(say: Say, project: Project) -> Markup:
    """Show every evaluated update and every kept checkpoint, the newest first."""
    run = project.run(run_of(project))
    scores, best = following.follow(run).evaluations, best_of(run)
    sizes = {places.update_of(path): _bytes(path) for path in places.all_of(run)}
    updates = sorted({*scores, *sizes}, reverse=True)
    if not updates:
        return tag("p", say("Nothing is learned yet: start a run in the tab Train."), class_="soft")
    names = [name for name in COLUMNS if any(name in each for each in scores.values())]
    rows = []
    for update in updates[:MOST_ROWS]:
        values = [f"{scores[update][name]:.4g}" if name in scores.get(update, {}) else "" for name in names]
        kept = f"{sizes[update] / 1e6:,.0f} MB" if update in sizes else ""
        marked = f"★ {say('best')}" if best.get("update") == update else ""
        rows.append([f"{update:,}", *values, kept, marked])
    why = [tag("p", f"{say('best')}: {say('update')} {best['update']:,}: {best.get('why', '')}", class_="soft")
           ] if isinstance(best.get("update"), int) else []  # fmt: skip
    return tag("div", tables.table(rows, [say("update"), *names, say("kept"), ""]), *why)


def _judged(say: Say, project: Project) -> Markup:
    """Show the last evaluation: the rank first, then means of what was measured."""
    try:
        path = project.run(run_of(project)) / "evaluation" / "evaluation.json"
        found = json.loads(path.read_text(encoding="utf-8"))
        columns = [column for column in found["columns"] if column["name"] in SHOWN]
        order = [each["name"] for each in found["rank"]["order"]]
        placed = {each["name"]: each for each in found["rank"]["order"]}
        names = sorted((each["name"] for each in found["subjects"]), key=["recordings", *order].index)
        subjects = {each["name"]: each for each in found["subjects"]}
        rows = [
            [
                name,
                *(_mean(subjects[name]["scores"], column["name"]) for column in columns),
                _rank(placed.get(name)),
                ", ".join(subjects[name]["verdicts"]),
            ]
            for name in names
        ]
        titles = ["", *(column["title"] for column in columns), say("rank"), ""]
        absent = [tag("p", f"{name}: {why}", class_="soft") for name, why in found["absent"].items()]
        return tag("div", tables.table(rows, titles), tag("p", found["rank"]["why"]), *absent, class_="card")
    except (OSError, ValueError, KeyError, TypeError):
        return tag("p", say("Nothing was judged yet."), class_="soft")


def _mean(scores: Mapping[str, Any], name: str) -> str:
    if name not in scores:
        return "–"
    return f"{scores[name]['mean']:.3g} ({scores[name]['low']:.3g}–{scores[name]['high']:.3g})"


def _rank(placed: Mapping[str, Any] | None) -> str:
    return f"{placed['value']:.2f}, {placed['first']:.0%}" if placed else ""


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _mark(shell: Shell, project: Project, update: str | None) -> Told:
    run = project.run(run_of(project))
    if not (update or "").isdigit():
        raise ConfigError(shell.say("No checkpoint is kept yet."))
    jobs.start(project.folder, "mark", ["evaluate", f"--mark={update}", "--json", "--", str(run)])
    return Told(shell.say("The checkpoint is being marked; exporting takes it."))


def _evaluate(shell: Shell, project: Project, sentences: float, takes: float, recogniser: str | None) -> Told:
    run = project.run(run_of(project))
    if not places.all_of(run):
        raise ConfigError(shell.say("No checkpoint is kept yet."))
    more = [f"--recogniser={recogniser.strip()}"] if recogniser and recogniser.strip() else []
    options = [f"--sentences={int(sentences)}", f"--takes={int(takes)}", *more]
    jobs.start(project.folder, "evaluate", ["evaluate", *options, "--json", "--", str(run)])
    return Told(shell.say("The checkpoints are being judged; what was said before is not said again."))
