"""The tab Speak: a voice, a text in any script, all settings; heard while it is spoken, kept to download."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from dimts import files
from dimts.app import jobs
from dimts.app.projects import Project
from dimts.app.ui import bases, commands, safety, takes
from dimts.app.ui.cards import Card
from dimts.app.ui.shell import Shell, Told
from dimts.checkpoint import places, speakers
from dimts.data.importers.places import MEDIA_SUFFIXES
from dimts.errors import ConfigError, TextError

SECTION, PRESETS = "speak", "speak-presets"
USUAL: dict[str, Any] = {"text": "ሰላም ለዓለም።", "language": "am", "temperature": 0.75, "top_k": 50, "top_p": 0.85,
                         "repetition_penalty": 5.0, "speed": 1.0, "split": "long", "seed": 0, "takes": 1,
                         "greedy": False, "max_codes": 600, "device": "auto"}  # fmt: skip
FIELDS = ("voice", "stored", *USUAL)  # in the order of the form
KEPT = ("temperature", "top_k", "top_p", "repetition_penalty", "speed", "split", "greedy", "max_codes")  # by presets
SEVERAL = 9  # takes at most at once


def build(shell: Shell) -> None:
    """Make the tab."""
    say = shell.say
    form = _form(shell)
    with gr.Row():
        reference = gr.Audio(sources=["upload", "microphone"], type="filepath", label=say("Or a recording of a voice"),
                             elem_id="reference", buttons=[], min_width=240)  # fmt: skip
        with gr.Column(min_width=240):
            preset = gr.Dropdown([], label=say("Preset"), allow_custom_value=True, elem_id="speak-preset",
                                 info=say("choose one, or write a name and save"))  # fmt: skip
            save = gr.Button(say("Save preset"), size="sm", elem_id="save-preset")
    go = gr.Button(say("Speak"), variant="primary", elem_id="speak")
    Card(shell, "speak")
    takes.build(shell)

    values = list(form.values())
    sampling = [form[name] for name in KEPT]
    shell.act(go.click, partial(_speak, shell), [reference, *values])
    shell.follow(form["voice"].change, partial(_stored, shell), [form["voice"]], [form["stored"]])
    shell.act(preset.input, _choose, [preset], sampling)
    shell.act(save.click, partial(_save, shell), [preset, *sampling], [preset])
    shell.show(_remembered, [*values[1:], preset])
    shell.show(partial(_offered, shell), [form["voice"]], live=True)


def _form(shell: Shell) -> dict[str, Any]:
    """Make the fields in the order of FIELDS."""
    say, made = shell.say, dict[str, Any]()
    made["text"] = gr.Textbox(label=say("Text"), lines=3, max_lines=14, max_length=20_000, elem_id="say")
    with gr.Row():
        made["voice"] = gr.Dropdown([], label=say("Voice bundle or base"), allow_custom_value=True, elem_id="voice",
                                    min_width=200)  # fmt: skip
        made["stored"] = gr.Dropdown([], label=say("Stored voice"), allow_custom_value=True, elem_id="stored-voice",
                                     min_width=160)  # fmt: skip
        made["language"] = gr.Textbox(label=say("Language"), max_lines=1, min_width=90)
        made["takes"] = gr.Slider(1, SEVERAL, step=1, label=say("Takes"), elem_id="takes", min_width=120)
        made["seed"] = gr.Number(precision=0, minimum=0, label=say("Seed"), min_width=90)
    with gr.Accordion(say("More settings"), open=False):
        with gr.Row():
            made["temperature"] = gr.Slider(0.01, 1.5, step=0.01, label=say("Temperature"), min_width=180)
            made["top_k"] = gr.Slider(0, 200, step=1, label="top-k", min_width=180)
            made["top_p"] = gr.Slider(0, 1, step=0.01, label="top-p", min_width=180)
            made["repetition_penalty"] = gr.Slider(1, 20, step=0.1, label=say("Repetition penalty"), min_width=180)
        with gr.Row():
            made["speed"] = gr.Slider(0.5, 2, step=0.05, label=say("Speed"), min_width=180)
            made["split"] = gr.Radio([(say("where needed"), "long"), (say("at each sentence"), "sentences")],
                                     label=say("Split"), min_width=200)  # fmt: skip
            made["max_codes"] = gr.Slider(1, 602, step=1, label=say("Longest piece, codes of 46 ms"), min_width=180)
            made["device"] = gr.Textbox(label=say("Device"), max_lines=1, min_width=90)
            made["greedy"] = gr.Checkbox(label=say("Always the likeliest code"), min_width=160)
    return {name: made[name] for name in FIELDS}


def _speak(shell: Shell, project: Project, reference: str | None, *values: Any) -> Told:
    form = dict(zip(FIELDS, values, strict=True))
    if not str(form["text"] or "").strip():
        raise TextError(shell.say("Write what to say."))
    form["voice"] = str(bases.of(shell.place, form["voice"]))
    project.remember(SECTION, form)
    project.speech.mkdir(exist_ok=True)
    if reference:
        form["reference"] = str(_reference(project, Path(reference)))
    name = f"{datetime.now():%Y%m%d-%H%M%S}.wav"
    files.write_text((project.speech / name).with_suffix(".json"), json.dumps(form, ensure_ascii=False, indent=1))
    jobs.start(project.folder, "speak", commands.speak(project, form, name))
    return Told(shell.say("It is loaded and will be heard as it is spoken."))


def _reference(project: Project, upload: Path) -> Path:
    """Keep a reference in the project: copied, as the page still shows it."""
    name = safety.own_name(upload.name)
    safety.refuse(upload, name, MEDIA_SUFFIXES)
    place = project.speech / "references" / f"{files.sha256(upload)[:8]}-{name}"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(upload.read_bytes())
    return place


def _stored(shell: Shell, project: Project, voice: str | None) -> list[Any]:
    """Offer the voices that a bundle keeps, or that came with a base."""
    del project
    try:
        folder = bases.of(shell.place, voice)
        names = places.voice_names(folder) or speakers.names(folder)
    except ConfigError:
        names = []
    return [gr.update(choices=names, value=names[0] if names else None)]


def _choose(project: Project, name: str) -> list[Any]:
    known = project.settings(PRESETS).get(name, {})
    return [known.get(field, gr.skip()) for field in KEPT]


def _save(shell: Shell, project: Project, name: str | None, *values: Any) -> Told:
    if not (name or "").strip():
        raise ConfigError(shell.say("Write a name for the preset first."))
    presets = project.settings(PRESETS) | {str(name).strip()[:60]: dict(zip(KEPT, values, strict=True))}
    project.remember(PRESETS, presets)
    return Told(shell.say("The preset is saved."), [gr.update(choices=list(presets), value=name)])


def _remembered(project: Project) -> list[Any]:
    """Show what was said last."""
    known = {**USUAL, **project.settings(SECTION)}
    values = [gr.update(value=known.get(name)) for name in FIELDS[1:]]
    return [*values, gr.update(choices=list(project.settings(PRESETS)), value=None)]


def _offered(shell: Shell, project: Project) -> Any:
    """Offer the voices that there are; choose the last one used, else the project's newest."""
    offered = [(str(path.relative_to(shell.place.folder)), str(path)) for path in bases.known(shell.place)]
    own = next((path for _, path in offered if Path(path).is_relative_to(project.folder)), None)
    return gr.update(choices=offered, value=project.settings(SECTION).get("voice") or own)
