"""The tab Data: recordings in, a dataset out, and what became of every second."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from dimts.app import jobs
from dimts.app.projects import Project
from dimts.app.ui import clips, commands, reviewing, safety, sounds, tables
from dimts.app.ui.cards import Card
from dimts.app.ui.shell import Shell, Told
from dimts.data import manifest
from dimts.data.filters import Limits
from dimts.data.report.markup import Markup, tag
from dimts.data.report.wording import clock, count, length
from dimts.errors import DataError, DimtsError

LANGUAGES = ["am", "ti", "om", "so", "en", "ar", "fr", "de", "es", "it", "pt", "hi", "sw"]
REPAIRS = ["loudness", "highpass", "denoise", "vocals"]
MOST_NAMES, MOST_REASONS = 30, 20
SECTION = "data"
FIELDS = ("sources", "language", "speaker", "transcribe", "mode", "align", "detector", "eval_share", "repairs", "music",
          "voices", "limits", "licence", "consent", "cookies", "proxy")  # fmt: skip
USUAL = {"language": "am", "mode": "bpe", "align": "auto", "detector": "silero", "eval_share": 0.05}


def build(shell: Shell) -> None:
    """Make the tab."""
    say = shell.say
    gr.Markdown(f"### 1. {say('Recordings and their texts')}")
    upload = gr.File(label=say("Upload recordings, tables, subtitles"), file_count="multiple", elem_id="upload",
                     file_types=list(safety.KINDS), height=140)  # fmt: skip
    stored = gr.HTML("", elem_id="stored")
    form = _form(shell)
    with gr.Row():
        go = gr.Button(say("Prepare"), variant="primary", elem_id="prepare")
    Card(shell, "prepare")
    gr.Markdown(f"### 2. {say('What became of it')}")
    ledger = gr.HTML("", elem_id="ledger")

    stamp = gr.State("")  # changes when the dataset does
    shell.act(upload.upload, partial(_store, shell), [upload], [upload, stored])
    shell.act(go.click, partial(_prepare, shell), form)
    shell.follow(stamp.change, partial(_ledger, shell), [], [ledger])
    shell.show(reviewing.stamp_of, [stamp], live=True)
    shell.show(partial(_uploaded, shell), [stored])
    shell.show(_remembered, form)
    reviewing.build(shell, stamp)


def _form(shell: Shell) -> list[Any]:
    """Make the fields in the order of FIELDS: a few first, the others on demand."""
    say = shell.say
    sources = gr.Textbox(label=say("Or name paths and addresses, one a line"), lines=2, elem_id="sources",
                         placeholder="/data/talk.srt\nhttps://example.org/talk\nhf:google/fleurs:am_et",
                         info=say("Recordings, folders, tables; subtitles beside their recording"))  # fmt: skip
    with gr.Row():
        language = gr.Dropdown(LANGUAGES, value="am", allow_custom_value=True, label=say("Language"), min_width=120)
        speaker = gr.Textbox(label=say("Speaker"), info=say("where the source names none"), min_width=150)
        transcribe = gr.Textbox(label=say("Write down what has no text"), placeholder="hf:MODEL, faster-whisper:MODEL",
                                info=say("by a recogniser; without it that is left out"), min_width=220)  # fmt: skip
    with gr.Accordion(say("More settings"), open=False):
        with gr.Row():
            mode = gr.Dropdown(["bpe", "g2p"], value="bpe", label=say("Reading"), min_width=120,
                               info=say("letters as they are, or IPA"))  # fmt: skip
            align = gr.Dropdown(["auto", "none", "hama"], value="auto", label=say("Alignment"), min_width=120,
                                allow_custom_value=True, info=say("cuts long recordings by their text"))  # fmt: skip
            detector = gr.Dropdown(["silero", "energy"], value="silero", label=say("Finds speech"), min_width=120)
            share = gr.Slider(0, 0.3, 0.05, step=0.01, label=say("Held back for evaluation"), min_width=200)
        with gr.Row():
            repairs = gr.CheckboxGroup(
                [(say(name), name) for name in REPAIRS], label=say("Repair every clip"), min_width=260
            )
            music = gr.Checkbox(label=say("Turn away music"), min_width=140)
            voices = gr.Checkbox(label=say("Turn away several voices"), min_width=160)
        names = ", ".join(name for name in vars(Limits()) if not name.startswith("_"))
        limits = gr.Textbox(label=say("Limits, name=value, one a line"), lines=2, info=names)
        with gr.Row():
            licence = gr.Textbox(label=say("Licence of the recordings"), min_width=200)
            consent = gr.Textbox(label=say("How the speakers agreed"), min_width=200)
        with gr.Row():
            cookies = gr.Textbox(label=say("File of cookies for pages that want them"), min_width=200)
            proxy = gr.Textbox(label=say("Proxy"), min_width=200)
    return [sources, language, speaker, transcribe, mode, align, detector, share, repairs, music, voices, limits,
            licence, consent, cookies, proxy]  # fmt: skip


def _store(shell: Shell, project: Project, files: list[str] | None) -> Told:
    """Put uploads into the project; say which could not be taken and why."""
    came, problems = 0, list[str]()
    for path in files or ():
        try:
            safety.accept(Path(path), project.recordings, most_bytes=shell.place.most_bytes)
            came += 1
        except DimtsError as error:
            problems += error.problems
    if problems:
        raise DataError(*problems, *([f"{came} {shell.say('others were stored')}"] if came else []))
    return Told(f"{came} {shell.say('files were stored')}", [None, _uploaded(shell, project)])


def _prepare(shell: Shell, project: Project, *values: Any) -> Told:
    form = dict(zip(FIELDS, values, strict=True))
    project.remember(SECTION, form)
    jobs.start(project.folder, "prepare", commands.prepare(project, shell.place.roots, form))
    return Told(shell.say("Preparing has begun; it goes on when this page is closed."))


def _remembered(project: Project) -> list[Any]:
    known = {**USUAL, **project.settings(SECTION)}
    return [gr.update(value=known.get(name)) for name in FIELDS]


def _uploaded(shell: Shell, project: Project) -> Markup:
    """List what was uploaded."""
    found = (
        sorted(path for path in project.recordings.iterdir() if path.is_file()) if project.recordings.is_dir() else []
    )
    if not found:
        return tag("p", shell.say("Nothing is uploaded yet."), class_="soft")
    size = sum(path.stat().st_size for path in found) / 1e6
    names = ", ".join(path.name for path in found[:MOST_NAMES]) + (" …" if len(found) > MOST_NAMES else "")
    return tag("p", tag("b", f"{len(found):,} "), f"{shell.say('files')}, {size:,.1f} MB: {names}", class_="soft")


def _ledger(shell: Shell, project: Project) -> Markup:
    """Say how much was accepted, and how much turned away for which reason."""
    say = shell.say
    if not (project.dataset / manifest.HEAD).is_file():
        return tag("p", say("There is no dataset yet: upload recordings and prepare them."), class_="soft")
    data = clips.opened(project.dataset)
    seconds = {side: sum(clip.duration_s for clip in data.side(side)) for side in ("train", "eval")}
    tiles = [
        (len(data.clips), f"{say('clips accepted')}, {length(sum(seconds.values()))}"),
        (len(data.side("eval")), f"{say('held back')}, {length(seconds['eval'])}"),
        (len(data.rejected), f"{say('turned away')}, {length(sum(each.duration_s for each in data.rejected))}"),
    ]
    boxes = (tag("div", tag("b", f"{number:,}"), tag("span", words)) for number, words in tiles)
    report = project.dataset / manifest.REPORT
    link = tag("a", say("Open the report"), href=sounds.address(project, report), target="_blank", rel="noopener")
    return tag(
        "div", tag("div", *boxes, class_="tiles"), _reasons(shell, data), tag("p", link) if report.is_file() else ""
    )


def _reasons(shell: Shell, data: manifest.Dataset) -> Markup:
    rows = []
    for reason, number in list(data.reasons.items())[:MOST_REASONS]:
        some = [each for each in data.rejected if each.reason == reason]
        example = f"{some[0].source}: {some[0].measured} ({some[0].limit})"
        rows.append([reason, count(number, "clip"), clock(sum(each.duration_s for each in some)), example[:300]])
    return tables.table(rows, caption=shell.say("Why clips were turned away"), words=(3,))
