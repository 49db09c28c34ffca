"""What a plan says: updates, the learning rate's curve, what learns, memory and time, and every warning."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import gradio as gr

from dimts.app.projects import Project
from dimts.app.ui import charts
from dimts.app.ui.cards import Card, newest
from dimts.app.ui.charts import Line
from dimts.app.ui.shell import Shell
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag

RATES = {"lr": "lr", "new_rows_lr": "new rows", "lora_lr": "adapters"}


def build(shell: Shell) -> None:
    """Make the part that shows the newest plan."""
    Card(shell, "plan")
    found = gr.HTML("", elem_id="planned")
    shell.show(partial(_planned, shell.say), [found], live=True)


def _planned(say: Say, project: Project) -> Markup:
    job = newest(project, "plan")
    answer = job.answer() if job and job.state == "done" else None
    return page(answer, say) if answer else Markup("")


def page(plan: Mapping[str, Any], say: Say) -> Markup:
    """Show the answer of `dimts plan --json`; what it lacks is left out."""
    boxes = (tag("div", tag("b", big), tag("span", small)) for big, small in _tiles(plan, say))
    curve = [(point["update"], point) for point in plan.get("curve", [])]
    lines = [Line(name, [(at, point[key]) for at, point in curve if key in point], "ab"[bool(number)])
             for number, (key, name) in enumerate(RATES.items())]  # fmt: skip
    warnings = [tag("p", warning) for warning in plan.get("warnings", [])]
    return tag(
        "div",
        tag("div", *boxes, class_="tiles"),
        tag("div", charts.chart(say("Learning rate"), *lines), class_="charts"),
        tag("p", plan.get("schedule", ""), class_="soft"),
        tag("p", f"{say('what learns')}: {', '.join(plan.get('trainable', []))}", class_="soft"),
        tag("div", *warnings, class_="notice bad", role="alert") if warnings else "",
        class_="card",
    )


def _tiles(plan: Mapping[str, Any], say: Say) -> Iterator[tuple[str, str]]:
    if "total_updates" in plan:
        each = plan.get("updates_per_epoch", 0)
        yield f"{plan['total_updates']:,}", f"{say('updates in all')}, {each:,} {say('an epoch')}"
    if "train_clips" in plan:
        yield f"{plan['train_clips']:,}", f"{say('training clips')}, {plan.get('train_hours', 0):.2f} h"
    if plan.get("parameters"):
        share = plan["learning_parameters"] / plan["parameters"]
        yield f"{share:.1%}", f"{say('of the weights learn')}: {plan['learning_parameters']:,}"
    forecast = plan.get("forecast") or {}
    if memory := forecast.get("memory"):
        yield f"{memory['peak_gb']:.1f} GB", f"{say('memory at the peak')}; {memory['free_gb']:.1f} GB {say('free')}"
    if update_s := forecast.get("update_s"):
        total = timedelta(seconds=round(update_s * plan.get("total_updates", 0)))
        yield str(total), f"{say('in all')}, {update_s:.3g} s {say('an update')}; {plan.get('device')}"
