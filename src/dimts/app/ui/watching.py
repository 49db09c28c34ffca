"""The part of the tab Train that shows a run while it runs: curves, speed and time left, samples, the log."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import gradio as gr

from dimts.app.projects import Project
from dimts.app.ui import charts, following, sounds
from dimts.app.ui.cards import newest
from dimts.app.ui.charts import Line
from dimts.app.ui.following import Followed
from dimts.app.ui.shell import Shell
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag

EVALUATED = {"loss": "code_loss", "loss_code": "code_loss", "loss_text": "text_loss"}  # drawn beside the training loss
TITLES = {"loss": "Loss", "lr": "Learning rate", "grad_norm": "Gradient norm", "clips_s": "Clips a second",
          "peak_gb": "Memory, GB"}  # fmt: skip
SAMPLE = re.compile(r"update-(\d+)-(\d+)\.wav")
MOST_SAMPLES, MOST_LINES = 24, 300
SEARCHED_BYTES, SHOWN_BYTES = 4 << 20, 1 << 16  # of the log's end


def build(shell: Shell) -> None:
    """Make the part."""
    say = shell.say
    gr.Markdown(f"### 4. {say('Watch')}")
    facts = gr.HTML("", elem_id="run-facts")
    curves = gr.HTML("", elem_id="curves")
    gr.Markdown(f"#### {say('Samples')}")
    samples = gr.HTML("", elem_id="samples")
    with gr.Accordion(say("Log"), open=False, elem_id="train-log"):
        search = gr.Textbox(label=say("Search the log"), max_lines=1, elem_id="search-log")
        log = gr.HTML("", elem_classes="log", elem_id="log")
    shell.show(partial(_facts, say), [facts], live=True)
    shell.show(partial(_curves, say), [curves], live=True)
    shell.show(partial(_samples, say), [samples], live=True)
    shell.show(partial(_log, say), [log], [search], live=True)
    shell.follow(search.change, partial(_log, say), [search], [log])


def _run(project: Project) -> Path:
    return project.run(str(project.settings("train").get("run", "run")))


def _facts(say: Say, project: Project) -> Markup:
    """Say how far the run is, how fast, and how long it will take."""
    run = _run(project)
    found = following.follow(run)
    if not found.update and not found.evaluations:
        return tag("p", say("Nothing is learned yet."), class_="soft")
    total = _total(run)
    tiles = [tag("div", tag("b", big), tag("span", small)) for big, small in _numbers(say, found, total)]
    stopped = [tag("p", f"{say('stopped early')}: {found.stopped}", class_="soft")] if found.stopped else []
    bar = tag("progress", value=found.update, max=total, aria_label=say("updates")) if total else ""
    return tag("div", bar, tag("div", *tiles, class_="tiles"), *stopped)


def _numbers(say: Say, found: Followed, total: int) -> Iterator[tuple[str, str]]:
    yield f"{found.update:,}" + (f" / {total:,}" if total else ""), say("updates")
    for name, words in (("loss", say("loss")), ("clips_s", say("clips a second")), ("peak_gb", say("GB of memory"))):
        if isinstance(found.last.get(name), int | float):
            yield f"{found.last[name]:,.4g}", words
    if found.evaluations:
        at, scores = max(found.evaluations.items())
        name, value = next(iter(scores.items()), ("", 0.0))
        yield f"{value:.4g}", f"{name} {say('after update')} {at:,}"
    if found.recent_s and total > found.update:
        left_s = sum(found.recent_s) / len(found.recent_s) * (total - found.update)
        yield str(timedelta(seconds=round(left_s))), say("left, about")


def _total(run: Path) -> int:
    """How many updates were planned, 0 where that is not known."""
    try:
        return int(json.loads((run / "plan.json").read_text(encoding="utf-8"))["total_updates"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _curves(say: Say, project: Project) -> Markup:
    found = following.follow(_run(project))
    names = [*(name for name in TITLES if name in found.curves), *(name for name in found.curves if name not in TITLES)]
    drawn = []
    for name in names:
        lines = [Line(say("training"), found.curves[name].shown(), "a")]
        scores = [(at, values[key]) for at, values in sorted(found.evaluations.items())
                  if (key := EVALUATED.get(name, "")) in values]  # fmt: skip
        drawn.append(charts.chart(say(TITLES.get(name, name)), *lines, Line(say("held back"), scores, "b")))
    return tag("div", *drawn, class_="charts")


def _samples(say: Say, project: Project) -> Markup:
    """Show the samples, the newest update first."""
    found = [(int(match[1]), int(match[2]), path) for path in (_run(project) / "samples").glob("*.wav")
             if (match := SAMPLE.fullmatch(path.name))]  # fmt: skip
    if not found:
        return tag("p", say("None yet: give samples.texts sentences, and each evaluation speaks them."), class_="soft")
    found.sort(key=lambda each: (-each[0], each[1]))
    boxes = []
    for update, number, path in found[:MOST_SAMPLES]:
        label = f"{say('update')} {update:,}, {say('sentence')} {number}"
        boxes.append(tag("div", tag("span", label, class_="soft"), sounds.player(project, path, label)))
    return tag("div", *boxes, class_="sounds")


def _log(say: Say, project: Project, search: str | None = None) -> Markup:
    """Show the end of the log, or the lines that hold some words."""
    job = newest(project, "train")
    if job is None:
        return Markup("")
    words = (search or "").strip().casefold()
    end = job.log(SEARCHED_BYTES if words else SHOWN_BYTES)
    lines = [line for line in end.splitlines() if words in line.casefold()]
    said = f"{len(lines):,} {say('lines')}" if words else ""
    return tag("div", tag("p", said, class_="soft", role="status"), tag("pre", "\n".join(lines[-MOST_LINES:])))
