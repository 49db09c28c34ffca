"""The tab Train: a base, a recipe and its settings; a plan before the start; start, stop, go on."""

from functools import partial
from typing import Any

import gradio as gr

from dimts import config
from dimts.app import jobs
from dimts.app.projects import Project
from dimts.app.ui import bases, fields, planned, runfile, watching
from dimts.app.ui.cards import Card
from dimts.app.ui.fields import Setting
from dimts.app.ui.shell import Shell, Told
from dimts.app.ui.words import Say
from dimts.errors import ConfigError

FIRST = ("train.epochs", "train.trainable", "optimizer.lr", "batch.clips", "batch.accumulation", "train.precision",
         "evaluate.every_updates", "save.every_updates", "device", "samples.texts")  # fmt: skip
SECTION, RUN, RECIPE = "train", "run", "amharic-bpe"


def build(shell: Shell) -> None:
    """Make the tab."""
    say = shell.say
    gr.Markdown(f"### 1. {say('What to start from')}")
    with gr.Row():
        base = bases.choice(shell, "train-base")
        run = gr.Dropdown([RUN], value=RUN, allow_custom_value=True, label=say("Run"), elem_id="run-name",
                          info=say("another name keeps an earlier run beside it"), min_width=160)  # fmt: skip
        preset = gr.Dropdown(list(fields.presets()), value=RECIPE, label=say("Recipe"), elem_id="preset",
                             info=say("fills the fields below"), min_width=160)  # fmt: skip
    bases.getting(shell)
    gr.Markdown(f"### 2. {say('Settings')}")
    parts = _fields(say)
    more = gr.Textbox(label=say("More datasets, one folder a line"), lines=1, elem_id="more-datasets")
    gr.Markdown(f"### 3. {say('Plan and start')}")
    with gr.Row():
        plan = gr.Button(say("Plan"), elem_id="plan", min_width=120)
        start = gr.Button(say("Start, or go on"), variant="primary", elem_id="start", min_width=160)
    planned.build(shell)
    Card(shell, "train")

    values = list(parts.values())
    shell.act(plan.click, partial(_plan, shell), [run, preset, base, more, *values])
    shell.act(start.click, partial(_start, shell), [run, preset, base, more, *values])
    shell.act(preset.input, _preset, [preset], values)
    shell.act(run.input, _remember_run, [run], [more, *values])
    shell.show(_remembered, [run, preset, more, *values])
    watching.build(shell)


def run_of(project: Project) -> str:
    """Return the run that the project looks at."""
    return str(project.settings(SECTION).get("run", RUN))


def _fields(say: Say) -> dict[str, Any]:
    """Make a field for every setting: a few first, the others by section on demand; in the order of the run file."""
    made: dict[str, Any] = {}
    known = {setting.name: setting for setting in fields.settings()}
    with gr.Row():
        for name in FIRST:
            made[name] = _field(known[name], say)
    rest = [setting for setting in fields.settings() if setting.name not in FIRST]
    with gr.Accordion(say("All settings of the run file"), open=False, elem_id="all-settings"):
        for section in dict.fromkeys(setting.section for setting in rest):
            with gr.Accordion(section, open=False), gr.Row():
                for setting in rest:
                    if setting.section == section:
                        made[setting.name] = _field(setting, say)
    return {name: made[name] for name in known}


def _field(setting: Setting, say: Say) -> Any:
    """Make the component of a setting."""
    same: dict[str, Any] = {"label": setting.name, "info": say(setting.help), "min_width": 220,
                            "elem_id": f"set-{setting.name.replace('.', '-')}"}  # fmt: skip
    value = setting.written(setting.default)
    if setting.kind == "flag":
        return gr.Checkbox(value, **same)
    if setting.kind == "choice":
        return gr.Dropdown(list(setting.choices), value=value, **same)
    if setting.kind == "several":
        return gr.CheckboxGroup(list(setting.choices), value=value, **same)
    return gr.Textbox(value, lines=3 if setting.kind == "lines" else 1, max_lines=8, **same)


def _shown(values: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((setting.name for setting in fields.settings()), values, strict=True))


def _write(shell: Shell, project: Project, run: str, recipe: str, base: str | None, more: str, *values: Any) -> Any:
    project.remember(SECTION, {"run": run, "recipe": recipe})
    return runfile.write(shell.place, project, run, base, more, _shown(values))


def _plan(shell: Shell, project: Project, run: str, *values: Any) -> Told:
    _write(shell, project, run, *values)
    jobs.start(project.folder, "plan", ["plan", str(project.run_file(run)), "--json"])
    return Told(shell.say("The plan is being made: memory and time are measured."))


def _start(shell: Shell, project: Project, run: str, *values: Any) -> Told:
    checked = _write(shell, project, run, *values)
    argv = ["train", str(project.run_file(run)), "--json"]
    jobs.start(project.folder, "train", argv, runfile.device_of(checked))
    return Told(shell.say("Training has begun; it goes on when this page is closed."))


def _preset(project: Project, name: str) -> list[Any]:
    del project
    if name not in fields.presets():
        raise ConfigError(f"{name!r}: there is no such recipe")
    return list(fields.shown(config.load(fields.presets()[name])).values())


def _remember_run(project: Project, run: str) -> list[Any]:
    """Show another run's settings; those of a new one stay as they are shown."""
    project.run(run)
    project.remember(SECTION, {**project.settings(SECTION), "run": run})
    content = runfile.read(project, run)
    if not content:
        return [gr.skip()] * (1 + len(fields.settings()))
    return [runfile.more_datasets(project, content), *fields.shown(content).values()]


def _remembered(project: Project) -> list[Any]:
    run = run_of(project)
    content = runfile.read(project, run)
    names = list(dict.fromkeys([run, *project.runs()]))
    return [
        gr.update(choices=names, value=run),
        project.settings(SECTION).get("recipe", RECIPE),
        runfile.more_datasets(project, content),
        *fields.shown(content).values(),
    ]
