"""Which base a project starts from, and how to get one: the official by hub, one of ours, an earlier voice."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import gradio as gr

from dimts.app import jobs
from dimts.app.projects import BASES, Project
from dimts.app.ui.cards import Card
from dimts.app.ui.shell import Place, Shell, Told
from dimts.data.report.markup import tag
from dimts.errors import ConfigError

SECTION = "base"
OFFICIAL = "xtts-v2"
SIZES = ("small-trained", "tiny", "small")  # the first speaks, the others are random


def choice(shell: Shell, elem_id: str) -> gr.Dropdown:
    """Make a field for the base; all of them show what the project remembers."""
    field = gr.Dropdown([], label=shell.say("Base"), allow_custom_value=True, elem_id=elem_id, min_width=200,
                        info=shell.say("a base below, an earlier voice, or a folder"))  # fmt: skip
    shell.act(field.input, lambda project, base: project.remember(SECTION, {"folder": base}) or [], [field])
    shell.show(partial(_offered, shell.place), [field], live=True)
    return field


def getting(shell: Shell) -> None:
    """Make the part that fetches or makes a base."""
    from dimts.checkpoint import fetch

    say = shell.say
    with gr.Accordion(say("Get a base"), open=False, elem_id="get-base"):
        gr.HTML(tag("div", *(tag("p", say(line)) for line in fetch.LICENCE), class_="soft"))
        with gr.Row():
            accepted = gr.Checkbox(label=say("I accept the licence (CPML)"), elem_id="accept", min_width=200)
            official = gr.Button(say("Fetch the official XTTS v2 (1.9 GB)"), elem_id="fetch", min_width=200)
        with gr.Row():
            told = say("small-trained speaks five languages, roughly; tiny and small are random")
            size = gr.Radio(SIZES, value=SIZES[0], label=say("A base without a download"), info=told, min_width=200)
            ours = gr.Button(say("Make this base"), elem_id="own-base", min_width=200)
        Card(shell, "base")
    shell.act(official.click, partial(_fetch, shell), [accepted])
    shell.act(ours.click, partial(_ours, shell), [size])


def of(place: Place, named: str | None) -> Path:
    """Return the base that a field names. ConfigError when it is none, or outside of what may be used."""
    if not named:
        raise ConfigError("no base is chosen: choose one, or get one in the tab Train")
    folder = place.roots.inside(named)
    if not (folder / "config.json").is_file():
        raise ConfigError(f"{named}: is no base and no voice (config.json is missing)")
    return folder


def known(place: Place) -> Iterator[Path]:
    """Yield the bases of all projects, and their voices, newest first."""
    patterns = (f"{BASES}/*/config.json", "*/*/voice/config.json", "*/voices/*/config.json")
    found = [path for pattern in patterns for path in place.folder.glob(pattern) if ".part" not in path.parent.name]
    yield from (path.parent for path in sorted(found, key=lambda path: -path.stat().st_mtime))


def _offered(place: Place, project: Project) -> object:
    """Offer what is there; the project's own choice, else the first base."""
    offered = [(str(path.relative_to(place.folder)), str(path)) for path in known(place)]
    chosen = project.settings(SECTION).get("folder")
    bases = [path for name, path in offered if name.startswith(f"{BASES}/")]
    return gr.update(choices=offered, value=chosen or (bases[0] if bases else None))


def _fetch(shell: Shell, project: Project, accepted: bool) -> Told:
    if not accepted:
        raise ConfigError(shell.say("Read the licence above and accept it first; nothing was downloaded."))
    folder = shell.place.folder / BASES / OFFICIAL
    _start(project, folder, ["base", "fetch", str(folder), "--accept-license", "--json"])
    return Told(shell.say("The download has begun; when it is interrupted, it goes on."))


def _ours(shell: Shell, project: Project, size: str) -> Told:
    from dimts.checkpoint import initial

    if size not in SIZES:
        raise ConfigError(f"{size!r}: choose from {', '.join(SIZES)}")
    folder = shell.place.folder / BASES / (size if size == initial.TRAINED else f"random-{size}")
    if not folder.exists():
        _start(project, folder, ["base", "init", str(folder), f"--size={size}", "--json"])
    project.remember(SECTION, {"folder": str(folder)})
    if size == initial.TRAINED:
        return Told(shell.say("The small base is being copied; it speaks, roughly."))
    return Told(shell.say("A random base is being made; its speech is noise."))


def _start(project: Project, folder: Path, argv: list[str]) -> None:
    folder.parent.mkdir(exist_ok=True)
    jobs.start(project.folder, "base", argv)
    project.remember(SECTION, {"folder": str(folder)})
