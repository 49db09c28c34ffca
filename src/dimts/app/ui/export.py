"""The tab Export: a voice as folder or archive, to the hub on request; what takes disk, and what may go."""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import gradio as gr

from dimts.app import jobs, spare
from dimts.app.projects import NAME, Project
from dimts.app.ui import sounds, tables
from dimts.app.ui.cards import Card
from dimts.app.ui.shell import Shell, Told
from dimts.app.ui.train import run_of
from dimts.app.ui.words import Say
from dimts.checkpoint import places
from dimts.data.report.markup import Markup, tag
from dimts.errors import ConfigError

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def build(shell: Shell) -> None:
    """Make the tab."""
    say = shell.say
    gr.Markdown(f"### 1. {say('A voice of the best checkpoint')}")
    with gr.Row():
        name = gr.Textbox("voice", label=say("Name"), max_lines=1, elem_id="voice-name", min_width=160)
        share = gr.Slider(0, 1, 0, step=0.05, label=say("Share of the base, against forgetting"), min_width=200)
        raw = gr.Checkbox(label=say("The weights themselves, not their average"), min_width=200)
        go = gr.Button(say("Export"), variant="primary", elem_id="export", min_width=140)
    Card(shell, "export")
    voices = gr.HTML("", elem_id="voices")
    with gr.Accordion(say("To the Hugging Face hub"), open=False), gr.Row():
        which = gr.Dropdown([], label=say("Voice"), elem_id="push-voice", min_width=160)
        repository = gr.Textbox(label="ORGANISATION/NAME", max_lines=1, min_width=200,
                                info=say("private, with the login of this machine: hf auth login"))  # fmt: skip
        push = gr.Button(say("Push"), elem_id="push", min_width=110)
    Card(shell, "push")
    gr.Markdown(f"### 2. {say('Disk')}")
    disk = gr.HTML("", elem_id="disk")
    look = gr.Button(say("Look again"), size="sm", elem_id="look-disk")
    with gr.Row():
        what = gr.CheckboxGroup([(say(words), key) for key, words in spare.KINDS.items()], elem_id="spare",
                                label=say("What may go; the best and the newest checkpoint always stay"))  # fmt: skip
        clean = gr.Button(say("Delete these"), variant="stop", elem_id="clean", min_width=140)

    shell.act(go.click, partial(_export, shell), [name, share, raw])
    shell.act(push.click, partial(_push, shell), [which, repository])
    shell.act(clean.click, partial(_clean, shell), [what], [what, disk])
    shell.act(look.click, partial(_disk, say), [], [disk])
    shell.show(partial(_voices, say), [voices], live=True)
    shell.show(lambda project: gr.update(choices=[path.name for path in _folders(project)]), [which], live=True)
    shell.show(partial(_disk, say), [disk])


def _export(shell: Shell, project: Project, name: str, share: float, raw: bool) -> Told:
    run = project.run(run_of(project))
    if not NAME.fullmatch(name or ""):
        raise ConfigError(f"{name!r}: {shell.say('cannot be the name of a voice; take letters and digits')}")
    if not places.all_of(run):
        raise ConfigError(shell.say("No checkpoint is kept yet."))
    more = [*([f"--base-share={share}"] if share else []), *(["--raw"] if raw else [])]
    out = project.voices / name
    jobs.start(project.folder, "export", ["export", f"--out={out}", "--zip", *more, "--json", "--", str(run)])
    return Told(shell.say("The voice is being written, as a folder and as an archive."))


def _push(shell: Shell, project: Project, name: str | None, repository: str) -> Told:
    folder = next((path for path in _folders(project) if path.name == name), None)
    if folder is None or not REPOSITORY.fullmatch(repository or ""):
        raise ConfigError(shell.say("Choose a voice and name the repository, ORGANISATION/NAME."))
    jobs.start(project.folder, "push", ["push", "--json", "--", str(folder), repository])
    return Told(shell.say("The voice is being pushed."))


def _folders(project: Project) -> list[Path]:
    found = project.voices.iterdir() if project.voices.is_dir() else ()
    return sorted(path for path in found if (path / "bundle.json").is_file())


def _voices(say: Say, project: Project) -> Markup:
    """List the exported voices, with their archives to download."""
    rows = []
    for folder in _folders(project):
        archive = folder.with_name(f"{folder.name}.zip")
        address = sounds.address(project, archive) if archive.is_file() else None
        link = tag("a", say("Download"), href=address, download=archive.name) if address else ""
        rows.append([folder.name, _size(spare.bytes_of(folder)), link, str(folder)])
    return tables.table(rows, words=(2, 3))


def _disk(say: Say, project: Project) -> Markup:
    """Show what takes how much, and how much of it may go."""
    rows = [[name, _size(size)] for name, size in _parts(project)]
    sizes = {key: sum(map(spare.bytes_of, paths)) for key, paths in spare.of(project).items() if paths}
    may_go = "; ".join(f"{say(spare.KINDS[key])}: {_size(size)}" for key, size in sizes.items()) or say("nothing")
    free = _size(shutil.disk_usage(project.folder).free)
    said = f"{say('may go')}: {may_go}. {free} {say('free on this disk')}"
    return tag("div", tables.table(rows), tag("p", said, class_="soft"))


def _parts(project: Project) -> Iterator[tuple[str, int]]:
    sizes = [(path.name, spare.bytes_of(path)) for path in project.folder.iterdir() if path.is_dir()]
    yield from sorted(sizes, key=lambda each: -each[1])


def _clean(shell: Shell, project: Project, what: list[str] | None) -> Told:
    if not what:
        raise ConfigError(shell.say("Choose what may go."))
    freed = spare.remove(project, what)
    return Told(f"{shell.say('freed')}: {_size(freed)}", [gr.update(value=[]), _disk(shell.say, project)])


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
